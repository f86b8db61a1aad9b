import type { Cause, TestOutcome } from '../../domain/deployment.ts';
import { decodeRecord, type ReleaseRecord } from '../../domain/release-record.ts';
import { together } from '../../domain/together.ts';
import type { DeployOptions } from '../deploy.ts';
import { type Tested, test } from '../test.ts';
import { readHistory } from './history.ts';
import type { Session } from './session.ts';
import { settle } from './settling.ts';
import type { Watch } from './watching.ts';

export interface Proof {
  readonly tests: readonly TestOutcome[];
  readonly helmSaid: string;
  /** Absent when the revision is healthy. */
  readonly cause?: Cause;
}

/** What helm calls ready is looked at for some seconds, and tested meanwhile. */
export async function prove(watch: Watch, session: Session, options: DeployOptions, revision: number): Promise<Proof> {
  const history = await readHistory(session, session.cluster);
  if (!history.ok) return { cause: history.cause, tests: [], helmSaid: '' };
  const made = history.value.find((one) => one.revision === revision);
  if (made?.ours === undefined || made.revision !== history.value[0]?.revision) {
    const message = 'another helm changed the release while it was deployed: its newest revision is not this one';
    return { cause: { code: 'busy', message }, tests: [], helmSaid: '' };
  }
  const early = new AbortController();
  const stop = AbortSignal.any([session.stop, early.signal]);
  const { value, terminal } = await watch.during(
    async () => {
      const settling = settle(watch, session, options.failFast);
      const testing = runTests(decodeRecord(made.secret), { ...session, stop }, options);
      await together<unknown>([settling, testing]);
      return { settled: await settling, tested: await testing };
    },
    () => options.failFast && early.abort(),
  );
  session.stop.throwIfAborted();
  const { settled, tested } = value;
  // A helm that was stopped at what is seen of a test has no words for it.
  const ofTest = terminal?.code === 'test-failed' ? { ...tested.cause, ...terminal } : tested.cause;
  const cause = settled.ok ? tested.cause && ofTest : settled.cause;
  return { tests: tested.tests, helmSaid: '', ...(cause !== undefined && { cause }) };
}

async function runTests(record: ReleaseRecord | undefined, session: Session, options: DeployOptions): Promise<Tested> {
  if (!options.test) return { tests: [] };
  return await options.testStage(async () => {
    const tested = await test(record?.hooks ?? [], session);
    return { findings: [], ...tested, failed: tested.cause !== undefined };
  });
}
