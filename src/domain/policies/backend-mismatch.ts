import { at, type Fields, fields, list, text } from '../diagnosis/reading.ts';
import { nearest } from '../nearest.ts';
import type { Policy, PolicyFault } from './policy.ts';
import type { Release } from './release.ts';
import type { ReleaseObject } from './release-object.ts';

/** Ingresses and routes that lead to a Service, or to a port of one, that isn't there. */
export const backendMismatch: Policy = {
  name: 'backend-mismatch',
  of: ['Ingress', 'HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'],
  across: true,
  severity: 'error',
  check: (object, release) => {
    if (object.apiVersion === 'networking.k8s.io/v1' && object.kind === 'Ingress') return ofIngress(object, release);
    if (object.apiVersion.startsWith('gateway.networking.k8s.io/')) return ofRoute(object, release);
    return [];
  },
};

function ofIngress(object: ReleaseObject, release: Release): PolicyFault[] {
  const spec = fields(object.data.spec);
  const backends = list(spec.rules).flatMap((rule, index) =>
    list(at(rule, 'http', 'paths')).map((path, number) => ({
      backend: fields(path.backend),
      path: `/spec/rules/${index}/http/paths/${number}/backend`,
    })),
  );
  const all = [{ backend: fields(spec.defaultBackend), path: '/spec/defaultBackend' }, ...backends];
  return all.flatMap(({ backend, path }) => {
    const service = fields(backend.service);
    const { name, number } = fields(service.port);
    const port =
      // Without either of them the server refuses it, which is told as that.
      typeof name === 'string' && name !== ''
        ? { asked: name, at: '/port/name' }
        : typeof number === 'number' && number !== 0
          ? { asked: number, at: '/port/number' }
          : undefined;
    return leads(object, release, text(service.name), `${path}/service`, port);
  });
}

function ofRoute(object: ReleaseObject, release: Release): PolicyFault[] {
  return list(at(object.data, 'spec', 'rules')).flatMap((rule, index) =>
    list(rule.backendRefs).flatMap((reference, number) => {
      const { kind = 'Service', group = '', namespace, name, port } = reference as Fields;
      // Another namespace's Services are somebody else's.
      if (kind !== 'Service' || group !== '' || namespace !== undefined) return [];
      const path = `/spec/rules/${index}/backendRefs/${number}`;
      return leads(object, release, text(name), path, port === undefined ? undefined : { asked: port, at: '/port' });
    }),
  );
}

function leads(
  object: ReleaseObject,
  release: Release,
  name: string,
  path: string,
  port: { readonly asked: unknown; readonly at: string } | undefined,
): PolicyFault[] {
  if (name === '') return [];
  const service = release.find('Service', name, object);
  if (service === undefined) {
    const names = release
      .ofKind('Service')
      .filter((each) => release.namespaceOf(each) === release.namespaceOf(object))
      .map((each) => each.name);
    const near = nearest(name, names);
    const hint =
      near === undefined
        ? 'Name a Service of this release, or silence this where it is of another one.'
        : `Did you mean ${near}?`;
    const message = `leads to the Service ${name}, which is not in this release`;
    return [{ message, hint, path: `${path}/name`, severity: 'warning' }];
  }
  if (port === undefined || at(service.data, 'spec', 'type') === 'ExternalName') return [];
  const ports = list(at(service.data, 'spec', 'ports'));
  if (ports.some((each) => (typeof port.asked === 'string' ? each.name : each.port) === port.asked)) return [];
  const known = ports.map((each) => [each.port, each.name].filter((part) => part !== undefined).join(' '));
  return [
    {
      message: `leads to the port ${port.asked} of the Service ${name}, which has ${known.length === 0 ? 'none' : known.join(', ')}`,
      hint: 'Name one of the ports of the Service, by its own number or name and not by that of the container.',
      path: `${path}${port.at}`,
    },
  ];
}
