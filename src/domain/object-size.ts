import type { KindName } from './kubernetes-schemas.ts';

/** Bytes of a request that an API server reads (k8s.io/apiserver's default, which no flag changes). */
export const REQUEST_BYTES = 3 * 1024 * 1024;
/** Bytes of all values of a ConfigMap or Secret together, as they are without base64. */
const DATA_BYTES = 1024 * 1024;

/** Where the data of a ConfigMap or Secret stands. */
export const DATA_PATH = '/data';

/** What is too large in an object: a phrase, and where. */
export interface SizeFault {
  readonly path: string;
  readonly message: string;
}

/** What an API server says of the data of a ConfigMap or a Secret, each of which it takes up to a size. */
export function dataSizeFault(
  object: Readonly<Record<string, unknown>>,
  { apiVersion, kind }: KindName,
): SizeFault | undefined {
  if (apiVersion !== 'v1' || (kind !== 'ConfigMap' && kind !== 'Secret')) return undefined;
  const isSecret = kind === 'Secret';
  const [plain, packed] = isSecret ? [object.stringData, object.data] : [object.data, object.binaryData];
  // What stringData has it puts over what data has.
  const isOver = (key: string): boolean => isSecret && isMapping(plain) && Object.hasOwn(plain, key);
  const bytes = sizeOf(plain, 'utf8') + sizeOf(packed, 'base64', isOver);
  return bytes <= DATA_BYTES ? undefined : { path: DATA_PATH, message: tooLarge('its values have', bytes, DATA_BYTES) };
}

/** What it says of an object as a whole: of one that is more than a request may be. */
export function objectSizeFault(object: Readonly<Record<string, unknown>>): SizeFault | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(object));
  return bytes <= REQUEST_BYTES ? undefined : { path: '', message: tooLarge('the object has', bytes, REQUEST_BYTES) };
}

function tooLarge(what: string, bytes: number, most: number): string {
  return `${what} ${bytes} bytes, and an API server takes ${most}`;
}

/** Key by key: there may be a million of them. */
function sizeOf(data: unknown, encoding: 'utf8' | 'base64', isLeftOut?: (key: string) => boolean): number {
  if (!isMapping(data)) return 0;
  let bytes = 0;
  for (const key of Object.keys(data)) {
    const value = data[key];
    if (typeof value === 'string' && isLeftOut?.(key) !== true) bytes += Buffer.byteLength(value, encoding);
  }
  return bytes;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
