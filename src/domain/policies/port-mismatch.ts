import { at, fields, list } from '../diagnosis/reading.ts';
import { nearest } from '../nearest.ts';
import type { Policy } from './policy.ts';

/** Ports of Services that the selected pods don't have. */
export const portMismatch: Policy = {
  name: 'port-mismatch',
  of: ['Service'],
  across: true,
  severity: 'error',
  check: (object, release) => {
    const { apiVersion, kind, data } = object;
    // A headless Service has no port of its own: who asks for it gets the addresses of the pods, and chooses.
    if (apiVersion !== 'v1' || kind !== 'Service' || at(data, 'spec', 'clusterIP') === 'None') return [];
    const pods = release.podsWith(fields(at(data, 'spec', 'selector')), object).filter(({ passing }) => !passing);
    if (pods.length === 0) return [];
    const ports = pods.flatMap(({ containers }) =>
      containers.filter(({ role }) => role !== 'init').flatMap(({ data: container }) => list(container.ports)),
    );
    return list(at(data, 'spec', 'ports')).flatMap((port, index) => {
      const target = port.targetPort ?? port.port;
      const path = `/spec/ports/${index}/${port.targetPort === undefined ? 'port' : 'targetPort'}`;
      const shown = pods.map(({ owner }) => `${owner.kind}/${owner.name}`).join(', ');
      if (typeof target === 'string' && !/^[0-9]+$/.test(target)) {
        const names = ports.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
        if (names.includes(target)) return [];
        const near = nearest(target, names);
        return [
          {
            message: `no container of ${shown} has a port named ${target}: no request arrives`,
            hint: near === undefined ? 'Name a port of the container, or its number.' : `Did you mean ${near}?`,
            path,
          },
        ];
      }
      const numbers = ports.map(({ containerPort }) => containerPort);
      // What a container declares is for information only, and a container that declares none may listen to any.
      const isSilent = pods.some(({ containers }) => containers.every((each) => list(each.data.ports).length === 0));
      if (isSilent || numbers.includes(Number(target))) return [];
      return [
        {
          message: `the containers of ${shown} declare the ports ${[...new Set(numbers)].join(', ')}, and not ${target}`,
          hint: 'Send to a port on which the container listens, best by its name.',
          path,
          severity: 'warning' as const,
        },
      ];
    });
  },
};
