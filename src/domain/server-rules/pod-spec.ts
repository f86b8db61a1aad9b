import { type Fields, fields, list } from '../diagnosis/reading.ts';
import { isLabel, isQualifiedName, isSubdomain } from '../object-names.ts';
import { isIpAddress } from '../string-formats.ts';
import { filledText, objectNameFaults } from './needed-texts.ts';
import { resourceFaults } from './resources.ts';
import { podSecurityFaults } from './security.ts';
import {
  addAll,
  between,
  fault,
  isEmptyText,
  isGiven,
  oneOf,
  type ServerFault,
  type Since,
  shown,
} from './server-fault.ts';

/** Kinds whose pods run until they are told to end; those of the others are to come to an end. */
const ENDLESS = ['/ReplicationController', 'apps/DaemonSet', 'apps/Deployment', 'apps/ReplicaSet', 'apps/StatefulSet'];
const ENDING = ['batch/CronJob', 'batch/Job'];

/** What depends on whose pods they are; of a StatefulSet's every version looks at it. */
export function lifetimeFaults(spec: Fields, path: readonly string[], id: string): ServerFault[] {
  const { restartPolicy, activeDeadlineSeconds } = spec;
  const at = [...path, 'restartPolicy'];
  const kind = id.slice(id.indexOf('/') + 1);
  if (ENDING.includes(id)) {
    const why = `the pods of a ${kind} need OnFailure or Never`;
    if (!isGiven(restartPolicy)) return [fault('schema/required', path, `restartPolicy is missing: ${why}`)];
    if (restartPolicy === '') return [fault('schema/required', at, `restartPolicy is empty: ${why}`)];
    return restartPolicy === 'Always'
      ? [fault('schema/enum', at, `"Always" is not one of OnFailure, Never: ${why}`)]
      : [];
  }
  if (!ENDLESS.includes(id)) return [];
  const faults: ServerFault[] = [];
  if (restartPolicy === 'OnFailure' || restartPolicy === 'Never') {
    faults.push(fault('schema/enum', at, `"${restartPolicy}" is not Always, as it is in the pods of a ${kind}`));
  }
  if (isGiven(activeDeadlineSeconds)) {
    const message = `the pods of a ${kind} may not have it`;
    faults.push(fault('schema/value', [...path, 'activeDeadlineSeconds'], message));
  }
  return faults;
}

/** What is refused of a pod beside its containers, its volumes and where it runs. */
export function podSpecFaults(spec: Fields, path: readonly string[], id: string, since: Since): ServerFault[] {
  const { containers, ephemeralContainers, resources, securityContext, activeDeadlineSeconds, os } = spec;
  const faults = [...nameFaults(spec, path, id), ...dnsFaults(spec, path), ...hostAliasFaults(spec, path)];
  if (Array.isArray(containers) && containers.length === 0) {
    faults.push(fault('schema/required', [...path, 'containers'], 'containers is empty'));
  }
  if (Array.isArray(ephemeralContainers) && ephemeralContainers.length > 0) {
    const message = 'a pod only gets ephemeral containers once it runs';
    faults.push(fault('schema/value', [...path, 'ephemeralContainers'], message));
  }
  if (isGiven(activeDeadlineSeconds) && !ENDLESS.includes(id)) {
    addAll(faults, between(activeDeadlineSeconds, 1, 2 ** 31 - 1, [...path, 'activeDeadlineSeconds']));
  }
  if (isGiven(securityContext)) addAll(faults, podSecurityFaults(spec, [...path, 'securityContext']));
  // Before 1.34 they are dropped.
  if (isGiven(resources) && since(34)) {
    addAll(faults, resourceFaults(fields(resources), [...path, 'resources'], 'pod', 'error'));
  }
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    faults.push(fault('schema/value', [...path, 'shareProcessNamespace'], 'it may not be true with hostPID'));
  }
  addAll(faults, gateFaults(spec, path));
  if (isGiven(os)) {
    addAll(faults, filledText(fields(os), 'name', [...path, 'os']));
    addAll(faults, oneOf(fields(os).name, ['linux', 'windows'], [...path, 'os', 'name']));
  }
  return faults;
}

/** What a pod waits for. */
const GATES = { readinessGates: 'conditionType', schedulingGates: 'name' };

