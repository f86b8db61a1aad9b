import { type Fields, fields, text } from '../diagnosis/reading.ts';
import { fault, isGiven, type ServerFault, shown } from './server-fault.ts';
import { isDataKey } from './texts.ts';

/** k8s.io/kubernetes, pkg/apis/core/validation: ValidateSecret. What is in it is never told. */
export function secretFaults(object: Fields): ServerFault[] {
  // A key may be a key with what belongs behind it, for want of a blank: it isn't quoted.
  const isOdd = (within: string): boolean => Object.keys(fields(object[within])).some((key) => !isDataKey(key));
  const odd = ['data', 'stringData']
    .filter(isOdd)
    .map((within) => fault('schema/name', [within], `has a key that is none: ${KEYS}`));
  return [...odd, ...ofType(object)];
}

export function configMapFaults(object: Fields): ServerFault[] {
  const { data, binaryData } = object;
  const twice = Object.keys(fields(data)).filter((key) => Object.hasOwn(fields(binaryData), key));
  return [
    ...keys(object, 'data'),
    ...keys(object, 'binaryData'),
    ...twice.map((key) => fault('schema/duplicate-entry', ['data', key], 'is in binaryData, too')),
  ];
}

const KEYS = 'at most 253 letters, digits, -, _ and ., and not .. or what begins so';

function keys(object: Fields, within: string): ServerFault[] {
  const faults: ServerFault[] = [];
  for (const key in fields(object[within])) {
    if (isDataKey(key)) continue;
    faults.push(fault('schema/name', [within, key], `${shown(key)} can't be a key: ${KEYS}`));
  }
  return faults;
}

function ofType(object: Fields): ServerFault[] {
  const type = text(object.type);
  switch (type) {
    case 'kubernetes.io/tls':
      return ['tls.crt', 'tls.key'].flatMap((key) => mustHave(object, key));
    case 'kubernetes.io/ssh-auth':
      return mustHave(object, 'ssh-privatekey');
    case 'kubernetes.io/basic-auth':
      return has(object, 'username') || has(object, 'password')
        ? []
        : [fault('schema/required', place(object), `of the type ${type} it must have username or password`)];
    case 'kubernetes.io/dockerconfigjson':
      return ofLogins(object, '.dockerconfigjson');
    case 'kubernetes.io/dockercfg':
      return ofLogins(object, '.dockercfg');
    case 'kubernetes.io/service-account-token': {
      const name = fields(fields(object.metadata).annotations)['kubernetes.io/service-account.name'];
      return typeof name === 'string' && name !== ''
        ? []
        : [
            fault(
              'schema/required',
              ['type'],
              `of the type ${type} it must have the annotation kubernetes.io/service-account.name`,
            ),
          ];
    }
    default:
      return [];
  }
}

function ofLogins(object: Fields, key: string): ServerFault[] {
  if (!has(object, key)) return mustHave(object, key);
  const { stringData } = object;
  const isPlain = Object.hasOwn(fields(stringData), key);
  const plain = isPlain ? (fields(stringData)[key] ?? '') : undefined;
  // What is no text the schema tells.
  if (isPlain && typeof plain !== 'string') return [];
  const coded = fields(object.data)[key];
  const written = typeof plain === 'string' ? plain : Buffer.from(text(coded), 'base64').toString('utf8');
  const path = [typeof plain === 'string' ? 'stringData' : 'data', key];
  try {
    const read: unknown = JSON.parse(written);
    if (read === null || (typeof read === 'object' && !Array.isArray(read))) return [];
  } catch {
    // Told below: what a parser says may quote it.
  }
  return [fault('schema/format', path, 'is no JSON object')];
}

function has(object: Fields, key: string): boolean {
  return Object.hasOwn(fields(object.data), key) || Object.hasOwn(fields(object.stringData), key);
}

function mustHave(object: Fields, key: string): ServerFault[] {
  return has(object, key)
    ? []
    : [fault('schema/required', place(object), `of the type ${text(object.type)} it must have ${key}`)];
}

/** Where a key would be. */
function place(object: Fields): string[] {
  const [within] = ['data', 'stringData'].filter((key) => isGiven(object[key]));
  return [within ?? 'type'];
}
