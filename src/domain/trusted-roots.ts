import { list } from './diagnosis/reading.ts';

/** The documents of a file of Sigstore's trusted roots: one in all, or one a line, as gh writes them. Or what is wrong. */
export function readTrustedRoots(bytes: Uint8Array): readonly unknown[] | string {
  let roots: readonly unknown[];
  try {
    // The decoder takes a byte order mark away.
    roots = documentsIn(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const isRoot = (root: unknown) =>
    list((root as { certificateAuthorities?: unknown } | null)?.certificateAuthorities).length > 0;
  return roots.length > 0 && roots.every(isRoot) ? roots : 'it has no certificate authority';
}

function documentsIn(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line)]));
  }
}
