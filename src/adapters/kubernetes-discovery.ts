import type { KindName } from '../domain/kube-object.ts';
import type { ClusterAnswer, ClusterFault, ServedKind } from '../ports.ts';
import { isFields } from './kubeconfig-merge.ts';
import type { ApiAnswer, ApiRequests } from './kubernetes-requests.ts';

export interface Discovery {
  /** How a kind is served; asks the API server once a group and version, and again for what was not there. */
  find(kind: KindName): Promise<ClusterAnswer<ServedKind>>;
  kinds(): Promise<ClusterAnswer<readonly ServedKind[]>>;
}

/** The path below which a kind's objects are: `/apis/apps/v1/namespaces/prod/deployments`. */
export function collectionPath(kind: ServedKind, namespace: string | undefined): string {
  const within = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${versionPath(kind.apiVersion)}${within}/${kind.resource}`;
}

function versionPath(apiVersion: string): string {
  const parts = apiVersion.split('/').map(encodeURIComponent);
  return parts.length === 1 ? `/api/${parts[0]}` : `/apis/${parts.join('/')}`;
}

/** All groups in one answer: since Kubernetes 1.26, by the final name since 1.30. */
const AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

export function createDiscovery(requests: ApiRequests): Discovery {
  const known = new Map<string, Promise<ClusterAnswer<readonly ServedKind[]>>>();

  const version = async (apiVersion: string): Promise<ClusterAnswer<readonly ServedKind[]>> => {
    const answer = await requests.request({ method: 'GET', path: versionPath(apiVersion) });
    if (answer.ok) return { ok: true, value: resourcesIn(answer.body, apiVersion) };
    return answer.fault.kind === 'not-found' ? { ok: true, value: [] } : { ok: false, fault: answer.fault };
  };

  const find = async (kind: KindName): Promise<ClusterAnswer<ServedKind>> => {
    const { apiVersion } = kind;
    const before = known.get(apiVersion);
    const asked = before ?? version(apiVersion);
    known.set(apiVersion, asked);
    const answer = await asked;
    const found = answer.ok ? answer.value.find((each) => each.kind === kind.kind) : undefined;
    if (found !== undefined) return { ok: true, value: found };
    // A CustomResourceDefinition may have come since, and a fault have passed.
    if (known.get(apiVersion) === asked) known.delete(apiVersion);
    if (before !== undefined) return await find(kind);
    if (!answer.ok) return answer;
    return { ok: false, fault: unknownKind(kind) };
  };

  /** Where the API server doesn't aggregate: the groups one by one. */
  const oneByOne = async (groups: string): Promise<ClusterAnswer<readonly ServedKind[]>> => {
    const versions = ['v1', ...groupVersionsIn(groups)];
    const answers = await Promise.all(
      versions.map(async (apiVersion) => {
        const answer = await requests.request({ method: 'GET', path: versionPath(apiVersion), once: true });
        return answer.ok ? resourcesIn(answer.body, apiVersion) : [];
      }),
    );
    return { ok: true, value: answers.flat() };
  };

  return {
    find,
    kinds: async () => {
      const all = (path: string): Promise<ApiAnswer> => requests.request({ method: 'GET', path, accept: AGGREGATED });
      const [core, groups] = await Promise.all([all('/api'), all('/apis')]);
      if (!core.ok) return { ok: false, fault: core.fault };
      if (!groups.ok) return { ok: false, fault: groups.fault };
      const [ofCore, ofGroups] = [aggregatedIn(core.body), aggregatedIn(groups.body)];
      if (ofCore === undefined || ofGroups === undefined) return await oneByOne(groups.body);
      return { ok: true, value: [...ofCore, ...ofGroups] };
    },
  };
}

function unknownKind({ apiVersion, kind }: KindName): ClusterFault {
  return { kind: 'unknown-kind', message: `the cluster serves no ${kind} of ${apiVersion}` };
}

/** Of an `APIResourceList`; subresources such as `pods/log` are no kinds. */
function resourcesIn(body: string, apiVersion: string): ServedKind[] {
  return fieldsOf(parsed(body).resources).flatMap(({ name, kind, namespaced, group, version }) => {
    if (typeof name !== 'string' || typeof kind !== 'string' || name.includes('/')) return [];
    const own = typeof version === 'string' ? [group, version].filter(Boolean).join('/') : apiVersion;
    return own === apiVersion ? [{ apiVersion, kind, resource: name, namespaced: namespaced === true }] : [];
  });
}

/** Of an `APIGroupDiscoveryList`; `undefined` when it is none. */
function aggregatedIn(body: string): ServedKind[] | undefined {
  const list = parsed(body);
  if (list.kind !== 'APIGroupDiscoveryList') return undefined;
  return fieldsOf(list.items).flatMap((group) => {
    const name = isFields(group.metadata) ? group.metadata.name : undefined;
    return fieldsOf(group.versions).flatMap(({ version, freshness, resources }) => {
      // Of an aggregated API server that can't be reached; the rest of the answer is sound.
      if (freshness === 'Stale' || typeof version !== 'string') return [];
      const apiVersion = typeof name === 'string' && name !== '' ? `${name}/${version}` : version;
      return fieldsOf(resources).flatMap(({ resource, responseKind, scope }) => {
        const kind = isFields(responseKind) ? responseKind.kind : undefined;
        if (typeof resource !== 'string' || typeof kind !== 'string' || kind === '') return [];
        return [{ apiVersion, kind, resource, namespaced: scope === 'Namespaced' }];
      });
    });
  });
}

function groupVersionsIn(body: string): string[] {
  return fieldsOf(parsed(body).groups)
    .flatMap((group) => fieldsOf(group.versions))
    .map(({ groupVersion }) => groupVersion)
    .filter((each) => typeof each === 'string');
}

function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}

function fieldsOf(list: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.filter(isFields) : [];
}
