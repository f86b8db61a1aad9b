import { isLiteral, isSecretName } from './secret-texts.ts';

/** A secret in a values file, by its path. */
export interface SecretValue {
  readonly path: readonly (string | number)[];
  /** What it was recognised as; else its name said it. */
  readonly recognised: string | undefined;
}

/** Texts in values that are secrets, in clear: what is committed with the chart is known to all who read it, for ever. */
export function secretsInValues(values: unknown, credentials: ReadonlyMap<string, string>): SecretValue[] {
  const found: SecretValue[] = [];
  eachScalar(values, (value, name, path) => {
    const recognised = typeof value === 'string' ? credentials.get(value) : undefined;
    if (recognised !== undefined || (isSecretName(name) && isLiteral(value, name) && !namesKeys(path))) {
      found.push({ path: [...path], recognised });
    }
  });
  return found;
}

/** The texts and numbers of values, the nearest key above each, and its path, which is another one after the call. */
export function eachScalar(
  values: unknown,
  visit: (value: string | number, name: string, path: readonly (string | number)[]) => void,
): void {
  const path: (string | number)[] = [];
  const walk = (node: unknown, name: string): void => {
    if (typeof node === 'string' || typeof node === 'number') visit(node, name, path);
    // Deeper than any chart's; YAML that is deeper still was refused before.
    if (typeof node !== 'object' || node === null || path.length > 100) return;
    const isList = Array.isArray(node);
    for (const key in node) {
      path.push(isList ? Number(key) : key);
      walk((node as Record<string, unknown>)[key], isList ? name : key);
      path.pop();
    }
  };
  walk(values, '');
}

/** `secretKeys: { password: … }`: not secrets, but by what names they are in a Secret. */
function namesKeys(path: readonly (string | number)[]): boolean {
  return path.slice(0, -1).some((step) => /keys?$/i.test(String(step)));
}
