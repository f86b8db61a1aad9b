import { at, type Fields, fields, list } from '../diagnosis/reading.ts';
import { isLabel, POD_TEMPLATES } from '../object-names.ts';
import { containerFaults, type Surroundings } from './containers.ts';
import { mountFaults } from './mounts.ts';
import { lifetimeFaults, podSpecFaults } from './pod-spec.ts';
import { hostPortFaults, portFaults } from './ports.ts';
import { schedulingFaults } from './scheduling.ts';
import { addAll, fault, isGiven, type ServerFault, type Since, shown } from './server-fault.ts';
import { volumeFaults } from './volumes.ts';

/**
 * What the server's own validation refuses in the pods of Kubernetes' own kinds and no schema says (k8s.io/kubernetes,
 * pkg/apis/core/validation: ValidatePodSpec). Entries of one list that are the same are the schema's matter.
 */
export function podFaults(object: Fields, id: string, since: Since): ServerFault[] {
  const path = id === '/Pod' ? [] : Object.hasOwn(POD_TEMPLATES, id) ? POD_TEMPLATES[id] : undefined;
  if (path === undefined) return [];
  const steps = [...path, 'spec'];
  const holder = at(object, ...path);
  const given = fields(holder).spec;
  const isLookedAt = id !== 'apps/StatefulSet' || since(34);
  if (!isGiven(given)) return isGiven(holder) && isLookedAt ? [fault('schema/required', path, 'spec is missing')] : [];
  const spec = fields(given);
  const lifetime = lifetimeFaults(spec, steps, id);
  // Before 1.34 nobody looks at the rest of the pods of a StatefulSet.
  if (!isLookedAt) return lifetime;
  const claims = id === 'apps/StatefulSet' ? list(fields(object.spec).volumeClaimTemplates) : [];
  const volumes = new Map([
    ...list(spec.volumes).map((volume) => [volume.name, volume] as const),
    ...claims.map((claim) => [fields(claim.metadata).name, { persistentVolumeClaim: {} }] as const),
  ]);
  const mendable = id === '/Pod' ? 'warning' : 'error';
  const around = { since, mendable, grace: spec.terminationGracePeriodSeconds } as const;
  return [
    ...lifetime,
    ...podSpecFaults(spec, steps, id, since),
    ...list(spec.volumes).flatMap((volume, index) => {
      const own = [...steps, 'volumes', String(index)];
      // A claim of this name takes its place.
      if (claims.some((claim) => fields(claim.metadata).name === volume.name)) return [];
      return [
        ...labelFault(volume.name, 'the name of a volume', [...own, 'name']),
        ...volumeFaults(volume, own, since),
      ];
    }),
    ...containersFaults(spec, steps, volumes, around),
    ...schedulingFaults(spec, steps, since),
  ];
}

function containersFaults(
  spec: Fields,
  path: readonly string[],
  volumes: ReadonlyMap<unknown, Fields>,
  around: Surroundings,
): ServerFault[] {
  const faults: ServerFault[] = [];
  const names = new Set(list(spec.containers).map(({ name }) => name));
  const hostPorts = new Set<string>();
  for (const kind of ['containers', 'initContainers'] as const) {
    for (const [index, container] of list(spec[kind]).entries()) {
      const own = [...path, kind, String(index)];
      addAll(faults, labelFault(container.name, 'the name of a container', [...own, 'name']));
      if (kind === 'initContainers' && typeof container.name === 'string' && names.has(container.name)) {
        const message = `there is a container ${shown(container.name)} already, and an init container shares its names`;
        faults.push(fault('schema/duplicate-entry', [...own, 'name'], message));
      }
      addAll(faults, portFaults(container, own), mountFaults(container, own, volumes, around.mendable));
      if (kind === 'containers') addAll(faults, hostPortFaults(container, own, hostPorts, spec.hostNetwork === true));
      addAll(faults, containerFaults(container, own, kind, around));
    }
  }
  return faults;
}

function labelFault(name: unknown, what: string, path: readonly string[]): ServerFault[] {
  if (typeof name !== 'string' || isLabel(name)) return [];
  const message = `${shown(name)} is not ${what}: lower-case letters, digits and -, at most 63, with a letter or digit at each end`;
  return [fault('schema/name', path, message)];
}
