import type { Schema } from './kubernetes-schemas.ts';
import { nearest } from './nearest.ts';
import { formatPointer } from './pointer.ts';
import { isBase64, isInt32, isInt64, isQuantity, isTime } from './scalar-forms.ts';

/** What an object has that the API server refuses for its schema. */
export interface Violation {
  readonly rule:
    | 'schema/unknown-field'
    | 'schema/type'
    | 'schema/required'
    | 'schema/enum'
    | 'schema/format'
    | 'schema/range';
  /** A JSON pointer to the value; where one is missing, to what should hold it. */
  readonly path: string;
  /** Names the field's value only where no secret can stand. */
  readonly message: string;
  /** The known name that an unknown field, or a value of an enum, was probably meant to be. */
  readonly nearest?: string;
}

/** A value that is still to be looked at, and how it was reached. */
interface Visit {
  readonly value: unknown;
  readonly schema: Schema;
  readonly place: Place | undefined;
  /** Within the status, which the server throws away when it creates: only its form counts. */
  readonly status: boolean;
}

interface Place {
  readonly step: string | number;
  readonly within: Place | undefined;
}

/** More than anybody reads: a list of a million wrong entries is a fault of its template, not a million. */
const MOST = 100;

/**
 * Checks an object as the API server's strict decoding does, and what its handlers ask of every field: null is as good
 * as absent. `definition` says what a `$ref` means. The object is a tree (whoever reads YAML bounds aliases), of any
 * depth; the first hundred violations are told, an object's own before those of what is in it.
 */
export function schemaViolations(object: unknown, schema: Schema, definition: (name: string) => Schema): Violation[] {
  const violations: Violation[] = [];
  const visits: Visit[] = [{ value: object, schema, place: undefined, status: false }];
  for (let visit = visits.pop(); visit !== undefined && violations.length < MOST; visit = visits.pop()) {
    let { schema } = visit;
    while (schema.$ref !== undefined) schema = definition(schema.$ref);
    const { value, place } = visit;
    const add = (rule: Violation['rule'], message: string, meant?: string, step?: string): void => {
      if (violations.length >= MOST) return;
      const at = step === undefined ? place : { step, within: place };
      violations.push({ rule, path: pointerOf(at), message, ...(meant !== undefined && { nearest: meant }) });
    };
    const before = visits.length;
    const fault = faultOf(value, schema);
    if (fault !== undefined) {
      if (fault.rule !== 'schema/enum' || !visit.status) add(fault.rule, fault.message, fault.nearest);
    } else if (Array.isArray(value)) {
      const { items } = schema;
      // A null among them is an empty one: Go has nothing else to put there.
      const empty = items === undefined ? undefined : emptyOf(items, definition);
      if (items !== undefined) {
        for (const [index, entry] of value.entries()) {
          const item = entry ?? empty;
          if (item !== undefined)
            visits.push({ ...visit, value: item, schema: items, place: { step: index, within: place } });
        }
      }
    } else if (isMapping(value)) {
      const { properties } = schema;
      for (const [name, field] of Object.entries(value)) {
        if (violations.length >= MOST) break;
        const known = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
        const inside = { step: name, within: place };
        if (known === undefined && isClosed(schema)) {
          add('schema/unknown-field', `unknown field ${quoted(name)}`, near(name, properties), name);
        } else if (field !== null && field !== undefined) {
          const status = visit.status || (place === undefined && name === 'status');
          const next = known ?? schema.additionalProperties;
          if (typeof next === 'object') visits.push({ value: field, schema: next, place: inside, status });
        }
      }
      if (!visit.status) {
        for (const name of schema.required ?? []) {
          if (!Object.hasOwn(value, name) || value[name] === null || value[name] === undefined) {
            add('schema/required', `${name} is missing`);
          }
        }
      }
    }
    // What is put there last is looked at first: turned round, it is the object's order.
    reverseFrom(visits, before);
  }
  return violations;
}

