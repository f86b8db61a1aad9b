import type { Fields } from '../diagnosis/reading.ts';
import type { PodTemplate, ReleaseObject } from './release-object.ts';

/**
 * Labels that Kubernetes itself puts on pods, and which pods of a template can get such a value. A Service for each
 * pod of a StatefulSet selects by one of them.
 * https://kubernetes.io/docs/reference/labels-annotations-taints/
 */
const GIVEN = new Map<string, (value: string, template: PodTemplate) => boolean>([
  [
    'statefulset.kubernetes.io/pod-name',
    (value, { owner }) => isOfSet(owner) && value.replace(/-[0-9]+$/, '') === owner.name && value !== owner.name,
  ],
  ['apps.kubernetes.io/pod-index', (value, { owner }) => isOfSet(owner) && /^[0-9]+$/.test(value)],
  ['controller-revision-hash', (_, { owner }) => isOfSet(owner) || owner.kind === 'DaemonSet'],
  ['pod-template-hash', (_, { owner }) => owner.kind === 'Deployment'],
  ['batch.kubernetes.io/job-completion-index', (value, { owner }) => isOfJob(owner) && /^[0-9]+$/.test(value)],
  ['batch.kubernetes.io/job-name', (value, { owner }) => isOfJob(owner) && value.startsWith(owner.name)],
  ['job-name', (value, { owner }) => isOfJob(owner) && value.startsWith(owner.name)],
  ['batch.kubernetes.io/controller-uid', (_, { owner }) => isOfJob(owner)],
  ['controller-uid', (_, { owner }) => isOfJob(owner)],
  ['topology.kubernetes.io/region', () => true],
  ['topology.kubernetes.io/zone', () => true],
]);

function isOfSet({ kind }: ReleaseObject): boolean {
  return kind === 'StatefulSet';
}

/** A CronJob's Jobs have its name and a number. */
function isOfJob({ kind }: ReleaseObject): boolean {
  return kind === 'Job' || kind === 'CronJob';
}

/** Whether it is one of these labels, which a template needn't have. */
export function isAdded(label: string): boolean {
  return GIVEN.has(label);
}

/** Whether pods of a template have all of these labels: as it says, or as they are added. */
export function getsLabels(wanted: Fields, template: PodTemplate): boolean {
  for (const key in wanted) {
    if (template.labels[key] === wanted[key]) continue;
    if (GIVEN.get(key)?.(String(wanted[key]), template) !== true) return false;
  }
  return true;
}
