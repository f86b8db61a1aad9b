import type { Cluster } from '../../ports.ts';
import { causeOf } from './cluster-cause.ts';
import { done, failed, type Step } from './step.ts';

/** Sees to it that the namespace is there. With `dryRun` nothing is made. False: it isn't there. */
export async function ensureNamespace(
  name: string,
  dryRun: boolean,
  cluster: Cluster,
  tell: (text: string) => void,
): Promise<Step<boolean>> {
  const found = await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name });
  // Who may work within a namespace alone can't look at it from outside.
  if (!found.ok) return found.fault.kind === 'forbidden' ? done(true) : failed(causeOf(found.fault, unread(name)));
  if (found.value?.metadata.deletionTimestamp !== undefined)
    return failed({
      code: 'refused',
      resource: `Namespace/${name}`,
      message: `the namespace ${name} is being removed since ${found.value.metadata.deletionTimestamp}`,
      hint: 'Run it again when it is gone.',
    });
  if (found.value !== undefined) return done(true);
  if (dryRun) {
    tell(`the namespace ${name} is not there and would be made`);
    return done(false);
  }
  const made = await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  if (made.ok) {
    tell(`made the namespace ${name}`);
    return done(true);
  }
  // Another run made it meanwhile.
  if (made.fault.kind === 'conflict') return done(true);
  const cause = causeOf(made.fault, `the namespace ${name} is not there and can't be made`);
  return failed({ ...cause, resource: `Namespace/${name}`, hint: `Have it made: kubectl create namespace ${name}` });
}

function unread(name: string): string {
  return `the namespace ${name} can't be looked at`;
}
