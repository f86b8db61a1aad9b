import { fields, list } from '../diagnosis/reading.ts';
import { isLabel, POD_TEMPLATES } from '../object-names.ts';
import { type ServerFault, shown } from './server-fault.ts';

type Data = Readonly<Record<string, unknown>>;

/**
 * What the server's own validation refuses in the pods of Kubernetes' own kinds and no schema says (k8s.io/kubernetes,
 * pkg/apis/core/validation: ValidatePodSpec). Entries of one list that are the same are the schema's matter.
 */
export function podFaults(object: Data, id: string, minor: string): ServerFault[] {
  // Before 1.34 nobody looks at the pods of a StatefulSet.
  const isLookedAt = id !== 'apps/StatefulSet' || Number(minor.slice(2)) >= 34;
  const path = id === '/Pod' ? [] : POD_TEMPLATES[id];
  if (path === undefined || !isLookedAt) return [];
  const steps = [...path, 'spec'];
  const spec = steps.reduce<unknown>((node, step) => fields(node)[step], object);
  const claims = id === 'apps/StatefulSet' ? list(fields(object.spec).volumeClaimTemplates) : [];
  const volumes = new Set([
    ...list(fields(spec).volumes).map((volume) => volume.name),
    ...claims.map((claim) => fields(claim.metadata).name),
  ]);
  return faultsOfSpec(fields(spec), steps, volumes, id === '/Pod' ? 'warning' : 'error');
}

function faultsOfSpec(
  spec: Data,
  path: readonly string[],
  volumes: ReadonlySet<unknown>,
  mounting: ServerFault['severity'],
): ServerFault[] {
  const faults = list(spec.volumes).flatMap(({ name }, index) =>
    labelFault(name, 'the name of a volume', [...path, 'volumes', String(index), 'name']),
  );
  const names = new Set(list(spec.containers).map(({ name }) => name));
  const hostPorts = new Set<string>();
  for (const kind of ['containers', 'initContainers']) {
    for (const [index, container] of list(spec[kind]).entries()) {
      const own = [...path, kind, String(index)];
      faults.push(...labelFault(container.name, 'the name of a container', [...own, 'name']));
      if (kind === 'initContainers' && typeof container.name === 'string' && names.has(container.name)) {
        const message = `there is a container ${JSON.stringify(container.name)} already, and an init container shares its names`;
        faults.push({ rule: 'schema/duplicate-entry', severity: 'error', path: [...own, 'name'], message });
      }
      faults.push(...portFaults(container, own), ...mountFaults(container, own, volumes, mounting));
      if (kind === 'containers') faults.push(...hostPortFaults(container, own, hostPorts, spec.hostNetwork === true));
      // Of an init container that ends, a probe is refused altogether.
      const isProbed = kind === 'containers' || container.restartPolicy === 'Always';
      if (isProbed) faults.push(...probeFaults(container, own));
    }
  }
  return faults;
}

function labelFault(name: unknown, what: string, path: readonly string[]): ServerFault[] {
  if (typeof name !== 'string' || isLabel(name)) return [];
  const message = `${shown(name)} is not ${what}: lower-case letters, digits and -, at most 63, with a letter or digit at each end`;
  return [{ rule: 'schema/name', severity: 'error', path, message }];
}

function portFaults(container: Data, path: readonly string[]): ServerFault[] {
  return list(container.ports).flatMap(({ name, containerPort, hostPort }, index) => {
    const at = (field: string): string[] => [...path, 'ports', String(index), field];
    return [
      ...(name === '' ? [] : portNameFault(name, at('name'))),
      ...portNumberFault(containerPort, at('containerPort')),
      // None is asked for by 0.
      ...(hostPort === 0 ? [] : portNumberFault(hostPort, at('hostPort'))),
    ];
  });
}

function hostPortFaults(
  container: Data,
  path: readonly string[],
  taken: Set<string>,
  isOnHost: boolean,
): ServerFault[] {
  return list(container.ports).flatMap(({ hostPort, containerPort, hostIP, protocol }, index): ServerFault[] => {
    if (typeof hostPort !== 'number' || hostPort === 0) return [];
    const at = [...path, 'ports', String(index), 'hostPort'];
    const key = JSON.stringify([hostPort, hostIP ?? '', protocol ?? 'TCP']);
    const isTaken = taken.has(key);
    taken.add(key);
    if (isTaken) {
      const message = `${hostPort} is a port of the host that another one of the pod's ports takes already`;
      return [{ rule: 'schema/duplicate-entry', severity: 'error', path: at, message }];
    }
    if (!isOnHost || typeof containerPort !== 'number' || containerPort === hostPort) return [];
    const message = `${hostPort} is not the containerPort ${containerPort}, as it must be with hostNetwork`;
    return [{ rule: 'schema/value', severity: 'error', path: at, message }];
  });
}

function probeFaults(container: Data, path: readonly string[]): ServerFault[] {
  return ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((probe) =>
    ['httpGet', 'tcpSocket', 'grpc'].flatMap((way) => {
      const { port } = fields(fields(container[probe])[way]);
      const at = [...path, probe, way, 'port'];
      return typeof port === 'string' && way !== 'grpc' ? portNameFault(port, at) : portNumberFault(port, at);
    }),
  );
}

/** IANA_SVC_NAME */
function portNameFault(name: unknown, path: readonly string[]): ServerFault[] {
  if (typeof name !== 'string') return [];
  const isOne =
    name.length <= 15 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(name) && /[a-z]/.test(name) && !name.includes('--');
  if (isOne) return [];
  const message = `${shown(name)} is not the name of a port: at most 15 lower-case letters, digits and single -, a letter among them, with a letter or digit at each end`;
  return [{ rule: 'schema/name', severity: 'error', path, message }];
}

function portNumberFault(port: unknown, path: readonly string[]): ServerFault[] {
  // What no field of 32 bits can hold the schema tells.
  if (typeof port !== 'number' || (port | 0) !== port || (port >= 1 && port <= 65535)) return [];
  const message = `${port} is not a port: 1 to 65535`;
  return [{ rule: 'schema/range', severity: 'error', path, message }];
}

/** Before a Pod itself is judged, admission may have given it volumes; before a workload's, it seldom has. */
function mountFaults(
  container: Data,
  path: readonly string[],
  volumes: ReadonlySet<unknown>,
  severity: ServerFault['severity'],
): ServerFault[] {
  return ['volumeMounts', 'volumeDevices'].flatMap((field) =>
    list(container[field]).flatMap(({ name }, index): ServerFault[] => {
      if (typeof name !== 'string' || volumes.has(name)) return [];
      const message = `the pod has no volume ${shown(name)}`;
      return [{ rule: 'schema/value', severity, path: [...path, field, String(index), 'name'], message }];
    }),
  );
}
