import { isDeepStrictEqual } from 'node:util';
import type { Schema } from './kubernetes-schemas.ts';
import { hasRepeated } from './list-entries.ts';
import type { Patterns } from './patterns.ts';
import { isInt32 } from './scalar-forms.ts';
import { formatFault } from './string-formats.ts';

export interface ValueFault {
  readonly rule: 'schema/enum' | 'schema/range' | 'schema/format' | 'schema/value';
  readonly message: string;
  /** It is said of a scalar. */
  readonly ofScalar?: true;
}

/** What evaluates a definition's schema. */
export interface Evaluation {
  readonly patterns: Patterns;
  /** `1.35`: servers have come to look at more. */
  readonly minor: string;
}

/**
 * What the schema of a definition asks of a value beyond its type: enums, bounds, patterns, formats, and the schemas of
 * which all, any, one or none must hold. Rules in CEL are left to the server, and so is what isn't evaluated: where that
 * would decide, nothing is said.
 */
export function valueFault(value: unknown, schema: Schema, evaluation: Evaluation): ValueFault | undefined {
  const plain = enumFault(value, schema) ?? boundFault(value, schema) ?? rangeFault(value, schema, evaluation);
  if (plain !== undefined) return plain;
  const ofText = typeof value === 'string' ? textFault(value, schema, evaluation) : undefined;
  if (ofText !== undefined && ofText !== 'undecided') return ofText;
  if (!hasBranches(schema)) return undefined;
  try {
    return branchFault(value, schema, { steps: MOST_STEPS, evaluation });
  } catch (error) {
    if (error === UNDECIDED) return undefined;
    throw error;
  }
}

/** Thrown, and seen in this file alone, where only the server can say. */
const UNDECIDED = new Error('undecided');
/** Of one value; a schema may be made so that there is no end of branches. */
const MOST_STEPS = 20_000;
const DEEPEST = 100;

interface Budget {
  steps: number;
  readonly evaluation: Evaluation;
}

function enumFault(value: unknown, { enum: allowed }: Schema): ValueFault | undefined {
  if (allowed === undefined || allowed.some((each) => isDeepStrictEqual(each, value))) return undefined;
  const names = allowed.slice(0, 20).map((each) => (typeof each === 'string' ? each || '""' : JSON.stringify(each)));
  const shown = JSON.stringify(value) ?? 'it';
  const short = shown.length > 80 ? `${shown.slice(0, 79)}…` : shown;
  return { rule: 'schema/enum', message: `${short} is none of ${names.join(', ')}` };
}

function boundFault(value: unknown, schema: Schema): ValueFault | undefined {
  if (typeof value === 'number') return numberFault(value, schema);
  if (typeof value === 'string') {
    return sizeFault(value.length, 'character', schema.minLength, schema.maxLength, () => characters(value));
  }
  if (Array.isArray(value)) {
    const fault = sizeFault(value.length, 'entry', schema.minItems, schema.maxItems);
    if (fault !== undefined || schema.uniqueItems !== true || !hasRepeated(value)) return fault;
    return { rule: 'schema/value', message: 'has an entry twice, and each must be another' };
  }
  if (typeof value === 'object' && value !== null) {
    const { minProperties, maxProperties } = schema;
    if (minProperties === undefined && maxProperties === undefined) return undefined;
    return sizeFault(Object.keys(value).length, 'field', minProperties, maxProperties);
  }
  return undefined;
}

