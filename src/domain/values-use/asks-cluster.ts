import type { StagedChart } from '../staged.ts';
import { actionsBehind } from './actions-behind.ts';
import { chartTemplates, type TemplateFile } from './chart-templates.ts';
import { chartTree } from './chart-tree.ts';
import { type Operand, type Pipe, type Step, templateTree } from './template-tree.ts';

/** Where a template failed: a file as helm names it within the chart, and a line. */
export interface FailedPlace {
  readonly file: string;
  readonly line: number;
}

/**
 * Whether a failure at these places, the innermost first and what included it behind, may come of `lookup`, which finds
 * nothing where there is no cluster: what stands on the line calls it, or the conditions around it, what set the
 * variables in them, or what any of these includes, however many includes away. Read from the templates' text: an
 * include whose name is put together at run time is followed where the end of a path is written (`"/secret.yaml"`).
 */
export function asksCluster(staged: StagedChart, places: readonly FailedPlace[]): boolean {
  const templates = chartTemplates(chartTree(staged, () => false));
  if (!templates.files.some(({ source }) => source.includes('lookup'))) return false;
  const seen = new Set<string>();
  const open: { readonly steps: readonly Step[]; readonly chart: TemplateFile['chart'] }[] = [];
  for (const { file, line } of places) {
    const failed = templates.files.find(({ name }) => name === `${staged.metadata.name}/${file}`);
    const codes = failed === undefined ? [] : actionsBehind(failed.source, line);
    for (const code of codes)
      if (failed !== undefined) open.push({ steps: templateTree(`{{${code}}}`)?.steps ?? [], chart: failed.chart });
  }
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    const { chart } = each;
    const { lookup, texts } = readsOf(each.steps);
    if (lookup) return true;
    for (const text of texts) {
      if (seen.has(text)) continue;
      seen.add(text);
      for (const steps of found(() => templates.find(text))) open.push({ steps, chart });
      if (!/\.(?:ya?ml|tpl|txt)$/.test(text)) continue;
      const end = text.startsWith('/') ? text : `/${text}`;
      const files = templates.files.filter((file) => file.chart === chart && file.name.endsWith(end));
      for (const { source } of files) open.push({ steps: templateTree(source)?.steps ?? [], chart });
    }
  }
  return false;
}

function found(find: () => readonly (readonly Step[])[]): readonly (readonly Step[])[] {
  try {
    return find();
  } catch {
    // A file that is no template, which helm says itself.
    return [];
  }
}

/** Whether steps call `lookup` themselves, and the texts in them: names of what they include are among them. */
function readsOf(steps: readonly Step[]): { readonly lookup: boolean; readonly texts: readonly string[] } {
  let lookup = false;
  const texts: string[] = [];
  const readOperand = ({ kind, name, pipe }: Operand): void => {
    if (kind === 'function' && name === 'lookup') lookup = true;
    if (kind === 'text') texts.push(name);
    readPipe(pipe);
  };
  const readPipe = (pipe: Pipe | undefined): void => {
    for (const command of pipe?.commands ?? []) command.forEach(readOperand);
  };
  const read = (step: Step): void => {
    if (step.kind === 'text' || step.kind === 'leave') return;
    if (step.kind === 'template') texts.push(step.name);
    readPipe(step.pipe);
    if (step.kind === 'if' || step.kind === 'with' || step.kind === 'range') {
      step.body.forEach(read);
      step.other.forEach(read);
    }
  };
  steps.forEach(read);
  return { lookup, texts };
}
