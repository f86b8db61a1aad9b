import type { Interruption } from './interruption-plan.ts';
import type { RowResult } from './interruption-row.ts';

/** Requests that a probe makes at least in the seconds that a row takes. */
const FEW_REQUESTS = 50;

/** What of a row is not as it was promised; each as a sentence. Of its tries the last must have been in the phase. */
export function faultsOf(row: Interruption, tries: readonly RowResult[]): string[] {
  const last = tries.at(-1);
  const isHit = last?.hit === true;
  return [
    ...(isHit ? [] : [`it was not in its phase: ${JSON.stringify({ ...last?.at, printed: undefined })}`]),
    ...tries.flatMap((result) => faultsOfTry(row, result)),
  ];
}

function faultsOfTry(row: Interruption, result: RowResult): string[] {
  const { at, left, interrupted, survivors, next, after, answers, temporary } = result;
  const faults: string[] = [];
  const must = (condition: boolean, otherwise: string): void => {
    if (!condition) faults.push(otherwise);
  };
  must(survivors.length === 0, `still running after it: ${survivors.join('; ')}`);
  must(interrupted.stderr === '', 'it ended with an error');

  // One that was over before the signal came was not interrupted.
  const wasOver = !result.hit && interrupted.code === 0;
  const isCancelled = !wasOver && !interrupted.wasKilled && row.way !== 'kill -9 of the group';
  if (isCancelled) {
    const code = row.way === 'SIGTERM, kill' ? 143 : 130;
    // A signal that comes before Node has started ends it as signals do.
    const isTooEarly = interrupted.code === null && row.point === 'started' && interrupted.stdout === '';
    must(interrupted.code === code || isTooEarly, `it ended with ${interrupted.code} and not with ${code}`);
    must(isTooEarly || interrupted.report?.status === 'cancelled', 'its report does not say that it was cancelled');
    must(left.holder === '', 'it did not give back its Lease');
    must(!isPending(left), `it left revision ${left.newest?.revision} ${left.newest?.status}`);
    const isTold = /interrupted by SIG(TERM|INT): the release is left so/.test(interrupted.stdout);
    must(isTold || at.holder === '', 'it did not say what it leaves');
  }
  if (row.way === 'SIGINT, SIGTERM, kill')
    must(interrupted.took < 7.5, `it took ${interrupted.took.toFixed(1)} s to end after SIGINT`);

  must(result.bareHelm !== 'deployed', 'plain helm deployed over what was left pending: the row shows nothing');

  const outcome = next.report?.deployments[0]?.outcome;
  must(next.code === 0 && outcome === 'deployed', `the next run ended with ${next.code}, ${outcome}`);
  must(next.stderr === '', 'the next run ended with an error');
  must(!/waiting, \d+ s at most/.test(next.stdout), 'the next run waited for a run that is no more');
  const { newest } = after;
  must(
    newest?.status === 'deployed' && newest.verdict === 'healthy',
    `the next run leaves ${newest?.status}, ${newest?.verdict}`,
  );
  must(after.holder === '', 'the next run did not give back its Lease');
  must(!after.records.some(({ status }) => status.startsWith('pending-')), 'a pending record is left');
  const pods = after.pods.filter(({ isEnding }) => !isEnding).map(({ version, isReady }) => `${version} ${isReady}`);
  must(pods.join() === '3 true', `the pods are not those of the next run: ${pods.join()}`);
  must(temporary.length === 0, `left among temporary files: ${temporary.join()}`);

  if (answers !== undefined) {
    must(
      answers.failed.length === 0,
      `${answers.failed.length} requests failed: ${JSON.stringify(answers.failed.slice(0, 5))}`,
    );
    must(answers.answered > FEW_REQUESTS, `the Service was asked ${answers.answered} times only`);
    must(answers.bodies[0] === '1' && answers.bodies.at(-1) === '3', `the Service served ${answers.bodies.join()}`);
  }
  return faults;
}

function isPending({ newest }: RowResult['left']): boolean {
  return newest?.status.startsWith('pending-') === true;
}

/** Everything that is needed to see why; marked, so that jest takes no line of it for one of a stack. */
export function storyOf({ at, left, interrupted, next, answers }: RowResult): string {
  const state = (sight: typeof at): string => JSON.stringify({ ...sight, printed: undefined });
  return [
    `--- the run that was interrupted, ended with ${interrupted.code}`,
    interrupted.stdout + interrupted.stderr,
    `--- seen right before: ${state(at)}`,
    `--- seen after it: ${state(left)}`,
    `--- the next run, ended with ${next.code}`,
    next.stdout + next.stderr,
    ...(answers === undefined ? [] : [`--- the Service: ${JSON.stringify(answers)}`]),
  ]
    .join('\n')
    .replaceAll(/^/gm, '| ');
}
