import { type Fields, fields, list, text } from '../diagnosis/reading.ts';
import { objectNameFaults } from './needed-texts.ts';
import { addAll, fault, isEmptyText, missing, needsSome, oneOf, type ServerFault } from './server-fault.ts';

/** k8s.io/kubernetes, pkg/apis/rbac/validation: ValidateRoleBinding. */
export function roleBindingFaults({ roleRef, subjects }: Fields): ServerFault[] {
  return [...ofReference(fields(roleRef), ['Role', 'ClusterRole']), ...ofSubjects(subjects, true)];
}

export function clusterRoleBindingFaults({ roleRef, subjects }: Fields): ServerFault[] {
  return [...ofReference(fields(roleRef), ['ClusterRole']), ...ofSubjects(subjects, false)];
}

const GROUP = 'rbac.authorization.k8s.io';

function ofReference({ kind, name, apiGroup }: Fields, kinds: readonly string[]): ServerFault[] {
  const faults = [...oneOf(apiGroup, [GROUP], ['roleRef', 'apiGroup'])];
  if (kind === '' || name === '')
    faults.push(fault('schema/required', ['roleRef', kind === '' ? 'kind' : 'name'], 'is empty'));
  return [...faults, ...oneOf(kind, kinds, ['roleRef', 'kind'])];
}

function ofSubjects(subjects: unknown, isInNamespace: boolean): ServerFault[] {
  return list(subjects).flatMap(({ kind, name, namespace, apiGroup }, index) => {
    const path = ['subjects', String(index)];
    const faults = oneOf(kind, ['ServiceAccount', 'User', 'Group'], [...path, 'kind']);
    if (name === '') faults.push(fault('schema/required', [...path, 'name'], 'is empty'));
    if (kind === 'ServiceAccount') {
      addAll(faults, oneOf(apiGroup, [''], [...path, 'apiGroup']), objectNameFaults(name, [...path, 'name']));
      if (!isInNamespace && isEmptyText(namespace))
        faults.push(missing([...path, 'namespace'], 'a ServiceAccount is in one'));
    } else if (kind === 'User' || kind === 'Group') addAll(faults, oneOf(apiGroup, [GROUP], [...path, 'apiGroup']));
    return faults;
  });
}

export function roleFaults(object: Fields): ServerFault[] {
  return ofRules(object, false);
}

export function clusterRoleFaults(object: Fields): ServerFault[] {
  return ofRules(object, true);
}

function ofRules({ rules }: Fields, isForCluster: boolean): ServerFault[] {
  return list(rules).flatMap((rule, index) => {
    const path = ['rules', String(index)];
    const { verbs, resources, apiGroups, nonResourceURLs: urls } = rule;
    const isNone = (value: unknown): boolean => !Array.isArray(value) || value.length === 0;
    if (isNone(verbs)) return needsSome(verbs, [...path, 'verbs']);
    if (isNone(urls)) {
      const why = 'there must be one at least; that of pods and the like is ""';
      return [...needsSome(apiGroups, [...path, 'apiGroups'], why), ...needsSome(resources, [...path, 'resources'])];
    }
    const at = [...path, 'nonResourceURLs'];
    if (!isForCluster) return [fault('schema/value', at, 'are for a ClusterRole')];
    return [resources, apiGroups, rule.resourceNames].every(isNone)
      ? []
      : [fault('schema/value', at, 'may not stand beside resources')];
  });
}

/** k8s.io/kubernetes, pkg/apis/scheduling/validation: ValidatePriorityClass. */
export function priorityClassFaults({ value, metadata }: Fields): ServerFault[] {
  const isSystems = text(fields(metadata).name).startsWith('system-');
  if (typeof value !== 'number' || value <= 1_000_000_000 || isSystems) return [];
  return [fault('schema/range', ['value'], `${value} is more than 1000000000, and what is above is the system's`)];
}

/** k8s.io/kubernetes, pkg/apis/admissionregistration/validation: the names of webhooks. */
export function webhookFaults({ webhooks }: Fields): ServerFault[] {
  return list(webhooks).flatMap(({ name }, index) => {
    if (typeof name !== 'string' || name.split('.').length >= 3) return [];
    return [
      fault(
        'schema/name',
        ['webhooks', String(index), 'name'],
        'must be a domain of three parts at least, such as check.example.com',
      ),
    ];
  });
}
