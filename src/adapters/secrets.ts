import { isKubeconfig, kubeconfigSecrets } from '../domain/kubeconfig.ts';
import { isPrivateKey } from '../domain/private-key.ts';
import { readSource } from '../domain/source.ts';
import { INPUTS, type RawInput } from '../inputs.ts';

/** Every text that must never be shown, out of what was given: known before the first line is printed. */
export function secretsOf(inputs: readonly RawInput[]): string[] {
  const found = inputs.flatMap(({ name, text }) => {
    if (INPUTS.find((input) => input.name === name)?.kind !== 'secret') return [];
    if (name === 'secret-values') return secretLeaves(text);
    if (name === 'kubeconfig') return isKubeconfig(text) ? kubeconfigSecrets(text) : [];
    if (name === 'signing-key' && !isPrivateKey(text)) return [];
    // `host=password` lines: the host is no secret.
    return [text, ...text.split(/\r?\n/).map((line) => line.replace(/^[A-Za-z0-9.:-]+=/, ''))];
  });
  return [...new Set(found)];
}

/** The values, not their keys: a line such as `enabled: true` is in many manifests. What is no YAML is secret as a whole. */
export function secretLeaves(text: string): string[] {
  const read = readSource(new TextEncoder().encode(text));
  if (!read.ok) return text.split(/\r?\n/).map((line) => line.trim());
  const leaves: string[] = [];
  const walk = (node: unknown): void => {
    if (typeof node === 'string') leaves.push(node);
    else if (typeof node === 'number' || typeof node === 'bigint') leaves.push(String(node), ...goNumber(Number(node)));
    else if (typeof node === 'object' && node !== null) for (const value of Object.values(node)) walk(value);
  };
  walk(read.source.data);
  return leaves;
}

/** As Go prints a number from a million on, and so a template: `9.18273645e+08`. */
function goNumber(number: number): string[] {
  return Math.abs(number) < 1e6 ? [] : [number.toExponential().replace(/e\+([0-9])$/, 'e+0$1')];
}
