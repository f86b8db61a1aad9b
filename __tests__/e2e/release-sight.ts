import { readdirSync, readFileSync } from 'node:fs';
import type { ClusterReader } from '../support/cluster-reader.ts';
import { isAlive } from '../support/process-tree.ts';

export interface SeenRecord {
  readonly uid: string;
  readonly revision: number;
  readonly status: string;
  /** Chartship's; of another revision where helm copied the labels. */
  readonly verdict: string;
}

/** A release of the slow chart and those who work on it, seen from outside. */
export interface Sight {
  /** Newest first. */
  readonly records: readonly SeenRecord[];
  readonly newest: SeenRecord | undefined;
  /** Who holds the Lease: '' when nobody does. */
  readonly holder: string;
  /** The phases of the hook's pod and the test's; '' where there is none. */
  readonly hook: string;
  readonly test: string;
  readonly pods: readonly { readonly version: string; readonly isReady: boolean; readonly isEnding: boolean }[];
  /** The command lines of the helms that work in the namespace. */
  readonly helms: readonly string[];
  /** What the run has printed. */
  readonly printed: string;
}

export async function sightOf(
  { namespace, release }: { readonly namespace: string; readonly release: string },
  printed: string,
  reader: ClusterReader,
): Promise<Sight> {
  const inNamespace = `/api/v1/namespaces/${namespace}`;
  const [secrets, pods, lease] = await Promise.all([
    reader.read(`${inNamespace}/secrets?labelSelector=${encodeURIComponent(`owner=helm,name=${release}`)}`),
    reader.read(`${inNamespace}/pods`),
    reader.read(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/chartship-${release}`),
  ]);
  // biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects, as they are
  const items = (pods?.items ?? []) as any[];
  // biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects, as they are
  const records: SeenRecord[] = ((secrets?.items ?? []) as any[])
    .map(({ metadata: { uid, labels } }) => ({
      uid,
      revision: Number(labels.version),
      status: labels.status,
      verdict: labels['chartship.dev/revision'] === labels.version ? labels['chartship.dev/verdict'] : '',
    }))
    .sort((one, other) => other.revision - one.revision);
  const phaseOf = (name: string): string =>
    items.findLast(
      ({ metadata }) => metadata.name === name || metadata.labels?.['batch.kubernetes.io/job-name'] === name,
    )?.status.phase ?? '';
  return {
    records,
    newest: records[0],
    holder: lease?.spec.holderIdentity ?? '',
    hook: phaseOf(`${release}-hook`),
    test: phaseOf(`${release}-test`),
    pods: items
      .filter(({ metadata }) => metadata.labels?.app === release)
      .map(({ metadata, status }) => ({
        version: metadata.labels.version,
        isReady: status.conditions?.some(
          ({ type, status }: { type: string; status: string }) => type === 'Ready' && status === 'True',
        ),
        isEnding: metadata.deletionTimestamp !== undefined,
      })),
    helms: helmsIn(namespace),
    printed,
  };
}

/** The command lines of all helms on this machine that work in a namespace, whoever started them. */
export function helmsIn(namespace: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const isHelm = args.some((arg) => /(^|\/)helm3?$/.test(arg)) && args.includes(namespace);
      return isHelm && isAlive(Number(pid)) ? [args.join(' ').trim()] : [];
    } catch {
      return []; // it ended between two looks
    }
  });
}
