import type { KubeObject } from '../kube-object.ts';
import type { Container } from './container.ts';
import { at, condition, fields, list, text } from './reading.ts';
import type { ReleasePod } from './release-pods.ts';
import type { Look } from './seen.ts';
import type { Trouble } from './trouble.ts';
import { podSpecOf } from './workload.ts';

type ConfigKind = 'Secret' | 'ConfigMap';

interface Missing {
  readonly kind: ConfigKind;
  readonly name: string;
  readonly key?: string;
}

/** Seconds that whoever makes it from outside of the release gets: a new namespace is still being furnished. */
const GRACE = 10;

/**
 * A Secret, ConfigMap or key that a pod can't do without. Terminal when it is neither in the cluster nor made by this
 * release nor by an object in it. What is missing is looked up again: the node's word may be older than the object.
 */
export function missingConfig(where: ReleasePod, containers: readonly Container[], look: Look): Trouble[] {
  const { pod } = where;
  const said = [
    ...containers
      .filter(({ waiting }) => waiting?.reason === 'CreateContainerConfigError')
      .map(({ waiting }) => waiting?.message ?? ''),
    // What was mounted in the end is of no interest, and a pod whose containers have started has mounted everything.
    ...(containers.some(({ running, exits }) => running || exits > 0)
      ? []
      : look.events(pod, 'FailedMount').map(({ message }) => message)),
  ];
  const missing = new Map<string, Missing>();
  for (const each of said.flatMap((message) => missingIn(message, pod)))
    missing.set(`${each.kind}/${each.name}/${each.key ?? ''}`, each);
  return [...missing.values()].flatMap((each) => {
    const found = look.lookUp({
      apiVersion: 'v1',
      kind: each.kind,
      namespace: pod.metadata.namespace ?? '',
      name: each.name,
    });
    if (found !== undefined && found !== null && (each.key === undefined || hasKey(found, each.key))) return [];
    const lasts = look.lasting(`missing ${each.kind}/${each.name}/${each.key ?? ''}`);
    const maker = makerOf(each, where, look);
    const isSure = found === null || (found !== undefined && each.key !== undefined);
    return [
      {
        cause: {
          code: 'missing-config',
          resource: `Pod/${pod.metadata.name}`,
          message: sentence(each, found ?? null, maker),
          hint: hintOf(each, maker),
        },
        terminal: where.revision === 'new' && isSure && maker === undefined && lasts >= GRACE,
        logs: [],
        blame: { kind: 'name', name: each.key !== undefined && found ? each.key : each.name },
        of: where.of,
        waitsFor: [],
      } satisfies Trouble,
    ];
  });
}

/** The kubelet's words → what is missing. */
function missingIn(message: string, pod: KubeObject): Missing[] {
  const key = /couldn't find key (\S+) in (Secret|ConfigMap) (?:[^/\s]+\/)?([^\s,]+)/i.exec(message);
  if (key !== null) return [{ kind: kindOf(key[2]), name: key[3] ?? '', key: key[1] ?? '' }];
  const absent = [...message.matchAll(/(secret|configmap)s? "([^"]+)" not found/gi)];
  if (absent.length > 0) return absent.map((found) => ({ kind: kindOf(found[1]), name: found[2] ?? '' }));
  const unregistered = /object "[^"]*"\/"([^"]+)" not registered/.exec(message);
  const inVolume = /for volume "([^"]+)"/.exec(message)?.[1];
  const volume = list(at(pod, 'spec', 'volumes')).find(({ name }) => name === inVolume);
  if (volume === undefined || unregistered !== null) return [];
  const keys = /references non-existent (?:secret|config) key: (\S+)/.exec(message)?.[1];
  if (keys === undefined) return [];
  const sources = [volume, ...list(at(volume, 'projected', 'sources'))];
  return sources.flatMap((source) =>
    (['secret', 'configMap'] as const).flatMap((field) => {
      if (!list(at(source, field, 'items')).some((item) => item.key === keys)) return [];
      const name = text(at(source, field, 'secretName')) || text(at(source, field, 'name'));
      return [{ kind: kindOf(field), name, key: keys }];
    }),
  );
}