/** The server compares a whole number with the whole part of a bound. */
function numberFault(value: number, schema: Schema): ValueFault | undefined {
  const { exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const asCompared = (bound: number | undefined) =>
    bound !== undefined && Number.isInteger(value) ? Math.trunc(bound) : bound;
  const [minimum, maximum] = [asCompared(schema.minimum), asCompared(schema.maximum)];
  if (minimum !== undefined && (exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    return range(`${value} is ${exclusiveMinimum === true ? 'not more than' : 'less than'} ${schema.minimum}`);
  }
  if (maximum !== undefined && (exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    return range(`${value} is ${exclusiveMaximum === true ? 'not less than' : 'more than'} ${schema.maximum}`);
  }
  if (multipleOf === undefined || multipleOf <= 0) return undefined;
  const factor = Number.isInteger(value) ? Math.trunc(multipleOf) : multipleOf;
  if (factor === 0) {
    return range(
      `${value} is refused with a multipleOf of ${multipleOf}: of that the server takes the whole part, which is 0`,
    );
  }
  if (Number.isInteger(value))
    return value % factor === 0 ? undefined : range(`${value} is no multiple of ${multipleOf}`);
  const times = factor < 1 ? (1 / factor) * value : value / factor;
  return isWhole(times) ? undefined : range(`${value} is no multiple of ${multipleOf}`);
}

/** Near enough to a whole number, as the server's library has it. */
function isWhole(number: number): boolean {
  const whole = Math.round(number);
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER) return false;
  return number === whole || Math.abs(number - whole) < 1e-9 * Math.abs(whole);
}

/** Since 1.36 a number must be one of its format. */
function rangeFault(value: unknown, { type, format }: Schema, { minor }: Evaluation): ValueFault | undefined {
  if (typeof value !== 'number' || Number(minor.slice(2)) < 36) return undefined;
  if (type === 'integer' && format === 'int32' && !isInt32(value)) return range(`${value} is out of range`);
  const isTooLarge = type === 'number' && format === 'float' && !Number.isFinite(Math.fround(value));
  return isTooLarge ? range(`${value} is out of range`) : undefined;
}

function textFault(
  text: string,
  { pattern, format, type }: Schema,
  { patterns, minor }: Evaluation,
): ValueFault | 'undecided' | undefined {
  const matches = pattern === undefined || pattern === '' ? true : patterns.matches(pattern, text);
  if (matches === false) {
    return { rule: 'schema/value', message: `${quoted(text)} does not match ${shortened(pattern)}`, ofScalar: true };
  }
  const ofText = type === undefined || type === 'string';
  const message = format !== undefined && ofText ? formatFault(text, format, minor) : undefined;
  if (message === 'undecided' || (message === undefined && matches === undefined)) return 'undecided';
  return message === undefined ? undefined : { rule: 'schema/format', message };
}

function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

function shortened(text = ''): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Characters as Go counts them, which takes a pair of surrogates for one. */
function characters(text: string): number {
  let pairs = 0;
  for (let index = 0; index + 1 < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) pairs++;
  }
  return text.length - pairs;
}

function sizeFault(
  size: number,
  unit: 'character' | 'entry' | 'field',
  least: number | undefined,
  most: number | undefined,
  exactly = () => size,
): ValueFault | undefined {
  if ((least === undefined || size >= least * 2) && (most === undefined || size <= most)) return undefined;
  const exact = exactly();
  const units = (count: number): string => `${count} ${count === 1 ? unit : unit === 'entry' ? 'entries' : `${unit}s`}`;
  if (least !== undefined && exact < least) return range(`has ${units(exact)}, and at least ${least} are needed`);
  if (most !== undefined && exact > most) return range(`has ${units(exact)}, and at most ${most} are allowed`);
  return undefined;
}

function range(message: string): ValueFault {
  return { rule: 'schema/range', message };
}

function hasBranches({ allOf, anyOf, oneOf, not }: Schema): boolean {
  return allOf !== undefined || anyOf !== undefined || oneOf !== undefined || not !== undefined;
}

function branchFault(value: unknown, schema: Schema, budget: Budget, depth = 0): ValueFault | undefined {
  const holds = (branch: Schema): boolean => accepts(value, branch, budget, depth + 1);
  const fault = (message: string): ValueFault => ({ rule: 'schema/value', message });
  if (schema.allOf?.every(holds) === false) return fault('is not as all of the schemas of allOf ask');
  if (schema.anyOf?.some(holds) === false) return fault('is as none of the schemas of anyOf asks');
  if (schema.oneOf !== undefined) {
    const held = schema.oneOf.filter(holds).length;
    if (held !== 1) return fault(`is as ${held === 0 ? 'none' : held} of the schemas of oneOf, and must be as one`);
  }
  if (schema.not !== undefined && holds(schema.not)) return fault('is as the schema of not, which it must not be');
  return undefined;
}

/** Whether a value is as a branch asks. Its fields don't close it. */
function accepts(value: unknown, schema: Schema, budget: Budget, depth: number): boolean {
  if (--budget.steps < 0 || depth > DEEPEST) throw UNDECIDED;
  if (!hasType(value, schema)) return false;
  const { evaluation } = budget;
  const fault = enumFault(value, schema) ?? boundFault(value, schema) ?? rangeFault(value, schema, evaluation);
  if (fault !== undefined || branchFault(value, schema, budget, depth) !== undefined) return false;
  const ofText = typeof value === 'string' ? textFault(value, schema, evaluation) : undefined;
  // A server alone can say, and it may be no.
  if (ofText === 'undecided') throw UNDECIDED;
  if (ofText !== undefined) return false;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined || value.every((each) => accepts(each, items, budget, depth + 1));
  }
  if (typeof value !== 'object' || value === null) return true;
  const mapping = value as Readonly<Record<string, unknown>>;
  const has = (name: string): boolean => Object.hasOwn(mapping, name) && mapping[name] !== null;
  if (schema.required?.every(has) === false) return false;
  return Object.entries(mapping).every(([name, each]) => {
    const known = schema.properties?.[name] ?? schema.additionalProperties;
    return each === null || typeof known !== 'object' || accepts(each, known, budget, depth + 1);
  });
}

function hasType(value: unknown, { type }: Schema): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case undefined:
      return true;
    default:
      return typeof value === type;
  }
}
