import type { Cause, TestOutcome } from '../domain/deployment.ts';
import { at, condition, list, text } from '../domain/diagnosis/reading.ts';
import type { KubeObject } from '../domain/kube-object.ts';
import type { ReleaseHook } from '../domain/release-record.ts';
import type { HelmEnd, ReleaseFaultKind } from '../ports.ts';
import { writeEvidence } from './deploy/evidence-file.ts';
import { pause } from './deploy/pause.ts';
import type { Session } from './deploy/session.ts';
import { causeOfFailure } from './deploy/verdict.ts';

/** Of a test's log, in the report; all of it is in the evidence. */
const REPORTED_LINES = 100;
const LOG_BYTES = 1024 * 1024;
const LOG_LINES = 10_000;

export interface Tested {
  readonly tests: readonly TestOutcome[];
  /** Absent when all passed. */
  readonly cause?: Cause;
}

/** Runs the release's tests as `helm test` does, and says of each how it went. */
export async function test(hooks: readonly ReleaseHook[], session: Session): Promise<Tested> {
  const { release, namespace, timeout, stop, tell } = session;
  const tests = hooks.filter(({ events }) => events.some((event) => event === 'test' || event === 'test-success'));
  if (tests.length === 0) return { tests: [] };
  tell(`testing: ${tests.map(({ name }) => name).join(', ')}`);
  const over = new AbortController();
  const following = followed(tests.filter(isRemovedAfter), over.signal, session);
  let ended: HelmEnd;
  try {
    ended = await session.releases.test({ release, namespace, timeout, stop });
  } finally {
    over.abort();
  }
  const followedLogs = await following;
  const outcomes = await Promise.all(
    tests.map((hook) => outcomeOf(hook, ended.ok, followedLogs.get(hook.name) ?? '', session)),
  );
  for (const { name, outcome } of outcomes) tell(`test ${name} ${outcome}`);
  if (ended.ok) return { tests: outcomes };
  const failed = outcomes.find(({ outcome }) => outcome === 'failed');
  return { tests: outcomes, cause: causeOf(ended, failed, tests, session) };
}

function causeOf(
  ended: Extract<HelmEnd, { readonly ok: false }>,
  failed: TestOutcome | undefined,
  tests: readonly ReleaseHook[],
  { timeout, layers }: Session,
): Cause {
  const other = causeOfFailure(ended, [], layers);
  if (OTHERS.includes(ended.kind)) return other;
  // Helm's own time limit is told as any other failure.
  const isLate = ended.ended === 'timeout' || /deadline exceeded|timed out waiting/.test(ended.message);
  const reason = isLate ? `it did not end within ${timeout} s` : other.message;
  if (failed === undefined) return { code: 'test-failed', message: `helm test failed: ${reason}` };
  const { name, log } = failed;
  const kind = tests.find((test) => test.name === name)?.kind ?? 'Pod';
  return {
    code: 'test-failed',
    resource: `${kind}/${name}`,
    message: `the test ${name} failed: ${reason}`,
    ...(log !== '' && { log }),
  };
}

/** What is no verdict of a test. */
const OTHERS: readonly ReleaseFaultKind[] = ['unauthorized', 'unreachable', 'forbidden', 'busy', 'not-found'];

/** Helm removes it as soon as it has ended, and its log with it. */
function isRemovedAfter({ deletePolicies }: ReleaseHook): boolean {
  return deletePolicies.includes('hook-succeeded') || deletePolicies.includes('hook-failed');
}

/** Seconds between two readings of the log of a test that will be removed. */
const FOLLOW_SECONDS = 0.5;

/** The logs of tests as they were last read before helm removed them. */
async function followed(
  hooks: readonly ReleaseHook[],
  over: AbortSignal,
  session: Session,
): Promise<ReadonlyMap<string, string>> {
  const logs = new Map<string, string>();
  while (hooks.length > 0 && !over.aborted) {
    for (const hook of hooks) {
      const log = await logOf(await podsOf(hook, session), session);
      if (log !== '') logs.set(hook.name, log);
    }
    await pause(FOLLOW_SECONDS, over).catch(() => undefined);
  }
  return logs;
}

async function outcomeOf(
  hook: ReleaseHook,
  haveAllPassed: boolean,
  logBefore: string,
  session: Session,
): Promise<TestOutcome> {
  const { name, kind } = hook;
  const pods = await podsOf(hook, session);
  const whole = (await logOf(pods, session)) || logBefore;
  const unwritten = whole === '' ? undefined : await writeEvidence(`test-${name}.log`, whole, session);
  if (unwritten !== undefined) session.tell(`evidence is missing: ${unwritten}`);
  const log = whole.split('\n').slice(-REPORTED_LINES).join('\n').trimEnd();
  if (haveAllPassed) return { name, outcome: 'passed', log };
  if (pods.length === 0) {
    // It passed or failed and is gone by its own policy; or helm never came to it.
    if (log === '') return { name, outcome: 'skipped', log };
    return { name, outcome: hook.deletePolicies.includes('hook-failed') ? 'failed' : 'passed', log };
  }
  const hasPassed =
    kind === 'Job' ? await isComplete(name, session) : pods.every((pod) => at(pod, 'status', 'phase') === 'Succeeded');
  return { name, outcome: hasPassed ? 'passed' : 'failed', log };
}

async function podsOf({ name, kind }: ReleaseHook, { cluster, namespace }: Session): Promise<readonly KubeObject[]> {
  if (kind === 'Job') {
    const labels = `batch.kubernetes.io/job-name=${name}`;
    const found = await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, namespace, { labels });
    return found.ok ? found.value : [];
  }
  const found = await cluster.get({ apiVersion: 'v1', kind: 'Pod', namespace, name });
  return found.ok && found.value !== undefined ? [found.value] : [];
}

async function isComplete(name: string, { cluster, namespace }: Session): Promise<boolean> {
  const job = await cluster.get({ apiVersion: 'batch/v1', kind: 'Job', namespace, name });
  return job.ok && job.value !== undefined && condition(job.value, 'Complete')?.status === 'True';
}

async function logOf(pods: readonly KubeObject[], session: Session): Promise<string> {
  const { cluster, namespace, host } = session;
  const parts: string[] = [];
  for (const pod of pods) {
    for (const container of list(at(pod, 'spec', 'containers'))) {
      const options = { lines: LOG_LINES, bytes: LOG_BYTES };
      const answer = await cluster.logs({ namespace, name: pod.metadata.name }, text(container.name), options);
      if (answer.ok && answer.value !== '') parts.push(host.redact(answer.value));
    }
  }
  return parts.join('\n');
}
