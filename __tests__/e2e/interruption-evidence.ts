import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/scenario.ts';
import type { Interruption } from './interruption-plan.ts';
import type { RowResult } from './interruption-row.ts';
import { TIMEOUT } from './slow-release.ts';

export function nameOf({ number, phase, way, helm, isFirst, moment, point, after }: Interruption): string {
  const where = whereOf({ phase, point, after });
  return `${number}: ${where} +${moment.toFixed(2)}, ${way}, ${beforeOf(isFirst)}, ${helmOf(helm)}`;
}

function whereOf({ phase, point, after }: Pick<Interruption, 'phase' | 'point' | 'after'>): string {
  if (phase === 'before the record') return `${phase}, ${point}`;
  return phase === 'takeover' ? `${phase} after ${after}` : phase;
}

const beforeOf = (isFirst: boolean): string => (isFirst ? 'first install' : 'upgrade');
const helmOf = (helm: Interruption['helm']): string => (helm === 'helm' ? 'Helm 4' : 'Helm 3');

/** A row as it came out, cell by cell. */
function cellsOf(row: Interruption, { interrupted, left, next, answers, bareHelm }: RowResult): string[] {
  const { newest } = left;
  return [
    String(row.number),
    `${whereOf(row)} +${row.moment.toFixed(2)}`,
    row.way,
    `${beforeOf(row.isFirst)}, ${helmOf(row.helm)}`,
    `${interrupted.took.toFixed(1)} s${interrupted.wasKilled ? ', killed' : `, exit code ${interrupted.code}`}`,
    `${newest === undefined ? 'no record' : `revision ${newest.revision} ${newest.status}`}, Lease ${left.holder === '' ? 'free' : 'held by the dead'}`,
    bareHelm ?? '–',
    `${next.report?.deployments[0]?.outcome} in ${next.seconds.toFixed(1)} s`,
    answers === undefined ? '–' : `${answers.answered} answered, ${answers.failed.length} failed`,
  ];
}

export function lineOf(row: Interruption, result: RowResult): string {
  return cellsOf(row, result).join(' | ');
}

/** What the whole table came to, for docs/evidence. */
export function writeEvidence(
  seed: number,
  rows: ReadonlyMap<Interruption, RowResult>,
  meetings: readonly string[],
): void {
  const cell = (text: string): string => text.replace(/[\\|<>`*_]/g, (mark) => `\\${mark}`).replace(/\s+/g, ' ');
  const lines = [...rows].map(([row, result]) => `| ${cellsOf(row, result).map(cell).join(' | ')} |`);
  const folder = join(repository, 'docs/evidence');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'interruptions.md'),
    `# Runs that are ended in the middle of a deployment

Made by \`CHARTSHIP_E2E=all CHARTSHIP_SEED=${seed} npm test -- __tests__/e2e/interruptions.test.ts\`, on a cluster of one node, three rows side by side.
Each run had a time limit of ${TIMEOUT} s, which is what bare helm would wait for.

- Where: the phase, and the seeded part (0 to 1) of the time in which the phase is sure to last. That the run was in it was read from the cluster and from what the run had printed, right before the signal.
- How it ended: seconds from the first signal. SIGINT, SIGTERM, kill are 7.5 s and 2.5 s apart; most runs need the first alone.
- Bare helm: what \`helm upgrade\` says to what the run left, where it left a revision pending. Such a helm changes nothing.
- Next run: another deployment, by the command, with no hand on the cluster.
- Requests to the old version's Service, ten a second over new connections from a node, from before the run to after the next one.
- After each row no helm was running, no Lease was held, no revision was pending, the pods were the next run's, and no temporary file was left.

| # | Where | How | Before, Helm | Ended after | Left | Bare helm | Next run | Requests |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${lines.join('\n')}

## Runs that meet

${meetings.map((line) => `- ${line}`).join('\n')}
`,
  );
}
