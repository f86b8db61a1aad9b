import { templateParts } from '../provenance/template-parts.ts';
import type { StagedChart } from '../staged.ts';
import { chartTemplates } from './chart-templates.ts';
import { chartTree } from './chart-tree.ts';
import type { Templates } from './template-reader.ts';
import { type Operand, type Pipe, type Step, templateTree } from './template-tree.ts';

/**
 * Whether a template that failed at this line may have failed since `lookup` finds nothing where there is no cluster:
 * the template calls it, or what is included at the line does, however many includes away. Read from the templates'
 * text: an include whose name is put together at run time is followed where its end is written (`"/secret.yaml"`).
 */
export function asksCluster(staged: StagedChart, file: string, line: number): boolean {
  const templates = chartTemplates(chartTree(staged, () => false));
  if (!templates.files.some(({ source }) => source.includes('lookup'))) return false;
  const failed = templates.files.find(({ name }) => name === `${staged.metadata.name}/${file}`);
  const tree = failed && templateTree(failed.source);
  if (failed === undefined || tree === undefined) return false;
  if ([tree.steps, ...tree.named.values()].some((steps) => readsOf(steps).lookup)) return true;
  const files = templates.files.map(({ name, source }) => ({ name, steps: () => templateTree(source)?.steps ?? [] }));
  const seen = new Set<string>();
  const asks = (steps: readonly Step[]): boolean => {
    const { lookup, texts } = readsOf(steps);
    if (lookup) return true;
    for (const text of texts) {
      if (seen.has(text)) continue;
      seen.add(text);
      if (named(templates, text).some(asks)) return true;
      if (text.startsWith('/') && files.some((each) => each.name.endsWith(text) && asks(each.steps()))) return true;
    }
    return false;
  };
  return asks(stepsAt(failed.source, line));
}

function named(templates: Templates, name: string): readonly (readonly Step[])[] {
  try {
    return templates.find(name);
  } catch {
    // A file that is no template, which helm says itself.
    return [];
  }
}

/** What the actions on a line do. */
function stepsAt(source: string, line: number): readonly Step[] {
  const lineOf = (offset: number): number => source.slice(0, offset).split('\n').length;
  return (templateParts(source) ?? []).flatMap((part) => {
    if (part.kind === 'text' || lineOf(part.start) > line || lineOf(part.end) < line) return [];
    return templateTree(`{{${part.code.replace(/^\s*else\s+/, ' ')}}}`)?.steps ?? [];
  });
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
