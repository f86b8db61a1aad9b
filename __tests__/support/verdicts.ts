/** How often two that judge agree on mutants of one class, and where they don't. */
export interface Agreement {
  readonly what: string;
  mutants: number;
  both: number;
  neither: number;
  readonly oursAlone: string[];
  readonly serverAlone: string[];
}

/** What is said of one mutant: why it is refused, or nothing. */
export interface Verdicts {
  readonly what: string;
  /** For people. */
  readonly shown: string;
  readonly ours: readonly { readonly rule: string; readonly message: string }[];
  readonly server: { readonly refused: boolean; readonly words: string };
}

export function agreements(verdicts: readonly Verdicts[]): Agreement[] {
  const rows = new Map<string, Agreement>();
  for (const { what, shown, ours, server } of verdicts) {
    const row = rows.get(what) ?? { what, mutants: 0, both: 0, neither: 0, oursAlone: [], serverAlone: [] };
    rows.set(what, row);
    const [first] = ours;
    row.mutants++;
    if (first !== undefined && server.refused) row.both++;
    else if (first === undefined && !server.refused) row.neither++;
    else if (first !== undefined) row.oursAlone.push(`${shown}: ${first.rule} ${first.message}`);
    else row.serverAlone.push(`${shown}: ${server.words.slice(0, 300)}`);
  }
  return [...rows.values()];
}

export function sum(rows: readonly Agreement[], of: (row: Agreement) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

/** Of what a server refuses, the share that is found without one. */
export function foundShare(rows: readonly Agreement[]): number {
  const both = sum(rows, (row) => row.both);
  return both / (both + sum(rows, (row) => row.serverAlone.length));
}

/** A table in Markdown, and below it each disagreement. */
export function agreementTable(rows: readonly Agreement[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
  const told = (of: (row: Agreement) => readonly string[]): string =>
    rows.flatMap((row) => of(row).map((each) => `- ${row.what}: ${cell(each)}\n`)).join('') || '- none\n';
  const line = ({ what, mutants, both, neither, oursAlone, serverAlone }: Agreement): string =>
    `| ${what} | ${mutants} | ${both} | ${neither} | ${oursAlone.length} | ${serverAlone.length} |\n`;
  return `| mutants | how many | refused by both | taken by both | refused here alone | by the server alone |
| --- | --- | --- | --- | --- | --- |
${rows.map(line).join('')}
Refused here alone:

${told(({ oursAlone }) => oursAlone)}
Refused by the server alone, with its words:

${told(({ serverAlone }) => serverAlone)}`;
}

/** At most so many of each class, chosen by numbers from 0 up to below 1. */
export function someOfEach<Mutant extends { readonly what: string }>(
  mutants: readonly Mutant[],
  most: number,
  random: () => number,
): Mutant[] {
  const classes = new Map<string, Mutant[]>();
  for (const mutant of mutants) classes.set(mutant.what, [...(classes.get(mutant.what) ?? []), mutant]);
  return [...classes.values()].flatMap((all) => all.filter(() => random() < most / all.length));
}
