import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';

/**
 * GitHub's published OpenAPI description (npm `@octokit/openapi`), cut to the operations that are asked for: whether a
 * request is one that GitHub understands, and whether an answer is one that it gives.
 */
export interface Description {
  /** The operation of a method and path; `undefined` where GitHub has none. */
  find(method: string, path: string): Operation | undefined;
}

export interface Operation {
  /** `POST /repos/{owner}/{repo}/releases`. */
  readonly route: string;
  /** The body is a file, of whatever type. */
  readonly takesFile: boolean;
  /** The parameters in the path, each as its schema wants it. */
  readonly path: Readonly<Record<string, string>>;
  /** What is wrong with a request; empty for a good one. */
  check(query: URLSearchParams, contentType: string | undefined, body: unknown): string[];
  /** What is wrong with an answer. An answer that isn't described is, but for those that any request may get. */
  checkAnswer(status: number, body: unknown): string[];
}

type Json = Record<string, unknown>;
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Json;
}
interface Described {
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Json }>>;
  };
  readonly responses: Readonly<Record<string, Json>>;
}

/** GitHub gives these to any request; it describes them for some. */
const ANYWHERE = [400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503];

let whole: Json | undefined;

/** `paths`: templates such as `/repos/{owner}/{repo}/releases`. The description, 13 MB, is read once. */
export function describeGitHub(paths: readonly string[]): Description {
  whole ??= JSON.parse(
    readFileSync(createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json'), 'utf8'),
  ) as Json;
  const document = whole;
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
  const compiled = new Map<object, ValidateFunction>();
  const validate = (schema: Json, strict: boolean): ValidateFunction => {
    const known = compiled.get(schema);
    if (known !== undefined) return known;
    const made = ajv.compile(plain(schema, document, strict));
    compiled.set(schema, made);
    return made;
  };
  const errorsOf = (schema: Json, value: unknown, strict: boolean): string[] => {
    const check = validate(schema, strict);
    return check(value)
      ? []
      : (check.errors ?? []).map(
          ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
        );
  };
  const templates = paths.map((template) => {
    const described = (document.paths as Record<string, Record<string, Described>>)[template];
    if (described === undefined) throw new Error(`GitHub describes no ${template}`);
    const names = [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
    return { template, described, names, pattern: new RegExp(`^${template.replace(/\{\w+\}/g, '([^/]+)')}$`) };
  });
  return {
    find(method, path) {
      for (const { template, described, names, pattern } of templates) {
        const match = pattern.exec(path);
        const operation = described[method.toLowerCase()];
        if (match === null || operation === undefined) continue;
        const values = Object.fromEntries(
          names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]),
        );
        const parameters = (operation.parameters ?? []).map((one) =>
          '$ref' in one ? (resolved(one.$ref, document) as unknown as Parameter) : one,
        );
        return {
          route: `${method} ${template}`,
          path: values,
          takesFile: Object.values(operation.requestBody?.content ?? {}).some(
            ({ schema }) => schema.format === 'binary',
          ),
          check: (query, contentType, body) => [
            ...checkParameters(parameters, 'path', new Map(Object.entries(values)), errorsOf),
            ...checkParameters(parameters, 'query', new Map(query), errorsOf),
            ...checkBody(operation, contentType, body, errorsOf),
          ],
          checkAnswer: (status, answer) => checkAnswer(operation, status, answer, document, errorsOf),
        };
      }
      return undefined;
    },
  };
}

type ErrorsOf = (schema: Json, value: unknown, strict: boolean) => string[];

function checkParameters(
  parameters: readonly Parameter[],
  where: 'path' | 'query',
  given: ReadonlyMap<string, string>,
  errorsOf: ErrorsOf,
): string[] {
  const known = parameters.filter((one) => one.in === where);
  const unknown = [...given.keys()].filter((name) => !known.some((one) => one.name === name));
  return [
    ...unknown.map((name) => `${where}: ${name} is no parameter`),
    ...known.flatMap(({ name, required, schema }) => {
      const text = given.get(name);
      if (text === undefined) return required === true ? [`${where}: ${name} is missing`] : [];
      const isNumber = (schema.type ?? '') === 'integer' || (schema.type ?? '') === 'number';
      return errorsOf(schema, isNumber && /^\d+$/.test(text) ? Number(text) : text, true).map(
        (error) => `${where}: ${name}${error}`,
      );
    }),
  ];
}

function checkBody(
  { requestBody }: Described,
  contentType: string | undefined,
  body: unknown,
  errorsOf: ErrorsOf,
): string[] {
  if (requestBody === undefined) return body === undefined ? [] : ['a body where none is taken'];
  if (body === undefined) return requestBody.required === true ? ['no body'] : [];
  const type = (contentType ?? '').replace(/;.*$/, '').trim();
  // An upload has the type of the file.
  const [described] = Object.entries(requestBody.content);
  const media = requestBody.content[type] ?? (body instanceof Uint8Array ? described?.[1] : undefined);
  if (media === undefined) return [`the content type ${type} is not taken`];
  if (body instanceof Uint8Array) return media.schema.format === 'binary' ? [] : ['bytes where JSON is taken'];
  return errorsOf(media.schema, body, true).map((error) => `body${error}`);
}

function checkAnswer(
  { responses }: Described,
  status: number,
  body: unknown,
  document: Json,
  errorsOf: ErrorsOf,
): string[] {
  const described = responses[String(status)];
  if (described === undefined) return ANYWHERE.includes(status) ? [] : [`GitHub never answers ${status} here`];
  const answer = '$ref' in described ? resolved(String(described.$ref), document) : described;
  const schema = (answer.content as Record<string, { schema: Json }> | undefined)?.['application/json']?.schema;
  // Of refusals only the status is described here and there; they say why all the same.
  if (schema === undefined) return body === undefined || status >= 400 ? [] : ['a body where none is given'];
  return errorsOf(schema, body, false).map((error) => `answer${error}`);
}

function resolved(reference: string, document: Json): Json {
  return reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((node, key) => (node as Json)[key.replaceAll('~1', '/').replaceAll('~0', '~')], document) as Json;
}

/**
 * A schema of OpenAPI 3.0 as JSON Schema, its references in place. `strict`: what GitHub would overlook, a property that
 * it doesn't know, is a fault of ours.
 */
function plain(schema: Json, document: Json, strict: boolean, within: readonly string[] = []): Json {
  if (typeof schema.$ref === 'string') {
    // What refers to itself is not followed round.
    if (within.includes(schema.$ref)) return {};
    return plain(resolved(schema.$ref, document), document, strict, [...within, schema.$ref]);
  }
  const deeper = (value: unknown): Json => plain(value as Json, document, strict, within);
  const result: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (
      [
        'example',
        'examples',
        'description',
        'title',
        'default',
        'format',
        'nullable',
        'discriminator',
        'deprecated',
        'externalDocs',
        'xml',
      ].includes(key) ||
      key.startsWith('x-')
    )
      continue;
    if (key === 'properties')
      result[key] = Object.fromEntries(Object.entries(value as Json).map(([name, each]) => [name, deeper(each)]));
    else if (key === 'items' || key === 'not') result[key] = deeper(value);
    else if (key === 'additionalProperties') result[key] = typeof value === 'object' ? deeper(value) : value;
    else if (['allOf', 'anyOf', 'oneOf'].includes(key)) result[key] = (value as unknown[]).map(deeper);
    else result[key] = value;
  }
  if (strict && 'properties' in result && !('additionalProperties' in result)) result.additionalProperties = false;
  return schema.nullable === true ? { anyOf: [{ type: 'null' }, result] } : result;
}
