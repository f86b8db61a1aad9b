import { objectsOf } from '../../domain/manifest-objects.ts';
import { decodeRecord, type Revision } from '../../domain/release-record.ts';
import type { DeployOptions } from '../deploy.ts';
import { takeEvidence } from './evidence.ts';
import { driftFrom } from './live.ts';
import { maskSecrets } from './masking.ts';
import { prove } from './proving.ts';
import type { Session } from './session.ts';
import type { Transaction } from './transaction.ts';
import { type Watch, watchRelease } from './watching.ts';

/** What is live and healthy already is looked at and tested, not upgraded. Undefined: it isn't in the cluster as it should be. */
export async function keepUnchanged(
  live: Revision,
  session: Session,
  options: DeployOptions,
): Promise<Transaction | undefined> {
  const record = decodeRecord(live.secret);
  if (record === undefined) return undefined;
  const manifest = await objectsOf(record.manifest);
  const hooks = await Promise.all(record.hooks.map((hook) => objectsOf(hook.manifest)));
  const objects = [...manifest, ...hooks.flat()];
  const openWatch = async (): Promise<Watch> => {
    await maskSecrets(objects, session);
    return await watchRelease(objects, session);
  };
  // Mostly nothing drifted: what is needed then is begun beside the question.
  const opening = options.dryRun ? undefined : openWatch();
  opening?.catch(() => undefined);
  try {
    const drift = await driftFrom(manifest, session);
    if (drift === undefined || drift.length > 0) {
      if (drift !== undefined) session.tell(`changed by hand since revision ${live.revision}: ${drift.join(', ')}`);
      return undefined;
    }
    session.tell(`unchanged: revision ${live.revision} has this package and these values`);
    const { revision } = live;
    const watch = await opening;
    if (watch === undefined) return { outcome: 'unchanged', cause: null, revision };
    const proof = await prove(watch, session, options, revision);
    if (proof.cause === undefined) return { outcome: 'unchanged', cause: null, revision, tests: proof.tests };
    const cause = await takeEvidence(proof.cause, await watch.look(), '', session);
    return { outcome: 'failed', cause, revision, tests: proof.tests };
  } finally {
    (await opening?.catch(() => undefined))?.close();
  }
}
