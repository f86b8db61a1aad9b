import type { RenderedDocument } from '../manifest.ts';
import { readSource, type Source } from '../source.ts';

/** Finds lines of values in documents that are in their file as they are; each is read once. */
export function createFilePlaces(): (
  document: RenderedDocument,
  path: readonly (string | number)[],
  what: 'key' | 'value',
) => number | undefined {
  const sources = new Map<RenderedDocument, Source | undefined>();
  return (document, path, what) => {
    if (document.line === undefined) return undefined;
    if (!sources.has(document)) {
      const read = readSource(new TextEncoder().encode(document.text), 'helm');
      sources.set(document, read.ok ? read.source : undefined);
    }
    const place = sources.get(document)?.position(path, what);
    return place && document.line + place.line - 1;
  };
}
