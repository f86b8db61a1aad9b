import type { KindName, KubeObject, ObjectName } from '../domain/kube-object.ts';
import type { AccessCheck, Cluster, ClusterAnswer, ClusterFault, ListOptions, ServedKind } from '../ports.ts';
import { isFields } from './kubeconfig-merge.ts';
import { type CredentialsOptions, createApiCredentials } from './kubernetes-credentials.ts';
import { collectionPath, createDiscovery } from './kubernetes-discovery.ts';
import { isObject, listIn, parsed } from './kubernetes-objects.ts';
import { type ApiAnswer, createApiRequests } from './kubernetes-requests.ts';
import { watchKinds } from './kubernetes-watch.ts';

export interface ClusterOptions extends CredentialsOptions {
  /** The run's; see `createApiRequests` for what is still possible after it. */
  readonly cancel: AbortSignal;
}

/** Who our own changes are said to be from. */
const MANAGER = 'chartship';
/** Objects of one answer to a list. */
const PAGE = 500;
/** Milliseconds; the API server asks a kubelet, which may be slow. */
const LOG_MILLISECONDS = 15_000;
/** Access checks side by side. */
const CHECKS_AT_ONCE = 8;

/**
 * The port `Cluster`. Who we are is the library's part (@kubernetes/client-node); requests are made here, since
 * its typed clients know neither deadlines nor retries, nor kinds that came with a CustomResourceDefinition.
 */
