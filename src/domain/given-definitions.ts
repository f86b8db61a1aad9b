import { type CustomKind, type CustomKinds, customKinds, idOf, isDefinition } from './custom-kinds.ts';
import type { Finding } from './finding.ts';
import { fromJsonSchema } from './json-schema.ts';
import type { KindName } from './kubernetes-schemas.ts';
import { documentsOfFile, type RenderedDocument } from './manifest.ts';
import { type RenderedObject, readDocument } from './rendered-objects.ts';
import { readSchema } from './structural-schema.ts';

/** A file that `crd-schemas` gives. */
export interface GivenFile {
  /** Relative to the repository's root. */
  readonly shown: string;
  readonly text: string;
}

/** The kinds that `crd-schemas` gives, and what was wrong with those of its files that were needed. */
export interface GivenDefinitions {
  readonly kinds: CustomKinds;
  findings(): readonly Finding[];
}

/** Of hundreds of definitions a chart needs some: a document is read once it may be the one that is asked for. */
export function givenDefinitions(files: readonly GivenFile[]): GivenDefinitions {
  const findings: Finding[] = [];
  const unread = new Set(files.flatMap(({ shown, text }) => documentsOfFile(text, shown)));
  const definitions: RenderedObject[] = [];
  const schemas = new Map<string, CustomKind>();
  let known = customKinds([]);
  const take = ({ template: file, text }: RenderedDocument): void => {
    const content = readDocument(text);
    if (content.unread !== undefined) findings.push(unusable(file, `holds a document that ${content.unread}`));
    for (const object of content.objects) {
      if (isDefinition(object)) definitions.push(object);
      else if (isJsonSchema(object.data)) takeSchema(object.data, file);
    }
  };
  const takeSchema = (root: RenderedObject['data'], file: string): void => {
    const names = kindsOfSchema(root, file);
    if (names.length === 0) findings.push(unusable(file, "is a JSON schema, and doesn't say of which kind", HOW_NAMED));
    const { schema: given, outside } = fromJsonSchema(root);
    for (const reference of outside) findings.push(unusable(file, `refers to ${reference}, which is not followed`));
    const { schema, leftToServer } = readSchema(given);
    for (const name of names) {
      const shown = `${name.apiVersion} ${name.kind}`;
      const kind = { schema, namespaced: true, dropsStatus: true, ...(leftToServer && { leftToServer: shown }) };
      if (!schemas.has(idOf(name).toLowerCase())) schemas.set(idOf(name).toLowerCase(), kind);
    }
  };
  const need = ({ kind }: KindName): void => {
    const before = definitions.length;
    for (const document of unread) {
      // A file may be named for its kind, in small letters.
      if (!document.text.includes(kind) && !document.template.toLowerCase().includes(kind.toLowerCase())) continue;
      unread.delete(document);
      take(document);
    }
    if (definitions.length > before) known = customKinds(definitions);
  };
  return {
    findings: () => findings,
    kinds: {
      kind: (name) => {
        need(name);
        return known.kind(name) ?? schemas.get(idOf(name).toLowerCase());
      },
      otherVersions: (name) => {
        need(name);
        return known.otherVersions(name);
      },
      unserved: (name) => {
        need(name);
        return known.unserved(name);
      },
    },
  };
}

function isJsonSchema(data: RenderedObject['data']): boolean {
  return data.kind === undefined && (data.properties !== undefined || data.$schema !== undefined);
}

/** By its extension, by what it says of its fields, or by its path, as the well-known collections name them. */
function kindsOfSchema(schema: RenderedObject['data'], file: string): KindName[] {
  const listed = schema['x-kubernetes-group-version-kind'];
  if (Array.isArray(listed)) {
    return listed.flatMap((each: unknown) => {
      const { group, version, kind } = (each ?? {}) as Readonly<Record<string, unknown>>;
      if (typeof version !== 'string' || typeof kind !== 'string') return [];
      return [{ apiVersion: typeof group === 'string' && group !== '' ? `${group}/${version}` : version, kind }];
    });
  }
  const only = (name: string): unknown => {
    const field = (schema.properties as Readonly<Record<string, { const?: unknown; enum?: unknown }>> | undefined)?.[
      name
    ];
    return field?.const ?? (Array.isArray(field?.enum) ? field.enum[0] : undefined);
  };
  const [apiVersion, kind] = [only('apiVersion'), only('kind')];
  if (typeof apiVersion === 'string' && typeof kind === 'string') return [{ apiVersion, kind }];
  const path = /([^/]+\.[^/]+)\/([^/]+)_(v[0-9][^/]*)\.json$/.exec(file);
  return path === null ? [] : [{ apiVersion: `${path[1]}/${path[3]}`, kind: path[2] ?? '' }];
}

const HOW_NAMED = 'Name it GROUP/KIND_VERSION.json, such as monitoring.coreos.com/servicemonitor_v1.json.';

/** What is wrong with one of them, or with an artifact of an address, which is no file of the repository. */
export function unusable(file: string, message: string, hint?: string): Finding {
  return {
    stage: 'validate',
    rule: 'schema/crd-schemas',
    severity: 'error',
    message: `${file} ${message}`,
    ...(hint !== undefined && { hint }),
    ...(!file.startsWith('oci://') && { file }),
  };
}
