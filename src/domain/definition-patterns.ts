import type { Patterns } from './patterns.ts';

/** A `pattern` in the schemas of a definition (CRD) that Go doesn't take; the API server then refuses the definition. */
export interface PatternFault {
  readonly path: readonly (string | number)[];
  readonly pattern: string;
  readonly why: string;
}

/** Patterns that are looked at: each takes up to a millisecond, and the largest definitions have some hundred. */
const MOST = 5_000;

/** A step from one value into the next. */
type Place = { readonly step: string | number; readonly within: Place } | undefined;

/** Of all versions, served or not, at any depth. */
export function patternFaults(definition: Readonly<Record<string, unknown>>, patterns: Patterns): PatternFault[] {
  const faults: PatternFault[] = [];
  const open: { readonly schema: unknown; readonly place: Place }[] = [];
  const at = (within: Place, ...steps: readonly (string | number)[]): Place =>
    steps.reduce<Place>((place, step) => ({ step, within: place }), within);
  for (const [index, version] of list(mapping(definition.spec).versions).entries()) {
    const place = at(undefined, 'spec', 'versions', index, 'schema', 'openAPIV3Schema');
    open.push({ schema: mapping(mapping(version).schema).openAPIV3Schema, place });
  }
  open.reverse();
  let looked = 0;
  for (let next = open.pop(); next !== undefined && looked < MOST; next = open.pop()) {
    const { place } = next;
    const schema = mapping(next.schema);
    if (typeof schema.pattern === 'string') {
      looked++;
      const why = patterns.refusal(schema.pattern);
      if (why !== undefined) faults.push({ path: pathOf(at(place, 'pattern')), pattern: schema.pattern, why });
    }
    const within: typeof open = [];
    for (const [name, each] of Object.entries(mapping(schema.properties))) {
      within.push({ schema: each, place: at(place, 'properties', name) });
    }
    for (const keyword of ['items', 'additionalProperties', 'not']) {
      within.push({ schema: schema[keyword], place: at(place, keyword) });
    }
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
      for (const [index, each] of list(schema[keyword]).entries()) {
        within.push({ schema: each, place: at(place, keyword, index) });
      }
    }
    // The last is looked at first: turned round, it is the order of the text.
    for (const each of within.reverse()) if (typeof each.schema === 'object' && each.schema !== null) open.push(each);
  }
  return faults;
}

function pathOf(place: Place): (string | number)[] {
  const steps: (string | number)[] = [];
  for (let at: Place = place; at !== undefined; at = at.within) steps.push(at.step);
  return steps.reverse();
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
