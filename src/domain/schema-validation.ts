import type { Schema } from './kubernetes-schemas.ts';
import { type Repetition, repeatedEntries, repeatedOwnEntries } from './list-entries.ts';
import { nearest } from './nearest.ts';
import { formatPointer } from './pointer.ts';
import { isBase64, isInt32, isInt64, isQuantity, isTime } from './scalar-forms.ts';
import { type Evaluation, valueFault } from './schema-values.ts';
import { isLookedAt } from './string-formats.ts';

/** What an object has that the API server refuses for its schema. */
export interface Violation {
  readonly rule:
    | 'schema/unknown-field'
    | 'schema/type'
    | 'schema/required'
    | 'schema/enum'
    | 'schema/format'
    | 'schema/range'
    | 'schema/value'
    | 'schema/duplicate-entry'
    | 'schema/name';
  /** A JSON pointer to the value; where one is missing, to what should hold it. */
  readonly path: string;
  /** Names the field's value only where no secret can stand. */
  readonly message: string;
  /** The known name that an unknown field, or a value of an enum, was probably meant to be. */
  readonly nearest?: string;
  /** It is said of a scalar, where its rule doesn't tell. */
  readonly ofScalar?: true;
  /** Of an entry that is in a list before. */
  readonly repeats?: Repetition;
  /** Only a server-side apply is refused for it. */
  readonly onServerSide?: true;
}

/** A mapping or a list whose inside is still to be looked at, and how it was reached. */
interface Visit {
  readonly value: Record<string, unknown> | readonly unknown[];
  readonly schema: Schema;
  readonly place: Place;
  /** Within the status, which the server throws away when it creates: only its form counts. */
  readonly status: boolean;
}

/** A step from one value into the next; `undefined` is the object itself. */
type Place = { readonly step: string | number; readonly within: Place } | undefined;

/** What is other for an object of a kind that a definition (CRD) describes. */
export interface CustomRules extends Evaluation {
  /** The server throws the status away: only what of it is unknown counts. */
  readonly dropsStatus: boolean;
  /** What is wrong with an object within the object, beside what its own schema says. */
  readonly embedded: (object: Readonly<Record<string, unknown>>) => readonly Violation[];
}

/** More than anybody reads: a list of a million wrong entries is a fault of its template, not a million. */
const MOST = 100;

/**
 * Checks an object as the API server's strict decoding does, and what its handlers ask of every field: null is as good
 * as absent. `definition` says what a `$ref` means. The object is a tree (whoever reads YAML bounds aliases), of any
 * depth; the first hundred violations are told, an object's own before those of what is in it.
 */
export function schemaViolations(
  object: unknown,
  schema: Schema,
  definition: (name: string) => Schema,
  custom?: CustomRules,
): Violation[] {
  const violations: Violation[] = [];
  const visits: Visit[] = [];

  const report = (fault: Fault, place: Place): void => {
    violations.push({ ...fault, path: pointerOf(place) });
  };
  const resolve = (given: Schema): Schema => {
    let resolved = given;
    while (resolved.$ref !== undefined) resolved = definition(resolved.$ref);
    return resolved;
  };
  /** Scalars, which most values are, are done here and now. */
  const meet = (
    value: unknown,
    resolved: Schema,
    within: Place,
    step: string | number | undefined,
    status: boolean,
  ): void => {
    const fault = custom === undefined ? faultOf(value, resolved) : customFaultOf(value, resolved, custom);
    const open =
      fault === undefined &&
      typeof value === 'object' &&
      value !== null &&
      mayHoldFaults(resolved, custom !== undefined);
    if (fault === undefined && !open) return;
    // Of a status that is thrown away, too.
    if (fault !== undefined && status && (custom !== undefined || fault.rule === 'schema/enum')) return;
    const place = step === undefined ? undefined : { step, within };
    if (open) visits.push({ value: value as Visit['value'], schema: resolved, place, status });
    else if (fault !== undefined) report(fault, place);
  };
  const meetEntries = (list: readonly unknown[], items: Schema, visit: Visit): void => {
    const { place, status, schema: own } = visit;
    const repeated = custom === undefined ? repeatedOwnEntries(list, own, items) : repeatedEntries(list, own);
    for (const { index, ...fault } of status ? [] : repeated) {
      if (violations.length < MOST)
        report({ rule: 'schema/duplicate-entry', ...fault }, { step: index, within: place });
    }
    if (custom !== undefined) {
      for (let index = 0; index < list.length && violations.length < MOST; index++) {
        if (list[index] !== null || items.nullable !== true) meet(list[index], items, place, index, status);
      }
      return;
    }
    // A null among them is an empty one: Go has nothing else to put there. Only an object can lack something then.
    const empty = items.required === undefined ? null : {};
    for (let index = 0; index < list.length && violations.length < MOST; index++) {
      const entry = list[index] ?? empty;
      if (entry !== null) meet(entry, items, place, index, status);
    }
  };
  const meetFields = (mapping: Readonly<Record<string, unknown>>, visit: Visit): void => {
    const { place, status, schema: own } = visit;
    const { properties, additionalProperties } = own;
    const closed = isClosed(own, custom !== undefined);
    const embedded = own['x-kubernetes-embedded-resource'] === true;
    if (embedded && place !== undefined && !status) {
      const within = pointerOf(place);
      for (const each of custom?.embedded(mapping) ?? []) {
        if (violations.length < MOST) violations.push({ ...each, path: `${within}${each.path}` });
      }
    }
    // By index here and below: what is not compiled yet makes an object for each step of an iterator.
    const names = Object.keys(mapping);
    for (let index = 0; index < names.length; index++) {
      if (violations.length >= MOST) return;
      const name = names[index] ?? '';
      const known = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
      // Each object has these; what its definition says of them counts beside.
      if (embedded && OF_EACH_OBJECT.includes(name)) {
        const open = { ...known, 'x-kubernetes-preserve-unknown-fields': true };
        if (known !== undefined && mapping[name] !== null) meet(mapping[name], open, place, name, status);
        continue;
      }
      if (known === undefined && closed) {
        report(unknownField(name, properties), { step: name, within: place });
        continue;
      }
      const value = mapping[name];
      const next = known ?? additionalProperties;
      if (value === null || value === undefined || typeof next !== 'object') continue;
      const isStatus = place === undefined && name === 'status' && custom?.dropsStatus !== false;
      meet(value, resolve(next), place, name, status || isStatus);
    }
    if (status) return;
    const required = own.required ?? [];
    const wanted = embedded ? [...required, ...EMBEDDED] : required;
    for (let index = 0; index < wanted.length; index++) {
      const name = wanted[index] ?? '';
      const value = Object.hasOwn(mapping, name) ? mapping[name] : undefined;
      if (value !== null && value !== undefined) continue;
      const field = custom === undefined ? undefined : properties?.[name];
      if (field?.default !== undefined || (field?.nullable === true && value === null)) continue;
      report({ rule: 'schema/required', message: `${name} is missing` }, place);
    }
  };

  meet(object, resolve(schema), undefined, undefined, false);
  for (let visit = visits.pop(); visit !== undefined && violations.length < MOST; visit = visits.pop()) {
    const before = visits.length;
    if (isList(visit.value)) meetEntries(visit.value, resolve(visit.schema.items ?? {}), visit);
    else meetFields(visit.value, visit);
    // What is put there last is looked at first: turned round, it is the object's order.
    reverseFrom(visits, before);
  }
  return violations;
}

