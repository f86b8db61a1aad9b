import { type Fields, fields, list } from '../diagnosis/reading.ts';
import { relativeFaults } from './local-paths.ts';
import { filledText } from './needed-texts.ts';
import { addAll, between, fault, isGiven, type ServerFault, shown } from './server-fault.ts';

/** A container's `securityContext`. */
export function containerSecurityFaults(context: Fields, path: readonly string[]): ServerFault[] {
  const faults = sharedFaults(context, path);
  if (context.allowPrivilegeEscalation !== false) return faults;
  const own = [...path, 'allowPrivilegeEscalation'];
  const { add } = fields(context.capabilities);
  if (context.privileged === true) {
    faults.push(fault('schema/value', own, 'it may not be false in a privileged container'));
  } else if (Array.isArray(add) && add.includes('CAP_SYS_ADMIN')) {
    faults.push(fault('schema/value', own, 'it may not be false with the capability CAP_SYS_ADMIN'));
  }
  return faults;
}

/** A pod's `securityContext`. */
export function podSecurityFaults(spec: Fields, path: readonly string[]): ServerFault[] {
  const context = fields(spec.securityContext);
  const faults = [
    ...sharedFaults(context, path),
    ...idFaults(context.fsGroup, [...path, 'fsGroup']),
    ...filledText(context, 'fsGroupChangePolicy', path),
  ];
  const { supplementalGroups } = context;
  if (Array.isArray(supplementalGroups)) {
    addAll(
      faults,
      supplementalGroups.flatMap((group, index) => idFaults(group, [...path, 'supplementalGroups', String(index)])),
    );
  }
  const names = new Set<unknown>();
  for (const [index, sysctl] of list(context.sysctls).entries()) {
    const own = [...path, 'sysctls', String(index)];
    addAll(faults, filledText(sysctl, 'name', own), sysctlFaults(sysctl.name, spec, [...own, 'name']));
    if (names.has(sysctl.name)) {
      faults.push(fault('schema/duplicate-entry', own, 'a sysctl of the same name is in this list before'));
    }
    names.add(sysctl.name);
  }
  return faults;
}

function sharedFaults({ runAsUser, runAsGroup, seccompProfile, appArmorProfile }: Fields, path: readonly string[]) {
  return [
    ...idFaults(runAsUser, [...path, 'runAsUser']),
    ...idFaults(runAsGroup, [...path, 'runAsGroup']),
    ...(isGiven(seccompProfile) ? profileFaults(fields(seccompProfile), [...path, 'seccompProfile'], 'file') : []),
    ...(isGiven(appArmorProfile) ? profileFaults(fields(appArmorProfile), [...path, 'appArmorProfile'], 'name') : []),
  ];
}

function idFaults(id: unknown, path: readonly string[]): ServerFault[] {
  return isGiven(id) ? between(id, 0, 2 ** 31 - 1, path) : [];
}

/** Of seccomp a node's own profile is a file, of AppArmor a name. */
function profileFaults(profile: Fields, path: readonly string[], is: 'file' | 'name'): ServerFault[] {
  const { type, localhostProfile: local } = profile;
  const at = [...path, 'localhostProfile'];
  if (type === '') return filledText(profile, 'type', path);
  if (type !== 'Localhost') {
    if (!isGiven(local) || typeof type !== 'string') return [];
    return [fault('schema/value', at, 'it may only be given with the type Localhost')];
  }
  if (!isGiven(local)) {
    return [fault('schema/required', path, 'localhostProfile is missing: the type Localhost needs it')];
  }
  if (is === 'file') return relativeFaults(local, at);
  const empty = filledText(profile, 'localhostProfile', path);
  if (empty.length > 0 || typeof local !== 'string' || local.trim() === local) return empty;
  return [fault('schema/value', at, `${shown(local)} has blanks around it`)];
}

/** What isn't the pod's own where it shares the host's. */
const ON_THE_HOST = {
  hostNetwork: /^net\./,
  hostIPC: /^(?:kernel\.(?:sem|shm(?:all|max|mni|_rmid_forced)?|msg(?:max|mnb|mni)?)$|fs\.mqueue\.)/,
};

function sysctlFaults(name: unknown, spec: Fields, path: readonly string[]): ServerFault[] {
  if (typeof name !== 'string' || name === '') return [];
  if (name.length > 253 || !/^[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?(?:[./][a-z0-9](?:[-_a-z0-9]*[a-z0-9])?)*$/.test(name)) {
    const message = `${shown(name)} is not the name of a sysctl: lower-case letters, digits, - and _, with . or / between, at most 253`;
    return [fault('schema/name', path, message)];
  }
  // Where / comes first it divides, and a dot belongs to a name.
  const dotted = /^[^.]*\//.test(name) ? name.replace(/[./]/g, (sign) => (sign === '.' ? '/' : '.')) : name;
  return Object.entries(ON_THE_HOST).flatMap(([field, names]) => {
    if (spec[field] !== true || !names.test(dotted)) return [];
    return [fault('schema/value', path, `${shown(name)} would be the host's with ${field}`)];
  });
}
