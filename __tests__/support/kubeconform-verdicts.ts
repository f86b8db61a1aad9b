import { kubeconform } from './kubeconform.ts';
import { agreements, type Verdicts } from './verdicts.ts';

/** Documents for one process of kubeconform. */
const AT_ONCE = 100;

/**
 * What `kubeconform -strict` says of the same mutants, with the same schemas, beside what the server says: a table in
 * Markdown, and of each class in which they disagree how often and one of them. `texts` are the verdicts' documents.
 */
export async function kubeconformTable(
  verdicts: readonly Verdicts[],
  texts: readonly string[],
  minor: string,
): Promise<string> {
  const judged: Verdicts[] = [];
  for (let from = 0; from < texts.length; from += AT_ONCE) {
    const some = texts.slice(from, from + AT_ONCE);
    const { resources } = await kubeconform(some.join('\n---\n'), minor);
    if (resources.length !== some.length) throw new Error(`kubeconform judged ${resources.length} of ${some.length}`);
    for (const [index, { status, msg }] of resources.entries()) {
      const verdict = verdicts[from + index];
      if (verdict === undefined) throw new Error('more documents than verdicts');
      const ours = status === 'statusValid' ? [] : [{ rule: '', message: msg }];
      judged.push({ ...verdict, ours });
    }
  }
  const rows = agreements(judged);
  const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim();
  const lines = rows.map(
    ({ what, mutants, both, neither, oursAlone, serverAlone }) =>
      `| ${what} | ${mutants} | ${both} | ${neither} | ${oursAlone.length} | ${serverAlone.length} |\n`,
  );
  const examples = rows.flatMap(({ what, oursAlone, serverAlone }) => [
    ...oursAlone.slice(0, 1).map((one) => `- ${what}, ${oursAlone.length} by kubeconform alone: ${cell(one)}\n`),
    ...serverAlone.slice(0, 1).map((one) => `- ${what}, ${serverAlone.length} by the server alone: ${cell(one)}\n`),
  ]);
  return `The same mutants and the server, by \`kubeconform -strict\` with the same schemas:

| mutants | how many | refused by both | taken by both | refused by kubeconform alone | by the server alone |
| --- | --- | --- | --- | --- | --- |
${lines.join('')}
${examples.join('') || '- no disagreement\n'}`;
}
