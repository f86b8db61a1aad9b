import { type Fields, fields, list } from '../diagnosis/reading.ts';
import { choiceFaults } from './choices.ts';
import { fieldRefFaults, resourceFieldRefFaults } from './field-refs.ts';
import { backstepFaults, filePathFaults } from './local-paths.ts';
import { filledText, neededText, objectNameFaults } from './needed-texts.ts';
import { thousandths } from './quantities.ts';
import { addAll, fault, isGiven, type ServerFault, type Since, shown } from './server-fault.ts';

type Rule = (source: Fields, path: readonly string[]) => ServerFault[];

/** What is refused of the types that people write. */
const RULES: Readonly<Record<string, Rule>> = {
  configMap: (source, path) => [...neededText(source, 'name', path), ...filesFaults(source, path)],
  csi: csiFaults,
  downwardAPI: (source, path) => [
    ...modeFaults(source.defaultMode, [...path, 'defaultMode']),
    ...list(source.items).flatMap((item, index) => downwardFaults(item, [...path, 'items', String(index)])),
  ],
  emptyDir: sizeFaults,
  ephemeral: ({ volumeClaimTemplate }, path) =>
    isGiven(volumeClaimTemplate) ? [] : [fault('schema/required', path, 'volumeClaimTemplate is missing')],
  hostPath: (source, path) => [...filledText(source, 'path', path), ...backstepFaults(source.path, [...path, 'path'])],
  nfs: nfsFaults,
  persistentVolumeClaim: (source, path) => filledText(source, 'claimName', path),
  projected: projectedFaults,
  secret: (source, path) => [...neededText(source, 'secretName', path), ...filesFaults(source, path)],
};

/** Types that no rule is here for. */
const OTHERS = [
  ...['awsElasticBlockStore', 'azureDisk', 'azureFile', 'cephfs', 'cinder', 'fc', 'flexVolume', 'flocker'],
  ...['gcePersistentDisk', 'gitRepo', 'glusterfs', 'iscsi', 'photonPersistentDisk', 'portworxVolume', 'quobyte'],
  ...['rbd', 'scaleIO', 'storageos', 'vsphereVolume', 'image'],
];
const TYPES = new Set([...Object.keys(RULES), ...OTHERS]);

/** One of a pod's volumes. Without any type it is an emptyDir. */
export function volumeFaults(volume: Fields, path: readonly string[], since: Since): ServerFault[] {
  // Before 1.35 an image is dropped.
  const isOne = (key: string): boolean => TYPES.has(key) && (key !== 'image' || since(35));
  const [type, second] = Object.keys(volume).filter((key) => isOne(key) && isGiven(volume[key]));
  if (type === undefined) return [];
  const faults = RULES[type]?.(fields(volume[type]), [...path, type]) ?? [];
  if (second === undefined) return faults;
  return [...faults, fault('schema/value', [...path, second], `the volume is of the type ${type} already`)];
}

/** What is a ConfigMap's or a Secret's. */
function filesFaults(source: Fields, path: readonly string[]): ServerFault[] {
  return [...modeFaults(source.defaultMode, [...path, 'defaultMode']), ...itemsFaults(source, path)];
}

function itemsFaults(source: Fields, path: readonly string[]): ServerFault[] {
  return list(source.items).flatMap((item, index) => {
    const own = [...path, 'items', String(index)];
    return [...filledText(item, 'key', own), ...fileFaults(item, own)];
  });
}

function fileFaults(file: Fields, path: readonly string[]): ServerFault[] {
  return [
    ...filledText(file, 'path', path),
    ...filePathFaults(file.path, [...path, 'path']),
    ...modeFaults(file.mode, [...path, 'mode']),
  ];
}

function modeFaults(mode: unknown, path: readonly string[]): ServerFault[] {
  if (typeof mode !== 'number' || (mode >= 0 && mode <= 0o777)) return [];
  return [fault('schema/range', path, `${mode} is not from 0 to 511, which is 0777 in octal`)];
}

