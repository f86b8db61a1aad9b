import { boolYaml11Tag, defineScalarTag, FAILSAFE_SCHEMA, mergeTag, NOT_RESOLVED, nullCoreTag, Schema } from 'js-yaml';

/**
 * What helm, kubectl and the API server take a plain scalar for: their YAML reader (go-yaml 2) knows neither the whole
 * of YAML 1.1 nor 1.2. `y` and `off` are booleans, `0644` and `0o644` octal, `1_000` a number, `08` eight; `12:30`
 * and dates are strings.
 */
export const KUBERNETES_YAML = new Schema([
  ...FAILSAFE_SCHEMA.tags,
  nullCoreTag,
  boolYaml11Tag,
  defineScalarTag('tag:yaml.org,2002:int', number(integer)),
  defineScalarTag('tag:yaml.org,2002:float', number(float)),
  mergeTag,
]);

function number(read: (text: string) => number | undefined) {
  return {
    implicit: true,
    implicitFirstChars: ['+', '-', '.', ...'0123456789'],
    resolve: (source: string) => read(source) ?? NOT_RESOLVED,
    // For writing, which is done elsewhere.
    identify: () => false,
  };
}

const WORDS = new Map<string, boolean | null>([
  ...['null', 'Null', 'NULL', '~'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

/** What this schema takes a plain scalar for, for a reader of our own. */
export function plainScalar(text: string): string | number | boolean | null {
  const first = text.charCodeAt(0);
  // Digits, signs and a dot.
  if ((first > 47 && first < 58) || first === 43 || first === 45 || first === 46) {
    return integer(text) ?? float(text) ?? text;
  }
  const word = text.length < 6 ? WORDS.get(text) : undefined;
  return word === undefined ? text : word;
}

/** As Go's ParseInt with base 0, underscores left out beforehand. */
function integer(text: string): number | undefined {
  if (text.startsWith('.')) return undefined;
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]+|0|[1-9][0-9]*)$/.exec(
    text.replaceAll('_', ''),
  );
  if (match === null) return undefined;
  const [, sign, digits = ''] = match;
  const value = Number(/^0[0-7]/.test(digits) ? `0o${digits}` : digits);
  return sign === '-' ? -value : value;
}

/** Numbers too big for a float64 are strings; the infinite ones are numbers, which JSON then can't hold. */
function float(text: string): number | undefined {
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return Number.NaN;
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  if (!/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}