const EMBEDDED: readonly string[] = ['apiVersion', 'kind'];
const OF_EACH_OBJECT: readonly string[] = [...EMBEDDED, 'metadata'];

type Fault = Omit<Violation, 'path'>;

/** What is wrong with a value of a kind that a definition describes. */
function customFaultOf(value: unknown, schema: Schema, evaluation: Evaluation): Fault | undefined {
  if (schema['x-kubernetes-int-or-string'] === true && !Number.isInteger(value) && typeof value !== 'string') {
    return wrongType(value, 'an integer or a string');
  }
  const { type, nullable } = schema;
  if (type !== undefined) {
    if (value === null && nullable === true) return undefined;
    // A list passes for a text that has a format: so it is in the server's library.
    const passes = type === 'string' && Array.isArray(value) && isLookedAt(schema.format ?? '', evaluation.minor);
    const fault = passes ? undefined : faultOf(value, { type });
    if (fault !== undefined) return fault;
  }
  return valueFault(value, schema, evaluation);
}

/** What is wrong with a value as such, not with what is in it. */
function faultOf(value: unknown, schema: Schema): Fault | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value === 'string') return undefined;
    return Number.isInteger(value)
      ? range(value, schema.format ?? 'int32')
      : wrongType(value, 'an integer or a string');
  }
  if (schema.format === 'quantity') {
    if (Number.isFinite(value)) return undefined;
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
      return Number.isFinite(value) ? undefined : wrongType(value, 'a number');
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
    const meant = nearestOf(value, allowed);
    const message = `${quoted(value)} is none of ${allowed.map((each) => each || '""').join(', ')}`;
    return { rule: 'schema/enum', message, ...(meant && { nearest: meant }) };
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

/** Whether an object may have only the fields that its schema names. A definition's that names none allows none. */
function isClosed(schema: Schema, custom: boolean): boolean {
  return (
    (schema.properties !== undefined || (custom && schema.type === 'object')) &&
    (schema.additionalProperties === undefined || schema.additionalProperties === false) &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true
  );
}

/** Free-form values, such as those of a chart's own resources, are not walked through. */
function mayHoldFaults(schema: Schema, custom: boolean): boolean {
  return (
    (custom && (isClosed(schema, custom) || schema['x-kubernetes-embedded-resource'] === true)) ||
    schema.properties !== undefined ||
    schema.items !== undefined ||
    typeof schema.additionalProperties === 'object'
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Visit['value']): value is readonly unknown[] {
  return Array.isArray(value);
}

function unknownField(name: string, known: Readonly<Record<string, unknown>> | undefined): Fault {
  const meant = nearestOf(name, Object.keys(known ?? {}));
  return { rule: 'schema/unknown-field', message: `unknown field ${quoted(name)}`, ...(meant && { nearest: meant }) };
}

/** Beyond this length nobody mistypes a name, and of so many names one is always near. */
function nearestOf(text: string, known: readonly string[]): string | undefined {
  return text.length > 100 || known.length > 1_000 ? undefined : nearest(text, known);
}

function reverseFrom(list: unknown[], start: number): void {
  for (let left = start, right = list.length - 1; left < right; left++, right--) {
    const first = list[left];
    list[left] = list[right];
    list[right] = first;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

function pointerOf(place: Place): string {
  const steps: (string | number)[] = [];
  for (let at: Place = place; at !== undefined; at = at.within) steps.push(at.step);
  return formatPointer(steps.reverse());
}
