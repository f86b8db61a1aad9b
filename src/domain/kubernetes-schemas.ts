import { brotliDecompressSync } from 'node:zlib';
import { minorOf } from './kubernetes.ts';

/** What an OpenAPI schema of Kubernetes, or of a CRD, says of a value: the keywords that are in use there. */
export interface Schema {
  /** The bare name of a definition; then nothing else stands beside it. */
  readonly $ref?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  /** `quantity` is ours: a number, or text such as `500m`. */
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly nullable?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  /** Ours, of Kubernetes' own lists: keys of which no two entries have the same, however an object is applied; none: as a whole. */
  readonly uniqueBy?: readonly (readonly string[])[];
  // Those that follow only the schemas of CRDs have (schema-values.ts).
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
}

/** The definition of the metadata that every object has. */
export const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export interface KindSchema {
  readonly schema: Schema;
  readonly namespaced: boolean;
}

/** An API version and a kind, as an object names them. */
export interface KindName {
  readonly apiVersion: string;
  readonly kind: string;
}

/** From which minor (`1.22`) on Kubernetes calls a kind of an API version deprecated, and no longer has it. */
export interface Lifecycle {
  readonly introduced: string;
  readonly deprecated?: string;
  readonly removed?: string;
  readonly replacement?: KindName;
}

/** What one Kubernetes version accepts. */
export interface VersionSchemas {
  readonly minor: string;
  kind(name: KindName): KindSchema | undefined;
  kinds(): readonly KindName[];
  /** What a `$ref` means. */
  definition(name: string): Schema;
}

export interface KubernetesSchemas {
  /** `1.32`, oldest first. */
  readonly minors: readonly string[];
  /** The releases that the schemas are from: `1.32.13`. */
  readonly releases: readonly string[];
  /** For `1.35` or `1.35.4`; `undefined` for a minor without schemas. */
  version(version: string): VersionSchemas | undefined;
  /** The minors, oldest first, that have a kind. */
  minorsWith(name: KindName): readonly string[];
  /** Of API versions that aren't there for good, those included that went before the oldest minor known here. */
  lifecycle(name: KindName): Lifecycle | undefined;
  /** Whether Kubernetes itself has, or had, kinds in this group: no CRD and no other server has. */
  hasGroup(group: string): boolean;
}

/** What something is, by the minor from which on it is that; null from where it is gone. */
type History<Content> = Readonly<Record<string, Content | null>>;
type ByKind<Content> = Readonly<Record<string, Readonly<Record<string, Content>>>>;

interface Header {
  readonly releases: Readonly<Record<string, string>>;
  readonly kinds: ByKind<History<{ readonly definition: string; readonly namespaced: boolean }>>;
  readonly lifecycles: ByKind<Lifecycle>;
  readonly definitions: readonly string[];
}

/**
 * Reads `schemas/kubernetes.jsonl.br` (docs/decisions/0008-kubernetes-schemas.md). A definition is parsed when it is
 * asked for: a chart needs a few of many hundred.
 */
export function readKubernetesSchemas(bytes: Uint8Array): KubernetesSchemas {
  const [first = '', ...lines] = brotliDecompressSync(bytes).toString().split('\n');
  const header = JSON.parse(first) as Header;
  const releases = Object.keys(header.releases);
  const minors = releases.map(minorOf);
  const lineOf = new Map(header.definitions.map((name, index) => [name, lines[index] ?? '']));
  const histories = new Map<string, History<Schema>>();
  const known = new Map<string, VersionSchemas>();
  let groups: ReadonlySet<string> | undefined;

  /** The last change up to a minor; the keys stand in the order of the minors. */
  const at = <Content>(history: History<Content>, minor: string): Content | undefined => {
    const since = Object.keys(history).findLast((start) => minors.indexOf(start) <= minors.indexOf(minor));
    return since === undefined ? undefined : (history[since] ?? undefined);
  };
  const historyOf = (definition: string): History<Schema> => {
    let history = histories.get(definition);
    if (history === undefined) {
      history = JSON.parse(lineOf.get(definition) ?? '{}') as History<Schema>;
      histories.set(definition, history);
    }
    return history;
  };

  const versionOf = (minor: string): VersionSchemas => {
    const definitions = new Map<string, Schema>();
    const definition = (name: string): Schema => {
      let schema = definitions.get(name);
      if (schema === undefined) {
        schema = at(historyOf(name), minor);
        if (schema === undefined) throw new Error(`The schemas of Kubernetes ${minor} have no ${name}`);
        definitions.set(name, schema);
      }
      return schema;
    };
    return {
      minor,
      definition,
      kind: (name) => {
        const found = of(header.kinds, name);
        const kind = found && at(found, minor);
        return kind && { schema: definition(kind.definition), namespaced: kind.namespaced };
      },
      kinds: () =>
        Object.entries(header.kinds).flatMap(([apiVersion, kinds]) =>
          Object.entries(kinds).flatMap(([kind, history]) => (at(history, minor) ? [{ apiVersion, kind }] : [])),
        ),
    };
  };

  return {
    minors,
    releases,
    version: (version) => {
      const minor = minorOf(version);
      if (!minors.includes(minor)) return undefined;
      const schemas = known.get(minor) ?? versionOf(minor);
      known.set(minor, schemas);
      return schemas;
    },
    minorsWith: (name) => {
      const history = of(header.kinds, name);
      return history === undefined ? [] : minors.filter((minor) => at(history, minor) !== undefined);
    },
    lifecycle: (name) => of(header.lifecycles, name),
    hasGroup: (group) => {
      groups ??= new Set([header.kinds, header.lifecycles].flatMap(Object.keys).map(groupOf));
      return groups.has(group);
    },
  };
}

/** `apps/v1` → `apps`; of `v1` an empty text. */
export function groupOf(apiVersion: string): string {
  return apiVersion.slice(0, Math.max(apiVersion.indexOf('/'), 0));
}

/** Names come from charts: `constructor` is none of a kind. */
function of<Content>(table: ByKind<Content>, { apiVersion, kind }: KindName): Content | undefined {
  const kinds = Object.hasOwn(table, apiVersion) ? table[apiVersion] : undefined;
  return kinds !== undefined && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
}