function gateFaults(spec: Fields, path: readonly string[]): ServerFault[] {
  return Object.entries(GATES).flatMap(([field, key]) =>
    list(spec[field]).flatMap((gate, index) => {
      const name = gate[key];
      if (typeof name !== 'string' || isQualifiedName(name)) return [];
      const message = `${shown(name)} is not the ${key} of a gate: at most 63 letters, digits, - _ . that begin and end with a letter or digit, after a DNS subdomain and / or not`;
      return [fault('schema/name', [...path, field, String(index), key], message)];
    }),
  );
}

function nameFaults(spec: Fields, path: readonly string[], id: string): ServerFault[] {
  const faults = ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'].flatMap((field) =>
    isGiven(spec[field]) ? objectNameFaults(spec[field], [...path, field]) : [],
  );
  // The old name of serviceAccountName counts where that is empty.
  if (isEmptyText(spec.serviceAccountName)) {
    addAll(faults, objectNameFaults(spec.serviceAccount, [...path, 'serviceAccount']));
  }
  for (const field of ['runtimeClassName', 'preemptionPolicy']) addAll(faults, filledText(spec, field, path));
  // Those of a StatefulSet's pods are set by its controller, whatever stands there.
  for (const field of id === 'apps/StatefulSet' ? [] : ['hostname', 'subdomain']) {
    const name = spec[field];
    if (typeof name !== 'string' || name === '' || isLabel(name)) continue;
    const message = `${shown(name)} is not a DNS label: lower-case letters, digits and -, at most 63, with a letter or digit at each end`;
    faults.push(fault('schema/name', [...path, field], message));
  }
  return faults;
}

function dnsFaults({ dnsPolicy, dnsConfig }: Fields, path: readonly string[]): ServerFault[] {
  const at = [...path, 'dnsConfig'];
  if (!isGiven(dnsConfig)) {
    if (dnsPolicy !== 'None') return [];
    return [fault('schema/required', [...path, 'dnsPolicy'], 'dnsConfig is missing: the dnsPolicy None needs it')];
  }
  const { nameservers, searches, options } = fields(dnsConfig);
  const servers: readonly unknown[] = Array.isArray(nameservers) ? nameservers : [];
  const domains: readonly unknown[] = Array.isArray(searches) ? searches : [];
  const faults: ServerFault[] = [];
  if (dnsPolicy === 'None' && servers.length === 0) {
    const message = 'nameservers has none: the dnsPolicy None needs one';
    faults.push(fault('schema/required', isGiven(nameservers) ? [...at, 'nameservers'] : at, message));
  }
  if (servers.length > 3) {
    faults.push(
      fault('schema/range', [...at, 'nameservers'], `${servers.length} are more than the 3 that may be given`),
    );
  }
  for (const [index, server] of servers.entries()) {
    addAll(faults, addressFaults(server, [...at, 'nameservers', String(index)]));
  }
  if (domains.length > 32) {
    faults.push(fault('schema/range', [...at, 'searches'], `${domains.length} are more than the 32 that may be given`));
  }
  for (const [index, domain] of domains.entries()) {
    if (typeof domain !== 'string' || domain === '.') continue;
    // Since 1.33 an underscore is allowed, and the rules of names for the rest.
    if (isSubdomain(domain.replace(/\.$/, '').replaceAll('_', 'a'))) continue;
    faults.push(fault('schema/name', [...at, 'searches', String(index)], `${shown(domain)} is not a DNS domain`));
  }
  for (const [index, option] of list(options).entries()) {
    const own = [...at, 'options', String(index)];
    if (!isGiven(option.name)) faults.push(fault('schema/required', own, 'name is missing'));
    addAll(faults, filledText(option, 'name', own));
  }
  return faults;
}

function hostAliasFaults({ hostAliases }: Fields, path: readonly string[]): ServerFault[] {
  return list(hostAliases).flatMap(({ ip, hostnames }, index) => {
    const own = [...path, 'hostAliases', String(index)];
    const names: readonly unknown[] = Array.isArray(hostnames) ? hostnames : [];
    return [
      ...addressFaults(ip, [...own, 'ip']),
      ...names.flatMap((name, at) => {
        if (typeof name !== 'string' || isSubdomain(name)) return [];
        const message = `${shown(name)} is not the name of a host: lower-case letters, digits, - and ., with a letter or digit at each end`;
        return [fault('schema/name', [...own, 'hostnames', String(at)], message)];
      }),
    ];
  });
}

function addressFaults(address: unknown, path: readonly string[]): ServerFault[] {
  if (typeof address !== 'string' || isIpAddress(address)) return [];
  return [fault('schema/format', path, `${shown(address)} is no IP address`)];
}
