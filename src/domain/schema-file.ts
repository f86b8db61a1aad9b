/** Several stages look at the same file. */
const known = new WeakMap<Uint8Array, unknown>();

/**
 * What a values.schema.json holds, as helm reads it when it renders: a byte order mark is passed over, and of a key that
 * is there twice the last one counts. `undefined` where it is no JSON.
 */
export function schemaData(file: Uint8Array): unknown {
  if (!known.has(file)) known.set(file, parsed(file));
  return known.get(file);
}

function parsed(file: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(file));
  } catch {
    return undefined;
  }
}
