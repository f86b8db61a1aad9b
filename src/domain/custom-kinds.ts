import { groupOf, type KindName, type Schema } from './kubernetes-schemas.ts';
import type { RenderedObject } from './rendered-objects.ts';
import { readSchema } from './structural-schema.ts';

/** A kind that a CustomResourceDefinition, or a JSON schema, describes. */
export interface CustomKind {
  /** `undefined` where its definition says nothing of the fields. */
  readonly schema: Schema | undefined;
  readonly namespaced: boolean;
  /** A server that has this subresource throws the status of what is created away. */
  readonly dropsStatus: boolean;
  /** What a person is to be told of who uses it. */
  readonly deprecated?: string;
  /** The name of the definition, where it has rules in CEL, which only a server evaluates. */
  readonly leftToServer?: string;
}

/** Kinds by API version and name. */
export interface CustomKinds {
  kind(name: KindName): CustomKind | undefined;
  /** The API versions of a kind that is known in other versions of its group alone. */
  otherVersions(name: KindName): readonly string[];
  /** The name of a definition that has a version of a kind and doesn't serve it. */
  unserved(name: KindName): string | undefined;
}

export const NO_CUSTOM_KINDS: CustomKinds = {
  kind: () => undefined,
  otherVersions: () => [],
  unserved: () => undefined,
};

/** Whether an object is the definition of a kind. */
export function isDefinition({ data }: RenderedObject): boolean {
  return data.kind === 'CustomResourceDefinition' && groupOf(String(data.apiVersion)) === 'apiextensions.k8s.io';
}

/** What the first knows, and else what the second does. */
export function firstOf(first: CustomKinds, second: CustomKinds): CustomKinds {
  return {
    kind: (name) => first.kind(name) ?? second.kind(name),
    otherVersions: (name) => {
      const known = first.otherVersions(name);
      return known.length > 0 ? known : second.otherVersions(name);
    },
    unserved: (name) => first.unserved(name) ?? second.unserved(name),
  };
}

/** The kinds of definitions, of which the first counts where two have one. */
export function customKinds(definitions: readonly RenderedObject[]): CustomKinds {
  const kinds = new Map<string, CustomKind>();
  const versions = new Map<string, string[]>();
  const unserved = new Map<string, string>();
  for (const { data } of definitions) {
    for (const { name, kind, crd } of kindsOf(data)) {
      if (kind === undefined) {
        unserved.set(idOf(name), unserved.get(idOf(name)) ?? crd);
        continue;
      }
      if (kinds.has(idOf(name))) continue;
      kinds.set(idOf(name), kind);
      versions.set(groupKind(name), [...(versions.get(groupKind(name)) ?? []), name.apiVersion]);
    }
  }
  return {
    kind: (name) => kinds.get(idOf(name)),
    otherVersions: (name) => versions.get(groupKind(name)) ?? [],
    unserved: (name) => unserved.get(idOf(name)),
  };
}

/** One text for each kind of each version. */
export function idOf({ apiVersion, kind }: KindName): string {
  return `${apiVersion}/${kind}`;
}

function groupKind({ apiVersion, kind }: KindName): string {
  return `${groupOf(apiVersion)}/${kind}`;
}

/** A version of a kind in a definition; without a kind, where it isn't served. */
interface DefinedVersion {
  readonly name: KindName;
  readonly crd: string;
  readonly kind?: CustomKind;
}

/** The versions that a definition has. Of the form that was before v1 only the names are read. */
function kindsOf(definition: Readonly<Record<string, unknown>>): DefinedVersion[] {
  const spec = mapping(definition.spec);
  const { kind } = mapping(spec.names);
  const { group, scope } = spec;
  if (typeof kind !== 'string' || typeof group !== 'string') return [];
  const crd = String(mapping(definition.metadata).name ?? `${kind}.${group}`);
  const isFirst = definition.apiVersion !== 'apiextensions.k8s.io/v1';
  const versions = Array.isArray(spec.versions) ? spec.versions : [{ name: spec.version, served: true }];
  return versions.map(mapping).flatMap((version) => {
    if (typeof version.name !== 'string') return [];
    const name = { apiVersion: `${group}/${version.name}`, kind };
    if (version.served !== true) return [{ name, crd }];
    const base = {
      namespaced: scope !== 'Cluster',
      dropsStatus: mapping(version.subresources).status !== undefined,
      ...(version.deprecated === true && {
        deprecated:
          typeof version.deprecationWarning === 'string'
            ? version.deprecationWarning
            : `${name.apiVersion} ${kind} is deprecated`,
      }),
    };
    const given = mapping(version.schema).openAPIV3Schema;
    if (isFirst || given === undefined) return [{ name, crd, kind: { ...base, schema: undefined } }];
    // Read when it is asked for: a chart may bring a hundred kinds, and use one.
    let read: ReturnType<typeof readSchema> | undefined;
    const once = () => (read ??= readSchema(given));
    return [
      {
        name,
        crd,
        kind: {
          ...base,
          get schema() {
            return once().schema;
          },
          get leftToServer() {
            return once().leftToServer ? crd : undefined;
          },
        } as CustomKind,
      },
    ];
  });
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
