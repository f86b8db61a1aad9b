import type { KubeObject } from '../../domain/kube-object.ts';

/** Objects as the manifest of a record. */
export async function manifestText(objects: readonly KubeObject[]): Promise<string> {
  const { stringify } = await import('yaml');
  // What an alias stood for is written out, and no text can be taken for a document's end.
  return objects.map((one) => `---\n${stringify(JSON.parse(JSON.stringify(one)))}`).join('');
}
