import { type Fields, fields, list } from '../diagnosis/reading.ts';
import { choiceFaults } from './choices.ts';
import { portNameFault, portNumberFault } from './ports.ts';
import { addAll, below, fault, isGiven, type ServerFault, shown } from './server-fault.ts';

const PROBING = ['exec', 'httpGet', 'tcpSocket', 'grpc'];
const HOOKING = ['exec', 'httpGet', 'tcpSocket', 'sleep'];

export function probeFaults(container: Fields, path: readonly string[]): ServerFault[] {
  return ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((kind) => {
    if (!isGiven(container[kind])) return [];
    const own = [...path, kind];
    const probe = fields(container[kind]);
    return [...handlerFaults(probe, own, PROBING), ...numberFaults(probe, own, kind)];
  });
}

/** A 0 is the default of each, but of what ends a container. */
function numberFaults(probe: Fields, path: readonly string[], kind: string): ServerFault[] {
  const faults = [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ].flatMap((field) => (isGiven(probe[field]) ? below(probe[field], 0, [...path, field]) : []));
  const { successThreshold, terminationGracePeriodSeconds: grace } = probe;
  const isReady = kind === 'readinessProbe';
  if (!isReady && typeof successThreshold === 'number' && successThreshold > 1) {
    const message = `${successThreshold} is not 1, as it must be in a ${kind}`;
    faults.push(fault('schema/range', [...path, 'successThreshold'], message));
  }
  const at = [...path, 'terminationGracePeriodSeconds'];
  if (!isReady) addAll(faults, below(grace, 1, at));
  else if (isGiven(grace))
    faults.push(fault('schema/value', at, 'a readinessProbe ends no container, and may not have it'));
  return faults;
}

/** What runs as a container begins and ends, within the time that its pod has to end. */
export function lifecycleFaults(lifecycle: unknown, path: readonly string[], grace: unknown): ServerFault[] {
  return ['postStart', 'preStop'].flatMap((kind) => {
    const hook = fields(lifecycle)[kind];
    if (!isGiven(hook)) return [];
    const faults = handlerFaults(fields(hook), [...path, kind], HOOKING);
    const { seconds } = fields(fields(hook).sleep);
    if (typeof seconds !== 'number') return faults;
    const at = [...path, kind, 'sleep', 'seconds'];
    const most = isGiven(grace) ? grace : 30;
    // Below 0 the server makes another number of it.
    if (typeof most !== 'number' || most < 0 || seconds <= most) return [...faults, ...below(seconds, 0, at)];
    const message = `${seconds} is more than the ${most} of terminationGracePeriodSeconds`;
    return [...faults, fault('schema/range', at, message)];
  });
}

function handlerFaults(handler: Fields, path: readonly string[], ways: readonly string[]): ServerFault[] {
  const way = ways.find((each) => isGiven(handler[each]));
  return [
    ...choiceFaults(handler, ways, path),
    ...(way === undefined ? [] : wayFaults(way, fields(handler[way]), [...path, way])),
  ];
}

function wayFaults(way: string, action: Fields, path: readonly string[]): ServerFault[] {
  const { command, port, httpHeaders } = action;
  if (way === 'sleep') return [];
  if (way === 'exec') {
    if (!isGiven(command)) return [fault('schema/required', path, 'command is missing')];
    return Array.isArray(command) && command.length === 0
      ? [fault('schema/required', [...path, 'command'], 'command is empty')]
      : [];
  }
  const at = [...path, 'port'];
  const isName = typeof port === 'string' && way !== 'grpc';
  return [
    ...(isName ? portNameFault(port, at) : portNumberFault(port, at)),
    ...list(httpHeaders).flatMap(({ name }, index) =>
      headerFaults(name, [...path, 'httpHeaders', String(index), 'name']),
    ),
  ];
}

function headerFaults(name: unknown, path: readonly string[]): ServerFault[] {
  if (typeof name !== 'string' || /^[-A-Za-z0-9]+$/.test(name)) return [];
  return [fault('schema/name', path, `${shown(name)} is not the name of a header: letters, digits and -`)];
}
