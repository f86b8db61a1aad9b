import { load, YAMLException } from 'js-yaml';
import { isMap, parseDocument, visit } from 'yaml';

/** A document of a rendered manifest and the template that made it. */
export interface RenderedDocument {
  /** Relative to the chart's folder; empty when helm doesn't say. */
  readonly template: string;
  readonly text: string;
}

/** Helm's output → its documents. Helm puts `# Source: CHART/templates/x.yaml` before each. */
export function documentsOf(manifest: string, chart: string): RenderedDocument[] {
  return manifest.split(/^---(?=\s|$)/m).flatMap((text) => {
    if (text.trim() === '') return [];
    const source = /^# Source: (\S+)$/m.exec(text)?.[1] ?? '';
    return [{ template: source.startsWith(`${chart}/`) ? source.slice(chart.length + 1) : source, text }];
  });
}

export interface DocumentFault {
  readonly kind: 'yaml';
  readonly severity: 'error';
  readonly message: string;
  readonly file: string;
}

/** Checks documents for what helm lets pass: a key twice in one mapping, or no YAML at all (NOTES aside). */
export interface DocumentChecks {
  faults(documents: readonly RenderedDocument[]): DocumentFault[];
}

/** Environments and versions share most of their documents: each text is parsed once for the life of these checks. */
export function createDocumentChecks(): DocumentChecks {
  const seen = new Map<string, string | undefined>();
  const check = (text: string): string | undefined => {
    if (!seen.has(text)) seen.set(text, wrongWith(text));
    return seen.get(text);
  };
  return {
    faults: (documents) =>
      documents.flatMap(({ template, text }) => {
        const message = check(text);
        return message === undefined ? [] : [{ kind: 'yaml' as const, severity: 'error' as const, message, file: template }];
      }),
  };
}

function wrongWith(text: string): string | undefined {
  try {
    load(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    // The line is one of the rendered text; what stands there helps where its number wouldn't.
    const line = text.split('\n')[error.mark?.line ?? -1]?.trim();
    const near = line === undefined || line === '' ? '' : `: ${JSON.stringify(line.slice(0, 80))}`;
    if (error.reason === 'duplicated mapping key') return `renders the same key twice in one mapping${near}`;
    return `renders to no valid YAML: ${error.reason}${near}`;
  }
}

/** The manifest with the data of every Secret replaced; what can't be parsed is dropped rather than shown. */
export function redactSecrets(manifest: string): string {
  const pieces = manifest.split(/^(?=---(?:\s|$))/m);
  if (!pieces.some(mayHoldSecret)) return manifest;
  return pieces
    .map((piece) => {
      if (!mayHoldSecret(piece)) return piece;
      const document = parseDocument(piece, { logLevel: 'silent', uniqueKeys: false });
      if (document.errors.length > 0) return '---\n# a document that may hold a Secret and is no valid YAML is left out here\n';
      visit(document, {
        Map: (_, map) => {
          if (map.get('kind') !== 'Secret') return;
          for (const key of ['data', 'stringData']) {
            const data = map.get(key);
            if (isMap(data)) for (const pair of data.items) pair.value = document.createNode('REDACTED');
          }
        },
      });
      return `---\n${document.toString().replace(/^---\n/, '')}`;
    })
    .join('');
}

function mayHoldSecret(text: string): boolean {
  return /kind["']?\s*:\s*["']?Secret["']?\s*(?:$|[,}#\r\n])/m.test(text);
}