function downwardFaults(item: Fields, path: readonly string[]): ServerFault[] {
  const { fieldRef, resourceFieldRef } = item;
  const faults = [...fileFaults(item, path), ...choiceFaults(item, ['fieldRef', 'resourceFieldRef'], path)];
  if (isGiven(fieldRef)) return [...faults, ...fieldRefFaults(fieldRef, [...path, 'fieldRef'], 'file')];
  if (!isGiven(resourceFieldRef)) return faults;
  return [...faults, ...resourceFieldRefFaults(resourceFieldRef, [...path, 'resourceFieldRef'], 'file')];
}

function sizeFaults({ sizeLimit }: Fields, path: readonly string[]): ServerFault[] {
  const size = isGiven(sizeLimit) ? thousandths(sizeLimit) : undefined;
  if (size === undefined || size >= 0n) return [];
  return [fault('schema/range', [...path, 'sizeLimit'], `${shown(String(sizeLimit))} is less than 0`)];
}

function csiFaults(source: Fields, path: readonly string[]): ServerFault[] {
  const { driver, nodePublishSecretRef: ref } = source;
  const name = typeof driver === 'string' ? driver.toLowerCase() : undefined;
  return [
    ...filledText(source, 'driver', path),
    ...objectNameFaults(name, [...path, 'driver']),
    ...(isGiven(ref) ? neededText(fields(ref), 'name', [...path, 'nodePublishSecretRef']) : []),
  ];
}

function nfsFaults(source: Fields, path: readonly string[]): ServerFault[] {
  const faults = [...filledText(source, 'server', path), ...filledText(source, 'path', path)];
  const { path: exported } = source;
  if (typeof exported !== 'string' || exported === '' || exported.startsWith('/')) return faults;
  return [...faults, fault('schema/value', [...path, 'path'], `${shown(exported)} doesn't begin with /`)];
}

const PROJECTED = ['configMap', 'secret', 'downwardAPI', 'serviceAccountToken'];

/** Several sources, whose files lie in one folder. */
function projectedFaults(volume: Fields, path: readonly string[]): ServerFault[] {
  const faults = modeFaults(volume.defaultMode, [...path, 'defaultMode']);
  const files = new Set<string>();
  for (const [index, source] of list(volume.sources).entries()) {
    const own = [...path, 'sources', String(index)];
    const given = PROJECTED.filter((type) => isGiven(source[type]));
    for (const type of given) {
      const at = [...own, type];
      addAll(faults, projectionFaults(type, fields(source[type]), at));
      if (type !== 'serviceAccountToken') addAll(faults, takenFaults(fields(source[type]), at, files));
    }
    const [first, second] = given;
    if (second !== undefined) faults.push(fault('schema/value', [...own, second], `the source is a ${first} already`));
  }
  return faults;
}

function projectionFaults(type: string, source: Fields, path: readonly string[]): ServerFault[] {
  if (type === 'serviceAccountToken') return tokenFaults(source, path);
  if (type === 'downwardAPI') {
    return list(source.items).flatMap((item, index) => downwardFaults(item, [...path, 'items', String(index)]));
  }
  return [...neededText(source, 'name', path), ...itemsFaults(source, path)];
}

function tokenFaults(token: Fields, path: readonly string[]): ServerFault[] {
  const { expirationSeconds: seconds } = token;
  const faults = [...filledText(token, 'path', path), ...filePathFaults(token.path, [...path, 'path'])];
  if (typeof seconds !== 'number' || (seconds >= 600 && seconds <= 2 ** 32)) return faults;
  const message = `${seconds} is not from 600 to ${2 ** 32}`;
  return [...faults, fault('schema/range', [...path, 'expirationSeconds'], message)];
}

function takenFaults(source: Fields, path: readonly string[], files: Set<string>): ServerFault[] {
  return list(source.items).flatMap(({ path: file }, index) => {
    if (typeof file !== 'string' || file === '') return [];
    if (!files.has(file)) {
      files.add(file);
      return [];
    }
    const message = `${shown(file)} is a file of the volume already`;
    return [fault('schema/duplicate-entry', [...path, 'items', String(index), 'path'], message)];
  });
}
