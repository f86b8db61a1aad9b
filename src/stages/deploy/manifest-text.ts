import type { KubeObject } from '../../domain/kube-object.ts';

/** Objects as the manifest of a record. JSON is YAML, and no text in it can be taken for a document's end. */
export function manifestText(objects: readonly KubeObject[]): string {
  return objects.map((one) => `---\n${JSON.stringify(one)}\n`).join('');
}
