import { markOf } from '../../domain/provenance/line-marks.ts';
import { type RepeatedKey, readDocument } from '../../domain/rendered-objects.ts';
import type { Ports } from '../../ports.ts';
import { copyChart } from './chart-copy.ts';
import { createExperiments, type Setup } from './experiment.ts';
import { markedSources, WITH_HELPERS } from './markings.ts';

/** A key that a document of a rendering has twice: the document's number in `documentsOf`. */
export interface RepeatedKeyPlace {
  readonly document: number;
  readonly key: RepeatedKey;
}

/**
 * The lines of the templates that wrote a key where it is for the second time, in the order of the keys; `undefined`
 * where that can't be told. The chart is rendered again with marks that say which line wrote what.
 */
export async function linesOfRepeatedKeys(
  setup: Setup,
  keys: readonly RepeatedKeyPlace[],
  ports: Pick<Ports, 'helm' | 'files' | 'clock'>,
): Promise<({ readonly file: string; readonly line: number } | undefined)[]> {
  const copy = await copyChart(setup.staged, ports.files);
  try {
    const experiments = createExperiments(setup, copy, [], ports);
    const found = new Map<RepeatedKeyPlace, { readonly file: string; readonly line: number }>();
    for (const withHelpers of WITH_HELPERS) {
      const open = keys.filter((each) => !found.has(each));
      if (open.length === 0) break;
      const documents = await experiments.withTemplates(markedSources(copy.templates, withHelpers));
      for (const each of open) {
        const text = documents?.[each.document] ?? '';
        const { repeatedKey } = readDocument(text);
        // Marks that changed what is rendered say nothing.
        const mark = repeatedKey?.name === each.key.name ? markOf(text, repeatedKey.line) : undefined;
        const file = mark && copy.templates[mark.template]?.file;
        if (mark !== undefined && file !== undefined) found.set(each, { file, line: mark.line });
      }
    }
    return keys.map((each) => found.get(each));
  } finally {
    await copy.remove();
  }
}
