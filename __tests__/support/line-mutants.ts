import { isMap, isScalar, isSeq, type Pair, parseDocument, type Scalar, visit } from 'yaml';
import { templateParts } from '../../src/domain/provenance/template-parts.ts';

/** A file of a chart with one thing on one line changed. */
export interface LineMutant {
  readonly file: string;
  readonly line: number;
  /** The way by which the changed thing gets into an object. */
  readonly way: string;
  readonly text: string;
  /** For a person who reads a table. */
  readonly what: string;
}

type Random = () => number;

/** Every key and scalar of a values file, changed once; `wayOf` tells by its path how a value is used. */
export function valuesMutants(
  file: string,
  source: string,
  wayOf: (path: readonly string[], what: 'key' | 'value') => string | undefined,
  random: Random,
): LineMutant[] {
  const mutants: LineMutant[] = [];
  visit(parseDocument(source), {
    Scalar(key, node, ancestors) {
      const path = ancestors.flatMap((each) => (isPair(each) && isScalar(each.key) ? [String(each.key.value)] : []));
      const way = key === 'key' ? wayOf([...path, String(node.value)], 'key') : wayOf(path, 'value');
      if (way === undefined || node.range === undefined || node.range === null) return;
      const [start, end] = node.range;
      const changed = key === 'key' ? `${String(node.value)}${random() < 0.5 ? 'x' : 'Name'}` : wrongFor(node, random);
      if (changed === undefined || source.slice(start, end).includes('\n')) return;
      mutants.push({ ...at(file, source, start, end, changed), way });
    },
  });
  return mutants;
}

function isPair(node: unknown): node is Pair {
  return typeof node === 'object' && node !== null && 'key' in node && !isMap(node) && !isSeq(node);
}

/** Something of another kind; often what stands elsewhere too, so that its text alone says nothing of its place. */
function wrongFor({ value }: Scalar, random: Random): string | undefined {
  const choose = (...some: string[]): string => some[Math.floor(random() * some.length)] ?? '';
  if (typeof value === 'number') return choose('true', 'many', '"80"', '[1]', '1.5', '{a: 1}', '99999999999');
  if (typeof value === 'boolean') return choose('"true"', 'perhaps', '1', '[]');
  if (typeof value === 'string') return choose('80', 'true', '[app]', '{a: b}', 'Perhaps', '1', '{}');
  return undefined;
}

/** Every static key and value of a template and every text and number in its actions, changed once. */
export function templateMutants(file: string, source: string, random: Random): LineMutant[] {
  const mutants: LineMutant[] = [];
  const parts = templateParts(source) ?? [];
  const isPartial = file.endsWith('.tpl');
  const add = (start: number, end: number, changed: string, way: string): void => {
    mutants.push({ ...at(file, source, start, end, changed), way });
  };
  for (const part of parts) {
    if (part.kind === 'text') {
      for (const match of part.text.matchAll(
        /^([ \t]*(?:- )*)([A-Za-z][\w./-]*)(:)(?:[ \t]+([^\s#{|>&*][^\n#]*?))?[ \t]*(?=\n|$)/gm,
      )) {
        const [, indent = '', key = '', , value] = match;
        const start = part.start + match.index + indent.length;
        add(start, start + key.length, `${key}x`, isPartial ? 'include' : 'literal');
        if (value === undefined || /^["'[]/.test(value)) continue;
        const from = part.start + match.index + match[0].indexOf(value, indent.length + key.length);
        const wrong = wrongFor({ value: parsed(value) } as Scalar, random);
        if (wrong !== undefined) add(from, from + value.length, wrong, isPartial ? 'include' : 'literal');
      }
    } else if (part.prints && /^[^|"]*$/.test(part.code) && !/\b(?:include|template|toYaml)\b/.test(part.code)) {
      // A text where the template had a number.
      const end = part.codeStart + part.code.trimEnd().length;
      add(end, end, ' | quote', 'retyped');
    } else if (
      !/^\s*\/\*/.test(part.code) &&
      !/\b(?:include|define|template|printf|lookup|eq|ne|trunc)\b/.test(part.code)
    ) {
      for (const { 0: literal, index } of part.code.matchAll(/"\w+"|(?<=\s)\d+(?=\s|$)/g)) {
        const start = part.codeStart + index;
        const way = /\b(?:default|coalesce)\b/.test(part.code)
          ? 'default'
          : /\brange\b/.test(part.code)
            ? 'range'
            : isPartial
              ? 'include'
              : 'literal';
        add(start, start + literal.length, literal.startsWith('"') ? '"Perhaps"' : '"many"', way);
      }
    }
  }
  return mutants;
}

function parsed(text: string): unknown {
  return parseDocument(text).toJS();
}

function at(file: string, source: string, start: number, end: number, changed: string): Omit<LineMutant, 'way'> {
  const line = source.slice(0, start).split('\n').length;
  const text = source.slice(0, start) + changed + source.slice(end);
  return { file, line, text, what: `${file}:${line} ${source.slice(start, end)} → ${changed}` };
}

/** A list in another order, by a seed. */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list];
  const chosen: T[] = [];
  while (left.length > 0) chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  return chosen;
}
