import type { KubeObject } from '../kube-object.ts';
import { at, condition, list, text } from './reading.ts';
import type { ReleasePod } from './release-pods.ts';
import type { Look } from './seen.ts';
import type { Trouble } from './trouble.ts';
import { PATIENCE } from './unschedulable.ts';

/** Claims of the release that don't bind. Terminal after 60 s, unless the class waits for a pod to use the claim. */
export function unboundClaims(pods: readonly ReleasePod[], look: Look): Trouble[] {
  const users = new Map<string, ReleasePod>();
  for (const where of pods) for (const name of claimsOf(where.pod)) users.set(name, where);
  const own = look.seen.manifest
    .filter(({ kind }) => kind === 'PersistentVolumeClaim')
    .map(({ metadata }) => metadata.name);
  return [...new Set([...own, ...users.keys()])].flatMap((name) => {
    const claim = look.live('PersistentVolumeClaim', name);
    const user = users.get(name);
    if (claim === undefined) return user === undefined || !isMissed(user.pod, name) ? [] : [missing(name, user, look)];
    if (at(claim, 'status', 'phase') !== 'Pending') return [];
    if (waitsForConsumer(claim, look)) return [];
    return [unbound(claim, user, look)];
  });
}

function claimsOf(pod: KubeObject): string[] {
  return list(at(pod, 'spec', 'volumes')).flatMap((volume) => {
    const named = text(at(volume, 'persistentVolumeClaim', 'claimName'));
    if (named !== '') return [named];
    return volume.ephemeral === undefined ? [] : [`${pod.metadata.name}-${text(volume.name)}`];
  });
}

/** Whether the scheduler misses the claim: it is not that we aren't allowed to see it. */
function isMissed(pod: KubeObject, name: string): boolean {
  return text(condition(pod, 'PodScheduled')?.message).includes(`persistentvolumeclaim "${name}" not found`);
}

function waitsForConsumer(claim: KubeObject, look: Look): boolean {
  // A pod was found for it: from now on the provisioner is asked.
  if (claim.metadata.annotations?.['volume.kubernetes.io/selected-node'] !== undefined) return false;
  const name = text(at(claim, 'spec', 'storageClassName'));
  const found = name === '' ? null : look.lookUp({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name });
  if (found !== undefined && found !== null) return found.volumeBindingMode === 'WaitForFirstConsumer';
  // Without a look at the class (it may be forbidden) the claim's own events tell.
  const said = look.events(claim).at(-1)?.reason;
  return (
    said === 'WaitForFirstConsumer' || said === 'WaitForPodScheduled' || (found === undefined && said === undefined)
  );
}

function unbound(claim: KubeObject, user: ReleasePod | undefined, look: Look): Trouble {
  const name = claim.metadata.name;
  const storageClass = text(at(claim, 'spec', 'storageClassName'));
  const said =
    look.events(claim, 'ProvisioningFailed', 'FailedBinding', 'ExternalProvisioning', 'Provisioning').at(-1)?.message ??
    '';
  const isLost = /storageclass[^"]*"([^"]+)" not found/i.exec(said)?.[1];
  const why =
    isLost === undefined
      ? said.replace(/\s+/g, ' ').slice(0, 400) || 'nothing says why'
      : `there is no storage class ${isLost}`;
  return {
    cause: {
      code: 'volume',
      resource: `PersistentVolumeClaim/${name}`,
      message: `the volume claim ${name} does not bind: ${why}`,
      hint:
        storageClass === ''
          ? 'The cluster has no default storage class: name one in the values, or provide a volume.'
          : 'See the classes and volumes that there are: kubectl get storageclass,pv',
    },
    terminal: !look.isOld(claim) && look.lasting('unbound', claim) >= PATIENCE,
    logs: [],
    ...(storageClass !== '' && { blame: { kind: 'name', name: storageClass } as const }),
    of: user?.of ?? `PersistentVolumeClaim/${name}`,
    waitsFor: [],
  };
}

function missing(name: string, user: ReleasePod, look: Look): Trouble {
  const isMade = look.inManifest('PersistentVolumeClaim', name) !== undefined;
  return {
    cause: {
      code: 'volume',
      resource: `Pod/${user.pod.metadata.name}`,
      message: `the volume claim ${name} of the pod ${user.pod.metadata.name} does not exist`,
      hint: 'Create the PersistentVolumeClaim in the namespace, or correct its name in the values.',
    },
    terminal: user.revision === 'new' && !isMade && look.lasting(`missing claim ${name}`) >= PATIENCE,
    logs: [],
    blame: { kind: 'name', name },
    of: user.of,
    waitsFor: [],
  };
}