type Fault = Pick<Violation, 'rule' | 'message' | 'nearest'>;

/** What is wrong with a value as such, not with what is in it. */
function faultOf(value: unknown, schema: Schema): Fault | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value === 'string') return undefined;
    return Number.isInteger(value)
      ? range(value, schema.format ?? 'int32')
      : wrongType(value, 'an integer or a string');
  }
  if (schema.format === 'quantity') {
    if (typeof value === 'number') return undefined;
    if (typeof value !== 'string') return wrongType(value, 'a quantity');
    if (isQuantity(value)) return undefined;
    return { rule: 'schema/format', message: `${quoted(value)} is no quantity such as 500m, 1.5 or 64Mi` };
  }
  switch (schema.type) {
    case 'object':
      return isMapping(value) ? undefined : wrongType(value, 'a mapping');
    case 'array':
      return Array.isArray(value) ? undefined : wrongType(value, 'a list');
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wrongType(value, 'true or false');
    case 'number':
      return typeof value === 'number' ? undefined : wrongType(value, 'a number');
    case 'integer':
      return Number.isInteger(value) ? range(value, schema.format) : wrongType(value, 'an integer');
    case 'string':
      return typeof value === 'string' ? stringFault(value, schema) : wrongType(value, 'a string');
    case undefined:
      return undefined;
  }
}

function stringFault(value: string, schema: Schema): Fault | undefined {
  // An empty text is as good as none: the server puts its default there.
  if (schema.enum !== undefined && value !== '' && !schema.enum.includes(value)) {
    const allowed = schema.enum.map(String);
    const meant = value.length > 100 ? undefined : nearest(value, allowed);
    const message = `${quoted(value)} is none of ${allowed.map((each) => each || '""').join(', ')}`;
    return { rule: 'schema/enum', message, ...(meant !== undefined && { nearest: meant }) };
  }
  if (schema.format === 'byte' && !isBase64(value)) return { rule: 'schema/format', message: 'is no base64' };
  if (schema.format === 'date-time' && !isTime(value)) {
    return { rule: 'schema/format', message: `${quoted(value)} is no time such as 2006-01-02T15:04:05Z` };
  }
  return undefined;
}

function range(value: unknown, format: string | undefined): Fault | undefined {
  const fits = format === 'int32' ? isInt32(value as number) : isInt64(value as number);
  return fits ? undefined : { rule: 'schema/range', message: `${value} is out of range` };
}

function wrongType(value: unknown, wanted: string): Fault {
  return { rule: 'schema/type', message: `is ${typeName(value)}, must be ${wanted}` };
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'a string';
    case 'boolean':
      return 'true or false';
    case 'number':
    case 'bigint':
      return 'a number';
    default:
      return 'a mapping';
  }
}

/** Whether an object may have only the fields that its schema names. */
function isClosed(schema: Schema): boolean {
  return (
    schema.properties !== undefined &&
    (schema.additionalProperties === undefined || schema.additionalProperties === false) &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true
  );
}

/** What a null in a list stands for, where that can be wrong: an object without any field. */
function emptyOf(items: Schema, definition: (name: string) => Schema): Record<string, never> | undefined {
  let schema = items;
  while (schema.$ref !== undefined) schema = definition(schema.$ref);
  return schema.required === undefined ? undefined : {};
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Beyond this length nobody mistypes a name. */
function near(name: string, known: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return name.length > 100 ? undefined : nearest(name, Object.keys(known ?? {}));
}

function reverseFrom(list: unknown[], start: number): void {
  for (let left = start, right = list.length - 1; left < right; left++, right--) {
    [list[left], list[right]] = [list[right], list[left]];
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

function pointerOf(place: Place | undefined): string {
  const steps: (string | number)[] = [];
  for (let at = place; at !== undefined; at = at.within) steps.push(at.step);
  return formatPointer(steps.reverse());
}
