import { type Fields, fields, list, text } from '../diagnosis/reading.ts';
import { isSubdomain } from '../object-names.ts';
import { isIpAddress } from '../string-formats.ts';
import { objectNameFaults } from './needed-texts.ts';
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
import { serviceName, sides } from './services.ts';
import { portName } from './texts.ts';

/** k8s.io/kubernetes, pkg/apis/networking/validation: ValidateIngressCreate. */
export function ingressFaults(object: Fields, since: Since): ServerFault[] {
  const spec = fields(object.spec);
  const rules = list(spec.rules);
  const { ingressClassName } = spec;
  const faults = [
    ...(ingressClassName === '' ? [fault('schema/name', ['spec', 'ingressClassName'], 'is empty')] : []),
    ...objectNameFaults(ingressClassName, ['spec', 'ingressClassName']),
    ...list(spec.tls).flatMap((tls, index) => ofTls(tls, ['spec', 'tls', String(index)])),
    ...rules.flatMap((rule, index) => ofRule(rule, ['spec', 'rules', String(index)], since)),
  ];
  if (isGiven(spec.defaultBackend)) addAll(faults, ofBackend(spec.defaultBackend, ['spec', 'defaultBackend'], since));
  else if (rules.length === 0)
    addAll(faults, needsSome(spec.rules, ['spec', 'rules'], 'there must be one, or a defaultBackend'));
  const annotated = fields(fields(object.metadata).annotations)['kubernetes.io/ingress.class'];
  const name = text(spec.ingressClassName);
  if (typeof annotated === 'string' && name !== '' && annotated !== name)
    faults.push(
      fault(
        'schema/value',
        ['spec', 'ingressClassName'],
        `the annotation kubernetes.io/ingress.class says ${shown(annotated)}`,
      ),
    );
  return faults;
}

function ofTls({ hosts, secretName }: Fields, path: readonly string[]): ServerFault[] {
  const all = Array.isArray(hosts) ? hosts : [];
  return [
    ...all.flatMap((host, index) => hostFault(host, [...path, 'hosts', String(index)])),
    ...objectNameFaults(secretName, [...path, 'secretName']),
  ];
}

function ofRule({ host, http }: Fields, path: readonly string[], since: Since): ServerFault[] {
  const faults = text(host) === '' ? [] : hostFault(host, [...path, 'host']);
  if (typeof host === 'string' && isIpAddress(host))
    return [fault('schema/value', [...path, 'host'], `${shown(host)} is an address, and a host name is asked for`)];
  if (!isGiven(http)) return faults;
  const paths = list(fields(http).paths);
  if (isGiven(fields(http).paths)) addAll(faults, needsSome(fields(http).paths, [...path, 'http', 'paths']));
  return [...faults, ...paths.flatMap((each, index) => ofPath(each, [...path, 'http', 'paths', String(index)], since))];
}

function hostFault(host: unknown, path: readonly string[]): ServerFault[] {
  if (typeof host !== 'string' || isSubdomain(host)) return [];
  const isWild = host.startsWith('*.') && isSubdomain(host.slice(2));
  if (isWild && host.length <= 253) return [];
  const message = `${shown(host)} is no host name: lower-case letters, digits, - and ., with *. before it or not`;
  return [fault('schema/name', path, message)];
}

const UNUSUAL = ['//', '/./', '/../', '%2f', '%2F'];

function ofPath({ path: value, pathType, backend }: Fields, path: readonly string[], since: Since): ServerFault[] {
  const faults = isGiven(backend) ? ofBackend(backend, [...path, 'backend'], since) : [];
  const written = text(value);
  const isFree = pathType === 'ImplementationSpecific';
  if (pathType !== 'Exact' && pathType !== 'Prefix' && !isFree) return faults;
  if (written === '') {
    if (!isFree) faults.push(missing([...path, 'path'], `of the type ${pathType} each has one`));
  } else if (!written.startsWith('/')) {
    faults.push(fault('schema/value', [...path, 'path'], `${shown(written)} doesn't begin with /`));
  } else if (!isFree) {
    const odd = UNUSUAL.find((each) => written.includes(each)) ?? /\/\.{1,2}$/.exec(written)?.[0];
    if (odd !== undefined) faults.push(fault('schema/value', [...path, 'path'], `${shown(written)} has ${odd} in it`));
  }
  return faults;
}

function ofBackend(backend: unknown, path: readonly string[], since: Since): ServerFault[] {
  const both = sides(fields(backend), 'service', 'resource');
  if (both === 'both') return [fault('schema/value', path, 'has both a service and a resource')];
  if (both === 'none') return [fault('schema/value', path, 'has neither a service nor a resource')];
  const { service } = fields(backend);
  if (!isGiven(service)) return [];
  const { name, port } = fields(service);
  const { name: portsName, number } = fields(port);
  const isNamed = !isEmptyText(portsName);
  const isNumbered = isGiven(number) && number !== 0;
  const at = [...path, 'service', ...(isGiven(port) ? ['port'] : [])];
  const faults = serviceName(name, [...path, 'service', 'name'], since);
  if (isNamed && isNumbered) faults.push(fault('schema/value', at, 'has both the name and the number of a port'));
  else if (isNamed) addAll(faults, portName(portsName, [...at, 'name']));
  else if (isNumbered) addAll(faults, between(number, 1, 65535, [...at, 'number']));
  else faults.push(fault('schema/required', at, 'has neither the name nor the number of a port'));
  return faults;
}
