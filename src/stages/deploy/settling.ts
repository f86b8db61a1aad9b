import type { Cause } from '../../domain/deployment.ts';
import { shownObject } from '../../domain/kube-object.ts';
import { pause } from './pause.ts';
import type { Session } from './session.ts';
import type { Standing } from './standing.ts';
import { done, failed, type Step } from './step.ts';
import { causeOfTrouble } from './verdict.ts';
import type { Watch } from './watching.ts';

/**
 * Helm's word that all is ready is checked: helm 4 takes a container without a readiness probe for ready between two
 * crashes. The pods of the revision must be ready, and stay so for some seconds without a restart.
 */
export async function settle(watch: Watch, session: Session, failFast: boolean): Promise<Step<undefined>> {
  const { clock, timeout, stop, layers } = session;
  const deadline = clock.now() + timeout;
  for (;;) {
    const { troubles, standings } = await watch.look();
    const terminal = failFast ? troubles.find((trouble) => trouble.terminal) : undefined;
    if (terminal !== undefined) return failed(causeOfTrouble(terminal, layers));
    if (standings.every(({ isReady, steady, needed }) => isReady && steady >= needed)) return done(undefined);
    const [worst] = troubles;
    if (clock.now() > deadline)
      return failed(worst === undefined ? unsettled(standings) : causeOfTrouble(worst, layers));
    await pause(0.25, stop);
  }
}

function unsettled(standings: readonly Standing[]): Cause {
  const pods = standings.filter(({ isReady }) => !isReady).map(({ name }) => shownObject({ kind: 'Pod', name }));
  return { code: 'not-ready', message: `helm called the release ready, but these don't stay so: ${pods.join(', ')}` };
}
