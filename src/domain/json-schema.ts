import { parsePointer } from './pointer.ts';

type Node = Readonly<Record<string, unknown>>;

/**
 * A JSON schema in the words of a definition's (structural-schema.ts): what it doesn't close stays open, and references
 * within it are replaced by what they mean, to a depth. `outside` has those that lead elsewhere: they are not followed.
 */
export function fromJsonSchema(root: Node): { schema: Node; outside: readonly string[] } {
  const outside = new Set<string>();
  let left = MOST;
  const read = (node: unknown, depth: number): Node => {
    if (!isMapping(node) || depth > DEEPEST || --left < 0) return OPEN;
    if (typeof node.$ref === 'string') {
      if (node.$ref.startsWith('#')) return read(target(root, node.$ref), depth + 1);
      outside.add(node.$ref);
      return OPEN;
    }
    const { additionalProperties: rest, patternProperties, properties, items } = node;
    const open = rest === undefined || patternProperties !== undefined;
    return {
      ...node,
      ...typeOf(node.type),
      ...(node.const !== undefined && { enum: [node.const] }),
      ...bound(node, 'exclusiveMinimum', 'minimum'),
      ...bound(node, 'exclusiveMaximum', 'maximum'),
      ...(open && { 'x-kubernetes-preserve-unknown-fields': true }),
      ...(isMapping(properties) && { properties: mapped(properties, depth) }),
      ...(isMapping(rest) && { additionalProperties: read(rest, depth + 1) }),
      ...(isMapping(items) && { items: read(items, depth + 1) }),
      ...Object.fromEntries(
        ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => {
          const several = node[keyword];
          return Array.isArray(several) ? [[keyword, several.map((each) => read(each, depth + 1))]] : [];
        }),
      ),
      ...(isMapping(node.not) && { not: read(node.not, depth + 1) }),
    };
  };
  const mapped = (properties: Node, depth: number): Node =>
    Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, read(each, depth + 1)]));
  return { schema: read(root, 0), outside: [...outside] };
}

const OPEN: Node = { 'x-kubernetes-preserve-unknown-fields': true };
/** References may lead round in a circle, or twice to what leads twice to something. */
const DEEPEST = 100;
const MOST = 50_000;

function target(root: Node, reference: string): unknown {
  let node: unknown = root;
  for (const step of parsePointer(decode(reference.slice(1)))) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return undefined;
    node = (node as Record<string, unknown>)[step];
  }
  return node;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `["string", "null"]`, and several types, of which only a text or a whole number is one of Kubernetes'. */
function typeOf(type: unknown): Node {
  if (!Array.isArray(type)) return {};
  const types = type.filter((each) => each !== 'null');
  const nullable = types.length < type.length ? { nullable: true } : {};
  if (types.length === 1) return { ...nullable, type: types[0] };
  const either = types.length === 2 && types.includes('string') && types.includes('integer');
  return { ...nullable, type: undefined, ...(either && { 'x-kubernetes-int-or-string': true }) };
}

/** A number beyond which a value must be: since draft 6 in a keyword of its own. */
function bound(node: Node, exclusive: string, plain: string): Node {
  return typeof node[exclusive] === 'number' ? { [plain]: node[exclusive], [exclusive]: true } : {};
}

function isMapping(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