export function createCluster(options: ClusterOptions): Cluster {
  const server = new URL(String(options.chosen.cluster.server));
  const requests = createApiRequests({
    server,
    credentials: createApiCredentials(options),
    cancel: options.cancel,
  });
  const discovery = createDiscovery(requests);

  const pathOf = async ({ name, namespace, ...kind }: ObjectName): Promise<ClusterAnswer<string>> => {
    const served = await discovery.find(kind);
    if (!served.ok) return served;
    return {
      ok: true,
      value: `${collectionPath(served.value, namespaceFor(served.value, namespace))}/${encodeURIComponent(name)}`,
    };
  };

  const list = async (
    kind: KindName,
    namespace: string | undefined,
    { labels, fields }: ListOptions = {},
  ): Promise<ClusterAnswer<readonly KubeObject[]>> => {
    const served = await discovery.find(kind);
    if (!served.ok) return served;
    const path = collectionPath(served.value, namespace);
    const found: KubeObject[] = [];
    let begun = 0;
    for (let next = ''; ; ) {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (labels !== undefined) query.set('labelSelector', labels);
      if (fields !== undefined) query.set('fieldSelector', fields);
      if (next !== '') query.set('continue', next);
      const answer = await requests.request({ method: 'GET', path: `${path}?${query}` });
      if (!answer.ok) {
        // The pages of a list are kept for some minutes; then it begins anew.
        if (answer.refusal?.status !== 410 || begun++ > 0) return refused(answer);
        found.length = 0;
        next = '';
        continue;
      }
      const page = listIn(answer.body, kind);
      found.push(...page.items);
      if (page.next === '') return { ok: true, value: found };
      next = page.next;
    }
  };

  const change = async (
    method: 'POST' | 'PUT' | 'PATCH',
    name: ObjectName,
    body: object,
    { query = '', contentType }: { readonly query?: string; readonly contentType?: string } = {},
  ): Promise<ClusterAnswer<KubeObject>> => {
    const path = await pathOf(name);
    if (!path.ok) return path;
    const at = method === 'POST' ? path.value.slice(0, path.value.lastIndexOf('/')) : path.value;
    return objectIn(
      await requests.request({
        method,
        path: `${at}?${query === '' ? `fieldManager=${MANAGER}` : query}`,
        body,
        ...(contentType !== undefined && { contentType }),
      }),
    );
  };

  const isAllowed = async ({ verb, group, resource, namespace }: AccessCheck): Promise<ClusterAnswer<boolean>> => {
    const [name, subresource] = resource.split('/');
    const answer = await requests.request({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb, group, resource: name, subresource, namespace } },
      },
    });
    if (!answer.ok) return refused(answer);
    const review = parsed(answer.body);
    return { ok: true, value: isFields(review) && isFields(review.status) && review.status.allowed === true };
  };

  return {
    host: server.host,
    version: async () => {
      const answer = await requests.request({ method: 'GET', path: '/version' });
      if (!answer.ok) return refused(answer);
      const version = parsed(answer.body);
      return { ok: true, value: isFields(version) ? String(version.gitVersion) : '' };
    },
    get: async (name) => {
      const path = await pathOf(name);
      if (!path.ok) return path;
      const answer = await requests.request({ method: 'GET', path: path.value });
      if (!answer.ok && answer.fault.kind === 'not-found') return { ok: true, value: undefined };
      return objectIn(answer);
    },
    list,
    create: (object) => change('POST', nameOf(object), object),
    replace: (object) => change('PUT', nameOf(object), object),
    patch: (name, patch) => change('PATCH', name, patch, { contentType: 'application/merge-patch+json' }),
    remove: async (name, { uid } = {}) => {
      const path = await pathOf(name);
      if (!path.ok) return path;
      const answer = await requests.request({
        method: 'DELETE',
        path: path.value,
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          ...(uid !== undefined && { preconditions: { uid } }),
        },
      });
      if (answer.ok) return { ok: true, value: true };
      // Another object of that name has another uid: the one that was meant is gone.
      const isGone = answer.fault.kind === 'not-found' || (uid !== undefined && answer.fault.kind === 'conflict');
      return isGone ? { ok: true, value: false } : refused(answer);
    },
    dryApply: (object, manager, { force = true } = {}) =>
      change('PATCH', nameOf(object), object, {
        query: new URLSearchParams({
          fieldManager: manager,
          force: String(force),
          fieldValidation: 'Strict',
          dryRun: 'All',
        }).toString(),
        // JSON is YAML.
        contentType: 'application/apply-patch+yaml',
      }),
    apply: (object, manager) =>
      change('PATCH', nameOf(object), object, {
        query: new URLSearchParams({ fieldManager: manager, force: 'true', fieldValidation: 'Strict' }).toString(),
        contentType: 'application/apply-patch+yaml',
      }),
    logs: async ({ namespace, name }, container, { previous = false, lines, bytes }) => {
      const query = new URLSearchParams({ container, tailLines: String(lines), previous: String(previous) });
      const answer = await requests.request({
        method: 'GET',
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?${query}`,
        accept: '*/*',
        milliseconds: LOG_MILLISECONDS,
        // The API server's own limitBytes keeps the first bytes, and the last ones tell why.
        lastBytes: bytes,
      });
      if (answer.ok) return { ok: true, value: answer.body };
      return isWithoutLog(answer) ? { ok: true, value: '' } : refused(answer);
    },
    allowed: async (checks) => {
      const found: boolean[] = [];
      for (let start = 0; start < checks.length; start += CHECKS_AT_ONCE) {
        for (const answer of await Promise.all(checks.slice(start, start + CHECKS_AT_ONCE).map(isAllowed))) {
          if (!answer.ok) return answer;
          found.push(answer.value);
        }
      }
      return { ok: true, value: found };
    },
    kinds: discovery.kinds,
    watch: (kinds, namespace, changed) => watchKinds({ kinds, namespace, changed, requests, discovery }),
  };
}

function nameOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): ObjectName {
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

function namespaceFor(kind: ServedKind, namespace: string | undefined): string | undefined {
  return kind.namespaced ? (namespace ?? 'default') : undefined;
}

/** A pod that is gone, a container that hasn't begun, or of which nothing is left (400). */
function isWithoutLog({ fault, refusal }: Extract<ApiAnswer, { ok: false }>): boolean {
  return (
    fault.kind === 'not-found' ||
    (refusal?.status === 400 &&
      /is waiting to start|previous terminated container|is not available|not found|is not valid for pod/.test(
        fault.message,
      ))
  );
}

function refused({ fault }: Extract<ApiAnswer, { ok: false }>): { readonly ok: false; readonly fault: ClusterFault } {
  return { ok: false, fault };
}

function objectIn(answer: ApiAnswer): ClusterAnswer<KubeObject> {
  if (!answer.ok) return refused(answer);
  const object = parsed(answer.body);
  if (isObject(object)) return { ok: true, value: object };
  return { ok: false, fault: { kind: 'other', message: 'the API server gave something that is no Kubernetes object' } };
}
