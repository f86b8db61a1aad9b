import { isLiteral, isSecretName, maySecret } from './secret-texts.ts';

/** A text in values that is a secret by its name, or may be one by its form. */
export interface SecretCandidate {
  readonly path: readonly (string | number)[];
  /** The nearest key above it. */
  readonly name: string;
  readonly byName: boolean;
  /** That a library should look at. */
  readonly text: string | undefined;
}

/** Texts in values that are or may be secrets, in clear: what is committed with the chart is known to all who read it, for ever. */
export function secretsInValues(values: unknown): SecretCandidate[] {
  const found: SecretCandidate[] = [];
  const path: (string | number)[] = [];
  const walk = (node: unknown, name: string): void => {
    if (typeof node === 'string' || typeof node === 'number') {
      const byName = isSecretName(name) && isLiteral(node, name) && !namesKeys(path);
      const text = typeof node === 'string' && maySecret(node) ? node : undefined;
      if (byName || text !== undefined) found.push({ path: [...path], name, byName, text });
      return;
    }
    // Deeper than any chart's; YAML that is deeper still was refused before.
    if (typeof node !== 'object' || node === null || path.length > 100) return;
    const isList = Array.isArray(node);
    const saysWhere = !isList && Object.keys(node).some((key) => /^(?:existing_?)?secret_?(?:name|ref)$/i.test(key));
    for (const key in node) {
      path.push(isList ? Number(key) : key);
      // Beside the name of a Secret it is the name of a key in it.
      const inner = (node as Record<string, unknown>)[key];
      const isKey = saysWhere && /^secret_?key$/i.test(key) && isKeyName(inner);
      walk(inner, isList ? name : isKey ? '' : key);
      path.pop();
    }
  };
  walk(values, '');
  return found;
}

/** `secretKeys: { password: … }`: not secrets, but by what names they are in a Secret. */
function namesKeys(path: readonly (string | number)[]): boolean {
  return path.slice(0, -1).some((step) => /keys?$/i.test(String(step)));
}

/** A short word in small letters, as keys in Secrets are called. */
function isKeyName(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z]+(?:[-_.][a-z]+){0,4}$/.test(value) && value.length <= 40;
}
