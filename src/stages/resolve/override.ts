import { isScalar, parseDocument } from 'yaml';

/** Chart.yaml with another version or appVersion; comments, order and all other values stay as they are. */
export function overrideVersions(
  chartYaml: Uint8Array,
  versions: { readonly version?: string; readonly appVersion?: string },
): Uint8Array {
  // The text was read strictly before: it is one mapping.
  const document = parseDocument(new TextDecoder().decode(chartYaml), { merge: true, logLevel: 'silent' });
  for (const [key, value] of Object.entries(versions)) {
    if (value === undefined) continue;
    const node = document.get(key, true);
    if (isScalar(node)) node.value = value;
    else document.set(key, value);
  }
  // Helm reads YAML 1.1, where more plain texts are numbers; quotes keep a version a text for every reader.
  return new TextEncoder().encode(document.toString({ lineWidth: 0 }));
}
