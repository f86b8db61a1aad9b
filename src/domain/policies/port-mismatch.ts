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
    if (apiVersion !== 'v1' || kind !== 'Service') return [];
    // Who asks for a headless Service gets the addresses of the pods, and chooses the port.
    const isHeadless = at(data, 'spec', 'clusterIP') === 'None';
    const pods = release.podsWith(fields(at(data, 'spec', 'selector')), object).filter(({ passing }) => !passing);
    if (pods.length === 0) return [];
    const ports = pods.flatMap(({ containers }) =>
      containers.filter(({ role }) => role !== 'init').flatMap(({ data: container }) => list(container.ports)),
    );
    const names = ports.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
    const numbers = ports.map(({ containerPort }) => containerPort);
    const targets = list(at(data, 'spec', 'ports')).map((port) => ({ port, target: port.targetPort ?? port.port }));
    const isThere = targets.some(({ target }) => names.includes(String(target)) || numbers.includes(Number(target)));
    return targets.flatMap(({ port, target }, index) => {
      const path = `/spec/ports/${index}/${port.targetPort === undefined ? 'port' : 'targetPort'}`;
      const shown = pods.map(({ owner }) => `${owner.kind}/${owner.name}`).join(', ');
      if (isName(target)) {
        if (names.includes(target)) return [];
        const near = nearest(target, names);
        if (isHeadless && near === undefined) return [];
        const what = isHeadless ? 'nobody finds it by its name' : 'no request arrives';
        return [
          {
            message: `no container of ${shown} has a port named ${target}: ${what}`,
            hint: near === undefined ? 'Name a port of the container, or its number.' : `Did you mean ${near}?`,
            path,
            // One port of several, of a part of the container that is switched off, breaks nothing else.
            ...((isHeadless || (near === undefined && isThere)) && { severity: 'warning' as const }),
          },
        ];
      }
      // What a container declares is for information only, and a container that declares none may listen to any.
      const isSilent = pods.some(({ containers }) => containers.every((each) => list(each.data.ports).length === 0));
      if (isHeadless || isSilent || numbers.includes(Number(target))) return [];
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

function isName(target: unknown): target is string {
  return typeof target === 'string' && !/^[0-9]+$/.test(target);
}
