import { type Fields, fields, text } from '../diagnosis/reading.ts';
import { getsLabels, isAdded } from './added-labels.ts';
import type { PodTemplate, ReleaseObject } from './release-object.ts';
import { isEmpty, selects } from './selector.ts';

/** The objects of one render, as policies that look at several of them find them. */
export interface Release {
  /** `1.35`: the Kubernetes version that is asked about. */
  readonly minor: string;
  /** The kinds of credentials that a library recognised in texts of these objects (secret-texts.ts), by text. */
  readonly credentials: ReadonlyMap<string, string>;
  namespaceOf(object: ReleaseObject): string;
  /** Whether an object is in the namespace that the release is installed to. */
  isHome(object: ReleaseObject): boolean;
  ofKind(kind: string): readonly ReleaseObject[];
  /** The object of a kind with this name in the namespace of another one. */
  find(kind: string, name: string, beside: ReleaseObject): ReleaseObject | undefined;
  /** The pods in the namespace of an object that these labels select, as a Service does. */
  podsWith(labels: Fields, beside: ReleaseObject): readonly PodTemplate[];
  /** The Services that select pods. */
  servicesOf(pods: PodTemplate): readonly ReleaseObject[];
  /** The pods in the namespace of an object that a selector of the other form selects; none by an empty one. */
  podsSelected(selector: Fields, beside: ReleaseObject): readonly PodTemplate[];
  /** Whether a chart of the release (see ReleaseObject), or one within it, has pods that go on running. */
  hasWorkload(chart: string): boolean;
  /** Some of its objects may stand for pods that are not seen here: an operator makes them. */
  readonly mayMakePods: boolean;
}

/** Pods that are found for one selector: more say nothing more. */
export const MOST_SELECTED = 100;

/** Groups whose objects make no pods that a chart's Services would select. */
const WITHOUT_PODS =
  /^(?:monitoring\.coreos\.com|(?:.*\.)?cert-manager\.io|external-secrets\.io|bitnami\.com|(?:.*\.)?istio\.io|traefik\.(?:io|containo\.us)|secrets-store\.csi\.x-k8s\.io|kyverno\.io|keda\.sh|(?:.*\.)?k8s\.io)$/;

/** Of these groups, what an operator does make pods of. */
const MAKES_PODS = /^monitoring\.coreos\.com\/(?:Alertmanager|Prometheus|PrometheusAgent|ThanosRuler)$/;

/** A release as it is to each of some Kubernetes versions. */
export function createReleases(
  objects: readonly ReleaseObject[],
  namespace: string,
  credentials: ReadonlyMap<string, string>,
  minors: readonly string[],
): readonly Release[] {
  const kinds = new Map<string, ReleaseObject[]>();
  const names = new Map<string, ReleaseObject>();
  const labelled = new Map<string, PodTemplate[]>();
  const pods: PodTemplate[] = [];
  const working = new Set<string>();
  let mayMakePods = false;
  const namespaceOf = (object: ReleaseObject): string => object.namespace || namespace;
  for (const object of objects) {
    const ofKind = kinds.get(object.kind);
    if (ofKind === undefined) kinds.set(object.kind, [object]);
    else ofKind.push(object);
    const within = namespaceOf(object);
    names.set(`${object.kind}/${within}/${object.name}`, object);
    const group = object.apiVersion.slice(0, Math.max(0, object.apiVersion.indexOf('/')));
    // Who brings definitions brings what acts on their objects, too.
    mayMakePods ||=
      object.kind === 'CustomResourceDefinition' && !WITHOUT_PODS.test(text(fields(object.data.spec).group));
    mayMakePods ||= MAKES_PODS.test(`${group}/${object.kind}`) || (group.includes('.') && !WITHOUT_PODS.test(group));
    const template = object.pods;
    if (template === undefined) continue;
    pods.push(template);
    if (!template.passing) working.add(object.chart);
    for (const key in template.labels) {
      const id = `${within}/${key}=${template.labels[key]}`;
      const others = labelled.get(id);
      if (others === undefined) labelled.set(id, [template]);
      else others.push(template);
    }
  }
  const selected = new WeakMap<Fields, readonly PodTemplate[]>();
  const podsWith = (labels: Fields, beside: ReleaseObject): readonly PodTemplate[] => {
    const before = selected.get(labels);
    if (before !== undefined) return before;
    // Without a selector it is somebody else who writes the endpoints.
    if (Object.keys(labels).length === 0) return [];
    // Of the label that the fewest have.
    let fewest: readonly PodTemplate[] | undefined;
    for (const key in labels) {
      if (isAdded(key)) continue;
      const some = labelled.get(`${namespaceOf(beside)}/${key}=${labels[key]}`) ?? [];
      if (fewest === undefined || some.length < fewest.length) fewest = some;
    }
    fewest ??= pods.filter(({ owner }) => namespaceOf(owner) === namespaceOf(beside));
    const found = fewest.filter((template) => getsLabels(labels, template)).slice(0, MOST_SELECTED);
    selected.set(labels, found);
    return found;
  };
  let services: Map<PodTemplate, ReleaseObject[]> | undefined;
  const servicesOf = (template: PodTemplate): readonly ReleaseObject[] => {
    if (services === undefined) {
      services = new Map();
      for (const service of kinds.get('Service') ?? []) {
        for (const pods of podsWith(fields(fields(service.data.spec).selector), service)) {
          const others = services.get(pods);
          if (others === undefined) services.set(pods, [service]);
          else others.push(service);
        }
      }
    }
    return services.get(template) ?? [];
  };
  const release: Omit<Release, 'minor'> = {
    credentials,
    hasWorkload: (chart) => [...working].some((each) => chart === '' || each === chart || each.startsWith(`${chart}/`)),
    mayMakePods,
    namespaceOf,
    isHome: (object) => namespaceOf(object) === namespace,
    ofKind: (kind) => kinds.get(kind) ?? [],
    find: (kind, name, beside) => names.get(`${kind}/${namespaceOf(beside)}/${name}`),
    podsWith,
    servicesOf,
    podsSelected: (selector, beside) => {
      if (isEmpty(selector)) return [];
      const labels = fields(selector.matchLabels);
      const some =
        Object.keys(labels).length > 0
          ? podsWith(labels, beside)
          : pods.filter(({ owner }) => namespaceOf(owner) === namespaceOf(beside));
      return some.filter((template) => selects(selector, template.labels));
    },
  };
  return minors.map((minor) => ({ ...release, minor }));
}
