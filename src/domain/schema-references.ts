import { schemaData } from './schema-file.ts';
import { readSource } from './source.ts';

export interface SchemaReference {
  readonly reference: string;
  readonly line?: number;
  readonly column?: number;
}

/** The meta-schemas that helm carries; any other `$schema` it would fetch. */
const KNOWN = /^https?:\/\/json-schema\.org\/(?:draft-0[467]\/schema|draft\/(?:2019-09|2020-12)\/schema|schema)#?$/;

type Path = readonly (string | number)[];

/**
 * What a JSON schema names outside itself: a `$ref` other than `#…` or an `$id` of its own, and a `$schema` that helm
 * doesn't carry. Helm would follow each of them, so whatever isn't surely within counts as outside.
 */
export function externalReferences(schema: Uint8Array): SchemaReference[] {
  // What is no JSON helm refuses before it follows anything.
  const root = schemaData(schema);
  if (!isMapping(root)) return [];
  const ids = idsOf(root);
  const found: { reference: string; path: Path }[] = [];
  /** Where the walk is. */
  const path: (string | number)[] = [];
  const walk = (node: unknown, baseIsRoot: boolean): void => {
    if (Array.isArray(node)) {
      for (const [index, entry] of node.entries()) {
        path.push(index);
        walk(entry, baseIsRoot);
        path.pop();
      }
      return;
    }
    if (!isMapping(node)) return;
    const hasId = typeof node.$id === 'string' || typeof node.id === 'string';
    const sameBase = baseIsRoot && (node === root || !hasId);
    for (const [key, value] of Object.entries(node)) {
      path.push(key);
      if (typeof value !== 'string') walk(value, sameBase);
      else if (/^\$(ref|dynamicRef|recursiveRef)$/.test(key)) {
        const target = value.replace(/#.*$/, '');
        const own = ids.has(target) && (sameBase || /^[a-z][a-z0-9+.-]*:/i.test(target));
        if (!value.startsWith('#') && !own) found.push({ reference: value, path: [...path] });
      } else if (key === '$schema' && (node === root || hasId) && !KNOWN.test(value)) {
        found.push({ reference: value, path: [...path] });
      }
      path.pop();
    }
  };
  walk(root, true);
  if (found.length === 0) return [];
  const read = readSource(schema);
  return found.map(({ reference, path }) => ({ reference, ...(read.ok && read.source.position(path)) }));
}

/** The `$id`s of the schema and of its direct definitions: elsewhere, or by another draft's keyword, they may mean nothing. */
function idsOf(root: Readonly<Record<string, unknown>>): Set<string> {
  const draft = /draft-0([467])\//.exec(typeof root.$schema === 'string' ? root.$schema : '')?.[1];
  const keyword = draft === '4' ? 'id' : '$id';
  const definitions = root[draft === undefined ? '$defs' : 'definitions'];
  const holders = [root, ...(isMapping(definitions) ? Object.values(definitions).filter(isMapping) : [])];
  return new Set(
    holders.flatMap((each) => (typeof each[keyword] === 'string' ? [each[keyword].replace(/#$/, '')] : [])),
  );
}

function isMapping(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}
