import { marked } from '../../domain/provenance/line-marks.ts';
import type { ChartTemplate } from './chart-copy.ts';

/** What is marked: first the helpers, too; where that changes what is rendered, the templates that write objects alone. */
export const WITH_HELPERS = [true, false];

/** The sources of templates with marks that say which line wrote what. */
export function markedSources(templates: readonly ChartTemplate[], withHelpers: boolean): string[] {
  return templates.map(({ file, source }, index) =>
    withHelpers || !/(^|\/)_[^/]*$/.test(file) ? marked(source, index) : source,
  );
}
