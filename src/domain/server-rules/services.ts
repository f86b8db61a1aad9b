import { at, type Fields, fields, list, text } from '../diagnosis/reading.ts';
import { isQualifiedName, isSubdomain } from '../object-names.ts';
import { isIpAddress } from '../string-formats.ts';
import { labelFaults } from './labels.ts';
import {
  addAll,
  between,
  fault,
  isEmptyText,
  isGiven,
  missing,
  needsSome,
  type ServerFault,
  type Since,
  shown,
} from './server-fault.ts';
import { address, addressRange, label, portName } from './texts.ts';

/** k8s.io/kubernetes, pkg/apis/core/validation: ValidateService. */
export function serviceFaults(object: Fields): ServerFault[] {
  const spec = fields(object.spec);
  const type = text(spec.type) || 'ClusterIP';
  const isHeadless = spec.clusterIP === 'None';
  return [
    ...ofType(spec, type, isHeadless),
    ...ofPorts(spec, type, isHeadless),
    ...labelFaults(spec.selector, ['spec', 'selector']),
    ...listOf(spec.externalIPs, ['spec', 'externalIPs'], address),
  ];
}

function ofType(spec: Fields, type: string, isHeadless: boolean): ServerFault[] {
  const faults: ServerFault[] = [];
  const { clusterIP, externalName, loadBalancerSourceRanges: ranges } = spec;
  const reject = (key: string, message: string): void =>
    void faults.push(fault('schema/value', ['spec', key], message));
  const isOutside = type === 'LoadBalancer' || type === 'NodePort';
  if (type === 'ExternalName') {
    if (!isEmptyText(clusterIP)) reject('clusterIP', 'is not for the type ExternalName');
    const name = text(externalName).replace(/\.$/, '');
    if (name === '') faults.push(missing(['spec', 'externalName'], 'the type is ExternalName'));
    else if (!isSubdomain(name))
      faults.push(fault('schema/name', ['spec', 'externalName'], `${shown(name)} is no host name`));
  } else if (isHeadless) {
    if (isOutside) reject('clusterIP', `None is not for the type ${type}`);
  } else if (typeof clusterIP === 'string' && clusterIP !== '' && !isIpAddress(clusterIP)) {
    faults.push(fault('schema/format', ['spec', 'clusterIP'], `${shown(clusterIP)} is neither None nor an IP address`));
  }
  if (type !== 'LoadBalancer') {
    for (const key of ['loadBalancerSourceRanges', 'loadBalancerClass'])
      if (isGiven(spec[key]) && !(Array.isArray(spec[key]) && list(spec[key]).length === 0))
        reject(key, 'is for the type LoadBalancer alone');
  } else addAll(faults, listOf(ranges, ['spec', 'loadBalancerSourceRanges'], trimmedRange));
  if (!isOutside && !isEmptyText(spec.externalTrafficPolicy) && !hasAddresses(spec))
    reject('externalTrafficPolicy', `is for the types NodePort and LoadBalancer, and this is ${type}`);
  return faults;
}

/** With addresses of its own outside, it is reached from there whatever its type. */
function hasAddresses({ externalIPs, type }: Fields): boolean {
  return Array.isArray(externalIPs) && externalIPs.length > 0 && type !== 'ExternalName';
}

function trimmedRange(value: unknown, path: readonly string[]): ServerFault[] {
  return addressRange(typeof value === 'string' ? value.trim() : value, path);
}

function ofPorts(spec: Fields, type: string, isHeadless: boolean): ServerFault[] {
  const ports = list(spec.ports);
  if (ports.length === 0) return isHeadless || type === 'ExternalName' ? [] : needsSome(spec.ports, ['spec', 'ports']);
  return ports.flatMap((port, index) => {
    const path = ['spec', 'ports', String(index)];
    const { name, port: number, targetPort, nodePort, appProtocol } = port;
    const faults = [
      ...label(name, [...path, 'name']),
      ...between(number, 1, 65535, [...path, 'port']),
      // 0 and an empty text are the port itself.
      ...(targetPort === 0 ? [] : between(targetPort, 1, 65535, [...path, 'targetPort'])),
      ...portName(targetPort, [...path, 'targetPort']),
    ];
    if (isEmptyText(name) && ports.length > 1) faults.push(missing([...path, 'name'], 'of several ports each has one'));
    if (typeof nodePort === 'number' && nodePort !== 0 && type === 'ClusterIP')
      faults.push(fault('schema/value', [...path, 'nodePort'], 'is for the types NodePort and LoadBalancer'));
    if (typeof appProtocol === 'string' && appProtocol !== '' && !isQualifiedName(appProtocol))
      faults.push(fault('schema/name', [...path, 'appProtocol'], `${shown(appProtocol)} is no name of a protocol`));
    return faults;
  });
}

function listOf(
  value: unknown,
  path: readonly string[],
  check: (value: unknown, path: readonly string[]) => ServerFault[],
): ServerFault[] {
  return Array.isArray(value) ? value.flatMap((each, index) => check(each, [...path, String(index)])) : [];
}

/** The name of a Service, as others refer to it. */
export function serviceName(value: unknown, path: readonly string[], since: Since): ServerFault[] {
  // Since 1.36 it may begin with a digit (RelaxedServiceNameValidation).
  if (typeof value === 'string' && /^[0-9]/.test(value) && !since(36))
    return [fault('schema/name', path, `${shown(value)} is not the name of a Service: it begins with a digit`)];
  return label(value, path);
}

/** Whether an object says both, or none, of two things of which it must say one. */
export function sides(object: Fields, one: string, other: string): 'both' | 'none' | undefined {
  const [first, second] = [one, other].map((key) => isGiven(at(object, key)));
  return first === second ? (first ? 'both' : 'none') : undefined;
}
