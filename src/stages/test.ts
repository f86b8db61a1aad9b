import { join } from 'node:path';
import type { Cause, TestOutcome } from '../domain/deployment.ts';
import { at, condition, list, text } from '../domain/diagnosis/reading.ts';
import type { KubeObject } from '../domain/kube-object.ts';
import type { ReleaseHook } from '../domain/release-record.ts';
import type { Session } from './deploy/session.ts';

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
  const ended = await session.releases.test({ release, namespace, timeout, stop });
  const outcomes = await Promise.all(tests.map((hook) => outcomeOf(hook, ended.ok, session)));
  for (const { name, outcome } of outcomes) tell(`test ${name} ${outcome}`);
  if (ended.ok) return { tests: outcomes };
  const failed = outcomes.find(({ outcome }) => outcome === 'failed');
  // Helm's own time limit is told as any other failure.
  const isLate = ended.ended === 'timeout' || /deadline exceeded|timed out waiting/.test(ended.message);
  const reason = isLate ? `it did not end within ${timeout} s` : ended.message.split('\n')[0];
  return {
    tests: outcomes,
    cause: {
      code: 'test-failed',
      ...(failed !== undefined && {
        resource: `${tests.find(({ name }) => name === failed.name)?.kind}/${failed.name}`,
      }),
      message: failed === undefined ? `helm test failed: ${reason}` : `the test ${failed.name} failed: ${reason}`,
      ...(failed !== undefined && failed.log !== '' && { log: failed.log }),
    },
  };
}

async function outcomeOf(hook: ReleaseHook, haveAllPassed: boolean, session: Session): Promise<TestOutcome> {
  const { name, kind } = hook;
  const pods = await podsOf(hook, session);
  const log = await logOf(name, pods, session);
  if (haveAllPassed) return { name, outcome: 'passed', log };
  if (pods.length === 0) {
    // One that passed may be removed by its own policy; else helm never came to it.
    const isRemoved = hook.deletePolicies.includes('hook-succeeded');
    return { name, outcome: isRemoved ? 'passed' : 'skipped', log };
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

async function logOf(test: string, pods: readonly KubeObject[], session: Session): Promise<string> {
  const parts: string[] = [];
  for (const pod of pods) {
    for (const container of list(at(pod, 'spec', 'containers'))) {
      const answer = await session.cluster.logs(
        { namespace: session.namespace, name: pod.metadata.name },
        text(container.name),
        { lines: LOG_LINES, bytes: LOG_BYTES },
      );
      if (answer.ok && answer.value !== '') parts.push(session.host.redact(answer.value));
    }
  }
  const log = parts.join('\n');
  if (log !== '') await session.files.write(join(session.evidence, `test-${test}.log`), log);
  return log.split('\n').slice(-REPORTED_LINES).join('\n').trimEnd();
}
