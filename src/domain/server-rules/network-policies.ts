import { type Fields, fields, list } from '../diagnosis/reading.ts';
import { selectorFaults } from './labels.ts';
import { between, fault, isGiven, missing, type ServerFault } from './server-fault.ts';
import { addressRange, portName, rangeOf } from './texts.ts';

/** k8s.io/kubernetes, pkg/apis/networking/validation: ValidateNetworkPolicySpec. */
export function networkPolicyFaults({ spec: given }: Fields): ServerFault[] {
  const spec = fields(given);
  const rules = (key: 'ingress' | 'egress', peers: 'from' | 'to'): ServerFault[] =>
    list(spec[key]).flatMap((rule, index) => {
      const path = ['spec', key, String(index)];
      return [
        ...list(rule.ports).flatMap((port, number) => ofPort(port, [...path, 'ports', String(number)])),
        ...list(rule[peers]).flatMap((peer, number) => ofPeer(peer, [...path, peers, String(number)])),
      ];
    });
  return [
    ...selectorFaults(spec.podSelector, ['spec', 'podSelector']),
    ...rules('ingress', 'from'),
    ...rules('egress', 'to'),
  ];
}

function ofPort({ port, endPort }: Fields, path: readonly string[]): ServerFault[] {
  const faults = [...between(port, 1, 65535, [...path, 'port']), ...portName(port, [...path, 'port'])];
  if (!isGiven(endPort)) return faults;
  const end = [...path, 'endPort'];
  if (!isGiven(port)) faults.push(missing([...path, 'port'], 'there is an endPort'));
  else if (typeof port === 'string') faults.push(fault('schema/value', end, 'is for a port that is a number'));
  else if (Number(endPort) < Number(port)) faults.push(fault('schema/range', end, `${endPort} is less than the port`));
  return [...faults, ...between(endPort, 1, 65535, end)];
}

function ofPeer(peer: Fields, path: readonly string[]): ServerFault[] {
  const { ipBlock, podSelector, namespaceSelector } = peer;
  const selectors = [podSelector, namespaceSelector].filter(isGiven);
  if (!isGiven(ipBlock)) {
    if (selectors.length === 0)
      return [fault('schema/required', path, 'says nothing of who it is: ipBlock, podSelector or namespaceSelector')];
    return [
      ...selectorFaults(podSelector, [...path, 'podSelector']),
      ...selectorFaults(namespaceSelector, [...path, 'namespaceSelector']),
    ];
  }
  if (selectors.length > 0) return [fault('schema/value', [...path, 'ipBlock'], 'may not stand beside a selector')];
  const { cidr, except } = fields(ipBlock);
  const block = [...path, 'ipBlock'];
  const all = Array.isArray(except) ? except : [];
  const whole = typeof cidr === 'string' ? rangeOf(cidr) : undefined;
  return [
    ...addressRange(cidr, [...block, 'cidr']),
    ...all.flatMap((each, index) => {
      const at = [...block, 'except', String(index)];
      const part = typeof each === 'string' ? rangeOf(each) : undefined;
      if (part === undefined || whole === undefined) return addressRange(each, at);
      const isWithin =
        part.bits.length === whole.bits.length &&
        part.length > whole.length &&
        part.bits.startsWith(whole.bits.slice(0, whole.length));
      return isWithin ? [] : [fault('schema/value', at, `${each} is no part of ${cidr}`)];
    }),
  ];
}
