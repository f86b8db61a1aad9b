import { POD_TEMPLATES } from '../../src/domain/object-names.ts';
import { made, type RenderedMutant } from './rendered-mutants.ts';

type Data = Record<string, unknown>;

/** Every mutant of an object that has pods in their names, their ports and what they mount. */
export function podMutants(object: Data): RenderedMutant[] {
  const group = String(object.apiVersion).split('/').slice(0, -1)[0] ?? '';
  const id = `${group}/${object.kind}`;
  const template = id === '/Pod' ? [] : POD_TEMPLATES[id];
  if (template === undefined) return [];
  const steps = [...template, 'spec'];
  const mutants: RenderedMutant[] = [];
  const change = (what: string, path: string, to: (spec: Data) => void): void => {
    const copy = structuredClone(object);
    const spec = steps.reduce<Data | undefined>((node, step) => node?.[step] as Data | undefined, copy);
    if (!Array.isArray(spec?.containers)) return;
    to(spec);
    mutants.push(made(what, path, copy));
  };
  const entries = (of: Data, field: string): Data[] => (Array.isArray(of[field]) ? of[field] : []) as Data[];
  const add = (of: Data, field: string, ...more: Data[]): void => {
    of[field] = [...entries(of, field), ...more];
  };
  const first = (spec: Data): Data => entries(spec, 'containers')[0] ?? {};
  for (const name of ['Bad_Name', 'a.b', '-a', 'a'.repeat(64), 'a'.repeat(63), '1']) {
    change('name of a container', name, (spec) => add(spec, 'containers', { name, image: 'a:1' }));
    change('name of an init container', name, (spec) => add(spec, 'initContainers', { name, image: 'a:1' }));
    change('name of a volume', name, (spec) => add(spec, 'volumes', { name, emptyDir: {} }));
  }
  change('name of an init container', 'that of a container', (spec) =>
    add(spec, 'initContainers', { name: first(spec).name, image: 'a:1' }),
  );
  for (const name of ['a-very-long-port-name', 'Http', 'a--b', 'a-', '1', '1a', 'a-1', 'fifteen-letters', '']) {
    change('name of a port', name, (spec) => add(first(spec), 'ports', { name, containerPort: 7 }));
  }
  for (const port of [0, -1, 1, 65535, 65536, 99999]) {
    change('number of a port', `${port}`, (spec) => add(first(spec), 'ports', { containerPort: port }));
    change('number of a port', `host ${port}`, (spec) =>
      add(first(spec), 'ports', { containerPort: 7, hostPort: port }),
    );
  }
  for (const protocol of ['TCP', 'UDP'])
    change('number of a port', `host twice, ${protocol}`, (spec) =>
      add(first(spec), 'ports', { containerPort: 7, hostPort: 7 }, { containerPort: 8, hostPort: 7, protocol }),
    );
  for (const port of [0, 7, 65536, '7', 'seven', 'Seven', 'a-very-long-port-name']) {
    for (const way of ['httpGet', 'tcpSocket']) {
      change('port of a probe', `${way} ${port}`, (spec) => {
        first(spec).livenessProbe = { [way]: { port, ...(way === 'httpGet' && { path: '/' }) } };
      });
    }
  }
  for (const name of ['nothere', 'there']) {
    // Of a Pod it is told as a warning: admission may give it volumes.
    if (id === '/Pod' && name === 'nothere') continue;
    change('mount of a volume', name, (spec) => {
      add(spec, 'volumes', { name: 'there', emptyDir: {} });
      add(first(spec), 'volumeMounts', { name, mountPath: '/mutant' });
    });
  }
  return mutants;
}
