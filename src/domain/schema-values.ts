import { isDeepStrictEqual } from 'node:util';
import type { Schema } from './kubernetes-schemas.ts';

export interface ValueFault {
  readonly rule: 'schema/enum' | 'schema/range' | 'schema/value';
  readonly message: string;
}

/**
 * What the schema of a definition asks of a value beyond its type: enums, bounds, and the schemas of which all, any, one
 * or none must hold. Patterns, formats and rules in CEL are left to the server: where one of them would decide,
 * nothing is said.
 */
export function valueFault(value: unknown, schema: Schema): ValueFault | undefined {
  const plain = enumFault(value, schema) ?? boundFault(value, schema);
  if (plain !== undefined) return plain;
  if (!hasBranches(schema)) return undefined;
  try {
    return branchFault(value, schema, { steps: MOST_STEPS });
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
}

function enumFault(value: unknown, { enum: allowed }: Schema): ValueFault | undefined {
  if (allowed === undefined || allowed.some((each) => isDeepStrictEqual(each, value))) return undefined;
  const names = allowed.slice(0, 20).map((each) => (typeof each === 'string' ? each || '""' : JSON.stringify(each)));
  const shown = JSON.stringify(value) ?? 'it';
  const short = shown.length > 80 ? `${shown.slice(0, 79)}…` : shown;
  return { rule: 'schema/enum', message: `${short} is none of ${names.join(', ')}` };
}

function boundFault(value: unknown, schema: Schema): ValueFault | undefined {
  if (typeof value === 'number') {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    if (minimum !== undefined && (exclusiveMinimum === true ? value <= minimum : value < minimum)) {
      return range(`${value} is ${exclusiveMinimum === true ? 'not more than' : 'less than'} ${minimum}`);
    }
    if (maximum !== undefined && (exclusiveMaximum === true ? value >= maximum : value > maximum)) {
      return range(`${value} is ${exclusiveMaximum === true ? 'not less than' : 'more than'} ${maximum}`);
    }
    // Fractions are the server's: its arithmetic isn't ours.
    const whole = multipleOf !== undefined && Number.isInteger(multipleOf) && multipleOf > 0 && Number.isInteger(value);
    return whole && value % multipleOf !== 0 ? range(`${value} is no multiple of ${multipleOf}`) : undefined;
  }
  if (typeof value === 'string') {
    return sizeFault(value.length, 'character', schema.minLength, schema.maxLength, () => [...value].length);
  }
  if (Array.isArray(value)) return sizeFault(value.length, 'entry', schema.minItems, schema.maxItems);
  if (typeof value === 'object' && value !== null) {
    const { minProperties, maxProperties } = schema;
    if (minProperties === undefined && maxProperties === undefined) return undefined;
    return sizeFault(Object.keys(value).length, 'field', minProperties, maxProperties);
  }
  return undefined;
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
  if (enumFault(value, schema) !== undefined || boundFault(value, schema) !== undefined) return false;
  if (branchFault(value, schema, budget, depth) !== undefined) return false;
  // A server alone can say, and it may be no.
  if (typeof value === 'string' && (schema.pattern !== undefined || schema.format !== undefined)) throw UNDECIDED;
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
