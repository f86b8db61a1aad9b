import type { KubeObject } from '../kube-object.ts';
import { at, condition, type Fields, fields, list, number, text } from './reading.ts';
import { isObserved } from './release-pods.ts';
import type { Look } from './seen.ts';

const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'];

/** The objects of the manifest that run pods; hooks are helm's to wait for. */
export function workloads(look: Look): KubeObject[] {
  return look.seen.manifest.filter(
    (object) => WORKLOADS.includes(object.kind) && object.metadata.annotations?.['helm.sh/hook'] === undefined,
  );
}

export function podSpecOf(workload: KubeObject): Fields {
  return fields(workload.kind === 'Pod' ? workload.spec : at(workload, 'spec', 'template', 'spec'));
}

export interface Readiness {
  readonly ready: boolean;
  /** Such as `1 of 3 pods are ready`. */
  readonly words: string;
}

/** Whether a workload of the manifest is where it should be, as its controller tells. */
export function readiness(workload: KubeObject, look: Look): Readiness {
  const live = look.live(workload.kind, workload.metadata.name);
  if (live === undefined) return { ready: false, words: 'it is not in the cluster' };
  const status = fields(live.status);
  if (workload.kind === 'Job') {
    const ready = condition(live, 'Complete')?.status === 'True';
    return { ready, words: ready ? 'it is complete' : 'it is not complete' };
  }
  if (!isObserved(live)) return { ready: false, words: 'its controller has not looked at it yet' };
  const wanted =
    live.kind === 'DaemonSet' ? number(status.desiredNumberScheduled) : number(at(live, 'spec', 'replicas') ?? 1);
  const ready = number(live.kind === 'DaemonSet' ? status.numberReady : status.readyReplicas);
  // With `OnDelete` pods of the older revision are no fault.
  const strategy = text(at(live, 'spec', 'updateStrategy', 'type'));
  const updated = number(live.kind === 'DaemonSet' ? status.updatedNumberScheduled : status.updatedReplicas);
  const isUpdated =
    strategy === 'OnDelete' ||
    number(at(live, 'spec', 'updateStrategy', 'rollingUpdate', 'partition')) > 0 ||
    updated >= wanted;
  // Pods of the older revision that still run beside the new ones are ready, too.
  const old = live.kind === 'Deployment' ? Math.max(0, number(status.replicas) - updated) : 0;
  const pods = wanted === 1 ? 'pod is' : 'pods are';
  const words =
    old > 0
      ? `${old} of ${number(status.replicas)} pods ${old === 1 ? 'is' : 'are'} of an older revision`
      : ready < wanted
        ? `${ready} of ${wanted} ${pods} ready`
        : `${updated} of ${wanted} ${pods} of the new revision`;
  return { ready: ready >= wanted && isUpdated && old === 0, words };
}

/** What a pod's containers are configured with: commands, variables, and what their ConfigMaps and Secrets in the manifest hold. */
function configurationOf(workload: KubeObject, look: Look): { text: string; isWhole: boolean } {
  const spec = podSpecOf(workload);
  const texts: string[] = [];
  let isWhole = true;
  const add = (kind: 'ConfigMap' | 'Secret', name: string): void => {
    if (name === '') return;
    const object = look.inManifest(kind, name);
    if (object === undefined) isWhole = false;
    else texts.push(...dataOf(object));
  };
  for (const container of [...list(spec.initContainers), ...list(spec.containers)]) {
    texts.push(JSON.stringify([container.command, container.args]));
    for (const variable of list(container.env)) {
      texts.push(text(variable.value));
      add('ConfigMap', text(at(variable, 'valueFrom', 'configMapKeyRef', 'name')));
      add('Secret', text(at(variable, 'valueFrom', 'secretKeyRef', 'name')));
    }
    for (const source of list(container.envFrom)) {
      add('ConfigMap', text(at(source, 'configMapRef', 'name')));
      add('Secret', text(at(source, 'secretRef', 'name')));
    }
  }
  for (const volume of list(spec.volumes)) {
    for (const source of [volume, ...list(at(volume, 'projected', 'sources'))]) {
      add('ConfigMap', text(at(source, 'configMap', 'name')));
      add('Secret', text(at(source, 'secret', 'secretName')) || text(at(source, 'secret', 'name')));
    }
  }
  return { text: texts.join('\n'), isWhole };
}

/** The decoded texts of a ConfigMap or Secret. They are looked at for names of Services, and go nowhere. */
function dataOf(object: KubeObject): string[] {
  const plain = [
    ...Object.values(fields(object.stringData)),
    ...(object.kind === 'ConfigMap' ? Object.values(fields(object.data)) : []),
  ];
  const encoded = object.kind === 'Secret' ? Object.values(fields(object.data)) : [];
  return [...plain.map(text), ...encoded.map((each) => Buffer.from(text(each), 'base64').toString('utf8'))];
}

/** The names under which others of the release reach a workload. */
function serviceNames(workload: KubeObject, look: Look): string[] {
  const labels = fields(at(workload, 'spec', 'template', 'metadata', 'labels'));
  return look.seen.manifest
    .filter(({ kind }) => kind === 'Service')
    .filter((service) => {
      const selector = Object.entries(fields(at(service, 'spec', 'selector')));
      return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
    })
    .map(({ metadata }) => metadata.name);
}

/**
 * What each workload waits for, by name (`Deployment/agent`): the workloads whose Services its configuration names,
 * and the Jobs of the release. Where that can't be seen (nothing is named, or it is configured by what is not in the
 * manifest) it is every other one that doesn't wait for it.
 */
export function dependencies(look: Look): ReadonlyMap<string, readonly string[]> {
  const all = workloads(look);
  const nameOf = (workload: KubeObject): string => `${workload.kind}/${workload.metadata.name}`;
  const services = new Map(all.map((each) => [nameOf(each), serviceNames(each, look)]));
  const named = new Map<string, string[]>();
  const isWhole = new Map<string, boolean>();
  for (const workload of all) {
    const own = services.get(nameOf(workload)) ?? [];
    const configuration = configurationOf(workload, look);
    const mentions = (service: string): boolean => !own.includes(service) && names(configuration.text, service);
    named.set(
      nameOf(workload),
      all.map(nameOf).filter((other) => other !== nameOf(workload) && services.get(other)?.some(mentions) === true),
    );
    isWhole.set(nameOf(workload), configuration.isWhole);
  }
  return new Map(
    all.map((workload) => {
      const name = nameOf(workload);
      const known = named.get(name) ?? [];
      const others = all.map(nameOf).filter((other) => other !== name && named.get(other)?.includes(name) !== true);
      if (known.length === 0 || isWhole.get(name) === false) return [name, [...new Set([...known, ...others])]];
      return [name, [...new Set([...known, ...others.filter((other) => other.startsWith('Job/'))])]];
    }),
  );
}

/** Whether a text holds a name that is not a part of a longer one. */
function names(within: string, name: string): boolean {
  if (name === '') return false;
  for (let start = within.indexOf(name); start !== -1; start = within.indexOf(name, start + 1)) {
    const around = [within[start - 1], within[start + name.length]];
    if (around.every((mark) => mark === undefined || !/[a-z0-9-]/.test(mark))) return true;
  }
  return false;
}
