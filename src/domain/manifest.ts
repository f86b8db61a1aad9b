import { mayRepeatKey } from './repeated-keys.ts';

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
    const source = /^# Source: (.+)$/m.exec(text)?.[1] ?? '';
    return [{ template: source.startsWith(`${chart}/`) ? source.slice(chart.length + 1) : source, text }];
  });
}

export interface DocumentFault {
  readonly kind: 'yaml';
  readonly severity: 'error';
  readonly message: string;
  readonly file: string;
}

/** Checks documents for what helm lets pass: a key twice in one mapping. That they are YAML helm has seen to. */
export interface DocumentChecks {
  faults(documents: readonly RenderedDocument[]): Promise<DocumentFault[]>;
}

/** Environments and versions share most of their documents: each text is checked once for the life of these checks. */
export function createDocumentChecks(): DocumentChecks {
  const seen = new Map<string, string | undefined>();
  const check = async (text: string): Promise<string | undefined> => {
    if (!seen.has(text)) seen.set(text, mayRepeatKey(text) ? await repeatedKey(text) : undefined);
    return seen.get(text);
  };
  return {
    faults: async (documents) => {
      const faults: DocumentFault[] = [];
      for (const { template, text } of documents) {
        const message = await check(text);
        if (message !== undefined) faults.push({ kind: 'yaml', severity: 'error', message, file: template });
      }
      return faults;
    },
  };
}

async function repeatedKey(text: string): Promise<string | undefined> {
  // Most charts never need it (see mayRepeatKey).
  const { load, YAMLException } = await import('js-yaml');
  try {
    load(text);
    return undefined;
  } catch (error) {
    // What else this parser refuses (a document of comments, a foreign tag) helm's takes.
    if (!(error instanceof YAMLException) || error.reason !== 'duplicated mapping key') return undefined;
    // The line is one of the rendered text; the key there helps where the line's number wouldn't.
    // The key alone: its value may differ between environments, and the fault is still one.
    const line = text.split('\n')[error.mark?.line ?? -1] ?? '';
    // The mark is behind a quote that the key begins with.
    const start = (error.mark?.column ?? 0) - (/["']/.test(line[(error.mark?.column ?? 0) - 1] ?? '') ? 1 : 0);
    const key = /^(?:"([^"]+)"|'([^']+)'|([^\s:][^:]*?))\s*:/
      .exec(line.slice(start))
      ?.slice(1)
      .find((part) => part !== undefined);
    return `renders the same key twice in one mapping${key === undefined ? '' : `: ${JSON.stringify(key.slice(0, 80))}`}`;
  }
}
