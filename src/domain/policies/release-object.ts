import { at, type Fields, fields, list, text } from '../diagnosis/reading.ts';

/** A rendered object as policies look at it. */
export interface ReleaseObject {
  readonly data: Fields;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** As the object says it; empty where it leaves that to the release. */
  readonly namespace: string;
  readonly annotations: Fields;
  /** The events of helm for which it is a hook; none for an object of the release. */
  readonly hook: readonly string[];
  /** The chart whose template wrote it, as a path within the chart: empty for the chart itself, `charts/redis` for a dependency. */
  readonly chart: string;
  /** The pods that it makes, or is. */
  readonly pods: PodTemplate | undefined;
}

export interface PodTemplate {
  readonly owner: ReleaseObject;
  /** Where it stands in its object: empty for a Pod. */
  readonly path: string;
  readonly labels: Fields;
  readonly annotations: Fields;
  readonly spec: Fields;
  readonly containers: readonly Container[];
  /** They run to their end and serve nothing: those of hooks, Jobs and CronJobs. */
  readonly passing: boolean;
}

export interface Container {
  readonly data: Fields;
  readonly path: string;
  readonly name: string;
  /** `sidecar`: an init container that goes on beside the others. */
  readonly role: 'main' | 'sidecar' | 'init';
}

const POD_PATHS: Readonly<Record<string, readonly string[]>> = {
  'v1/Pod': [],
  'v1/ReplicationController': ['spec', 'template'],
  'apps/v1/Deployment': ['spec', 'template'],
  'apps/v1/StatefulSet': ['spec', 'template'],
  'apps/v1/DaemonSet': ['spec', 'template'],
  'apps/v1/ReplicaSet': ['spec', 'template'],
  'batch/v1/Job': ['spec', 'template'],
  'batch/v1/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
};

/**
 * `template`: the path of the template that wrote it within the chart. `undefined` for what has no kind and no name: a
 * fault of its schema.
 */
export function releaseObject(data: Fields, template = ''): ReleaseObject | undefined {
  const { apiVersion, kind } = data;
  const metadata = fields(data.metadata);
  const name = text(metadata.name) || text(metadata.generateName);
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || name === '') return undefined;
  const annotations = fields(metadata.annotations);
  const object: { -readonly [Key in keyof ReleaseObject]: ReleaseObject[Key] } = {
    data,
    apiVersion,
    kind,
    name,
    namespace: text(metadata.namespace),
    annotations,
    hook: eventsOf(annotations['helm.sh/hook']),
    chart: /^(?:charts\/[^/]+\/)*/.exec(template)?.[0].slice(0, -1) ?? '',
    pods: undefined,
  };
  const path = POD_PATHS[`${apiVersion}/${kind}`];
  if (path !== undefined) object.pods = podTemplate(object, path);
  return object;
}

function eventsOf(value: unknown): readonly string[] {
  return value === undefined ? [] : words(value).map((event) => (event === 'test-success' ? 'test' : event));
}

/** A list of words as helm's annotations have them. */
export function words(value: unknown): string[] {
  return text(value)
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '');
}

function podTemplate(owner: ReleaseObject, steps: readonly string[]): PodTemplate {
  const template = fields(at(owner.data, ...steps));
  const metadata = fields(template.metadata);
  const spec = fields(template.spec);
  const path = steps.map((step) => `/${step}`).join('');
  const containers = (key: 'containers' | 'initContainers'): Container[] =>
    list(spec[key]).map((data, index) => ({
      data,
      path: `${path}/spec/${key}/${index}`,
      name: text(data.name),
      role: key === 'containers' ? 'main' : data.restartPolicy === 'Always' ? 'sidecar' : 'init',
    }));
  return {
    owner,
    path,
    labels: fields(metadata.labels),
    annotations: fields(metadata.annotations),
    spec,
    containers: [...containers('containers'), ...containers('initContainers')],
    passing: owner.hook.length > 0 || owner.kind === 'Job' || owner.kind === 'CronJob',
  };
}
