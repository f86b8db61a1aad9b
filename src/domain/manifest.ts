/** A document of a rendered manifest and the template that made it. */
export interface RenderedDocument {
  /** Relative to the chart's folder; empty when helm doesn't say. */
  readonly template: string;
  readonly text: string;
  /** Where it begins in its file, where it is there as it is. */
  readonly line?: number;
}

/** Helm's output → its documents. Helm puts `# Source: CHART/templates/x.yaml` before each. */
export function documentsOf(manifest: string, chart: string): RenderedDocument[] {
  return pieces(manifest).map((text) => {
    const source = /^# Source: (.+)$/m.exec(text)?.[1] ?? '';
    return { template: source.startsWith(`${chart}/`) ? source.slice(chart.length + 1) : source, text };
  });
}

/** The documents of a file of `crds/`, which is as good as rendered. */
export function documentsOfFile(text: string, path: string): RenderedDocument[] {
  let line = 1;
  const documents: RenderedDocument[] = [];
  for (const piece of text.split(SEPARATOR)) {
    if (piece.trim() !== '') documents.push({ template: path, text: piece, line });
    line += piece.split('\n').length - 1;
  }
  return documents;
}

const SEPARATOR = /^---(?=\s|$)/m;

function pieces(text: string): string[] {
  return text.split(SEPARATOR).filter((piece) => piece.trim() !== '');
}