function kindOf(word: string | undefined): ConfigKind {
  return word?.toLowerCase() === 'secret' ? 'Secret' : 'ConfigMap';
}

function hasKey(object: KubeObject, key: string): boolean {
  return [object.data, object.binaryData, object.stringData].some((data) => key in fields(data));
}

/** Groups of Kubernetes itself: what is outside of them may be somebody's order for a Secret. */
const BUILT_IN = /^(v1|(apps|batch|autoscaling|policy|[a-z.]+\.k8s\.io)\/.*)$/;

/** The object of this release that makes, or may yet make, what is missing. */
function makerOf(missing: Missing, where: ReleasePod, look: Look): string | undefined {
  for (const object of look.seen.manifest) {
    const name = `${object.kind}/${object.metadata.name}`;
    if (object.kind === missing.kind && object.metadata.name === missing.name) {
      if (missing.key === undefined || hasKey(object, missing.key)) return name;
    } else if (isOrder(object, missing) || (name !== where.of && mayMake(object, missing, look))) return name;
  }
  return undefined;
}

/** An ExternalSecret, a SealedSecret, a Certificate, an operator's own kind: it names the Secret or is its namesake. */
function isOrder(object: KubeObject, { name }: Missing): boolean {
  const isForCertManager = Object.keys(object.metadata.annotations ?? {}).some((key) =>
    /^(cert-manager\.io\/(cluster-)?issuer|kubernetes\.io\/tls-acme)/.test(key),
  );
  if (BUILT_IN.test(object.apiVersion) && !isForCertManager) return false;
  return name === object.metadata.name || name.startsWith(`${object.metadata.name}-`) || holds(object.spec, name);
}

function holds(value: unknown, name: string): boolean {
  if (typeof value === 'string') return value === name;
  if (Array.isArray(value)) return value.some((each) => holds(each, name));
  return Object.values(fields(value)).some((each) => holds(each, name));
}

/** A Job or workload that speaks of the Secret in its command or variables, or one that may create Secrets at all. */
function mayMake(object: KubeObject, { kind, name }: Missing, look: Look): boolean {
  if (object.kind === 'Role' || object.kind === 'ClusterRole') {
    return list(object.rules).some((rule) => {
      const says = (field: string, ...values: string[]): boolean => {
        const all = rule[field];
        return Array.isArray(all) && values.some((value) => all.includes(value) || all.includes('*'));
      };
      return says('apiGroups', '') && says('resources', `${kind.toLowerCase()}s`) && says('verbs', 'create', 'patch');
    });
  }
  if (!['Job', 'Deployment', 'StatefulSet', 'DaemonSet', 'Pod'].includes(object.kind)) return false;
  const live = look.live(object.kind, object.metadata.name);
  const isOver = live !== undefined && ['Complete', 'Failed'].some((type) => condition(live, type)?.status === 'True');
  if (object.kind === 'Job' && isOver) return false;
  const spec = podSpecOf(object);
  return [...list(spec.initContainers), ...list(spec.containers)].some((container) => {
    const spoken = JSON.stringify([container.command, container.args, list(container.env).map(({ value }) => value)]);
    return spoken.includes(name);
  });
}

function sentence({ kind, name, key }: Missing, found: KubeObject | null, maker: string | undefined): string {
  const what =
    key !== undefined && found !== null
      ? `the ${kind} ${name} has no key ${key}`
      : `the ${kind} ${name} does not exist`;
  return maker === undefined || maker === `${kind}/${name}` ? what : `${what} yet; ${maker} may make it`;
}

function hintOf({ kind, name, key }: Missing, maker: string | undefined): string {
  if (maker !== undefined && maker !== `${kind}/${name}`)
    return `Look at what ${maker} says: kubectl describe ${maker}`;
  return key === undefined
    ? `Create the ${kind} in the namespace, or correct its name in the values.`
    : `Add the key ${key}, or correct its name in the values.`;
}
