import { readSource } from './source.ts';

export interface SchemaReference {
  readonly reference: string;
  readonly line?: number;
  readonly column?: number;
}

/** The `$ref`s of a JSON schema that lead out of it: not `#…`, nor an `$id` that the schema itself defines. */
export function externalReferences(schema: Uint8Array): SchemaReference[] {
  const text = new TextDecoder().decode(schema);
  // Nearly every schema ends here, unparsed.
  if (!/"\$(ref|dynamicRef|recursiveRef)"\s*:\s*"(?!#)/.test(text)) return [];
  const read = readSource(schema);
  if (!read.ok) return [];
  const ids = new Set<string>();
  const found: { reference: string; path: (string | number)[] }[] = [];
  const walk = (node: unknown, path: (string | number)[]): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      const step = Array.isArray(node) ? Number(key) : key;
      if (typeof value !== 'string') walk(value, [...path, step]);
      else if (key === '$id') ids.add(value.replace(/#$/, ''));
      else if (/^\$(ref|dynamicRef|recursiveRef)$/.test(key)) found.push({ reference: value, path: [...path, step] });
    }
  };
  walk(read.source.data, []);
  return found
    .filter(({ reference }) => !reference.startsWith('#') && !ids.has(reference.replace(/#.*$/, '')))
    .map(({ reference, path }) => ({ reference, ...read.source.position(path) }));
}
