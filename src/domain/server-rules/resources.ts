import { type Fields, fields } from '../diagnosis/reading.ts';
import { isQualifiedName } from '../object-names.ts';
import { thousandths } from './quantities.ts';
import { fault, isGiven, type ServerFault, shown } from './server-fault.ts';

/** What resources are told of: a pod as a whole has fewer. */
type Holder = 'container' | 'pod';

/** `limits` and `requests`. What admission may add to a Pod (a LimitRange's limit) is told with another severity. */
export function resourceFaults(
  { limits, requests }: Fields,
  path: readonly string[],
  holder: Holder,
  lacking: ServerFault['severity'],
): ServerFault[] {
  const most = fields(limits);
  const wanted = fields(requests);
  const faults = [
    ...amountFaults(most, [...path, 'limits'], holder),
    ...amountFaults(wanted, [...path, 'requests'], holder),
  ];
  const names = [...Object.keys(most), ...Object.keys(wanted)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    faults.push(fault('schema/value', path, 'huge pages need cpu or memory beside them'));
  }
  for (const [name, request] of Object.entries(wanted)) {
    const limit = most[name];
    const isFixed = isHugePages(name) || !isNative(name);
    if (limit === undefined) {
      if (!isFixed) continue;
      const message = `${shown(name)} has no limit, and needs the one that is its request`;
      const at = isGiven(limits) ? [...path, 'limits'] : path;
      faults.push({ rule: 'schema/required', severity: lacking, path: at, message });
      continue;
    }
    if (request === limit) continue;
    const size = amountOf(request);
    const bound = amountOf(limit);
    if (size === undefined || bound === undefined || size === bound || (size < bound && !isFixed)) continue;
    const message = isFixed
      ? `${written(request)} is not the limit ${written(limit)}, as the request of ${shown(name)} must be`
      : `${written(request)} is more than the limit, ${limit === null ? 'which is 0 where nothing stands' : written(limit)}`;
    faults.push(fault('schema/range', [...path, 'requests', name], message));
  }
  return faults;
}

function amountFaults(amounts: Fields, path: readonly string[], holder: Holder): ServerFault[] {
  return Object.entries(amounts).flatMap(([name, value]) => {
    const at = [...path, name];
    if (!isResource(name, holder)) {
      const more =
        holder === 'container'
          ? ', ephemeral-storage, hugepages-2Mi, or one with its domain such as nvidia.com/gpu'
          : ', hugepages-2Mi';
      return [fault('schema/name', at, `${shown(name)} is not a resource of a ${holder}: cpu, memory${more}`)];
    }
    const isPlain = isNative(name) && !isHugePages(name);
    const size = isPlain && !isSigned(value) ? undefined : amountOf(value);
    if (size === undefined) return [];
    if (size < 0n) return [fault('schema/range', at, `${written(value)} is less than 0`)];
    const page = isHugePages(name) ? thousandths(name.slice('hugepages-'.length)) : undefined;
    if (page !== undefined && page > 0n && size % page !== 0n) {
      return [fault('schema/range', at, `${written(value)} is no multiple of the size of a page`)];
    }
    if (isNative(name) || size % 1000n === 0n) return [];
    return [fault('schema/range', at, `${written(value)} is no whole number, as ${shown(name)} needs one`)];
  });
}

/** What has no sign is never below 0, and need not be worked out. */
function isSigned(value: unknown): boolean {
  return typeof value === 'number' ? value < 0 : typeof value === 'string' && value.trimStart().startsWith('-');
}

/** Nothing is 0 to the server. */
function amountOf(value: unknown): bigint | undefined {
  return value === null ? 0n : thousandths(value);
}

function written(value: unknown): string {
  return typeof value === 'string' ? shown(value) : String(value);
}

function isResource(name: string, holder: Holder): boolean {
  if (name === 'cpu' || name === 'memory') return true;
  if (!isQualifiedName(name)) return false;
  if (isHugePages(name)) return true;
  if (holder === 'pod') return false;
  if (!name.includes('/')) return name === 'ephemeral-storage';
  // A quota calls it by a name that is longer by this.
  return isNative(name) || (!name.startsWith('requests.') && isQualifiedName(`requests.${name}`));
}

function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}
