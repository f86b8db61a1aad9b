import { type AbstractValue, type Made, NOTHING, OPEN, ofMade, ofNodes, ofTexts } from './abstract-value.ts';
import { type ChartTemplates, chartTemplates } from './chart-templates.ts';
import { type ChartTree, conditionsOf } from './chart-tree.ts';
import { TemplateReader, Unfollowed } from './template-reader.ts';
import { ValueNode } from './value-node.ts';

export interface Question {
  /** Texts in values that may be templates. */
  readonly texts: readonly string[];
  /** The steps to the keys in question: templates that have such words are read first, dependencies out of reach not. */
  readonly words: ReadonlySet<string>;
  /** Whether enough is known. */
  readonly isAnswered: (values: ValueNode) => boolean;
}

/**
 * What of a chart's values something reads: its templates and those of the charts within it, conditions and tags of
 * dependencies, and what they give to the charts around them. `undefined` where it is answered before all is read, or
 * where a template does what can't be followed: then anything may be used.
 */
export function valuesUsed(chart: ChartTree, { texts, words, isAnswered }: Question): ValueNode | undefined {
  const values = new ValueNode();
  const templates = chartTemplates(chart);
  const contexts = new Map<ChartTree, AbstractValue>();
  contextOf(chart, chart.name, values, [], contexts);
  useDependencies(chart, values, values);
  const reader = new TemplateReader(templates, { values: texts, others: templates.innerTexts });
  try {
    for (const file of inOrder(templates, words, mattering(chart, words))) {
      reader.render(templates.steps(file), contexts.get(file.chart) ?? NOTHING);
      if (isAnswered(values)) return undefined;
    }
  } catch (error) {
    // What is nested or called that deeply nobody wrote.
    if (!(error instanceof Unfollowed || error instanceof RangeError)) throw error;
    return undefined;
  }
  return values;
}

/** With more it takes longer to look for them than to read all. */
const MOST_WORDS = 20;

/**
 * The chart, and those within it that can read one of the keys: a dependency is given what stands below its own key,
 * and globals. Where the keys in question are others, its templates are read as far as they are included.
 */
function mattering(chart: ChartTree, words: ReadonlySet<string>): ReadonlySet<ChartTree> {
  const all = (of: ChartTree): ChartTree[] => [of, ...of.inner.flatMap(all)];
  const inner = chart.inner.filter(({ key }) => words.has(key) || words.has('global'));
  return new Set([chart, ...inner.flatMap(all)]);
}

/** Those first that have the most of the words. */
function inOrder(
  { files }: ChartTemplates,
  words: ReadonlySet<string>,
  charts: ReadonlySet<ChartTree>,
): ChartTemplates['files'] {
  const rendered = files.filter(({ isRendered, chart }) => isRendered && charts.has(chart));
  if (words.size > MOST_WORDS) return rendered;
  const count = (source: string): number => [...words].filter((word) => source.includes(word)).length;
  return rendered
    .map((file) => ({ file, found: count(file.source) }))
    .sort((a, b) => b.found - a.found)
    .map(({ file }) => file);
}

/** The dot of a chart's templates. */
function contextOf(
  chart: ChartTree,
  path: string,
  values: ValueNode,
  globals: readonly ValueNode[],
  contexts: Map<ChartTree, AbstractValue>,
): AbstractValue {
  const shared = (label: string, fields: Record<string, AbstractValue>): AbstractValue => {
    const made: Made = {
      isList: false,
      fields: new Map(Object.entries(fields)),
      rest: NOTHING,
      merged: [],
      isExact: false,
      isFilled: false,
      owner: chart,
      label: `${label} ${path}`,
      isUsed: false,
    };
    return ofMade(made);
  };
  const inner = chart.inner.map((each) => {
    const above = [...globals, values.at('global')];
    const context = contextOf(each, `${path}/charts/${each.key}`, values.at(each.key, above), above, contexts);
    return [each.key, context] as const;
  });
  const context = shared('context', {
    Values: ofNodes([values]),
    Chart: shared('chart', { Name: ofTexts([chart.key === '' ? chart.name : chart.key]) }),
    Template: shared('template', { BasePath: ofTexts([`${path}/templates`]) }),
    Subcharts: shared('subcharts', Object.fromEntries(inner)),
    Release: OPEN,
    Capabilities: OPEN,
    Files: OPEN,
  });
  contexts.set(chart, context);
  return context;
}

/** What Helm itself reads to know which charts are used, and what it copies from one to another. */
function useDependencies({ dependencies, inner }: ChartTree, values: ValueNode, top: ValueNode): void {
  for (const dependency of dependencies) {
    for (const path of conditionsOf(dependency)) at(values, path);
    for (const tag of dependency.tags ?? []) at(top, ['tags', tag]);
    for (const imported of dependency.importValues ?? []) {
      const { child } = (typeof imported === 'string' ? { child: `exports.${imported}` } : imported) as {
        child?: unknown;
      };
      if (typeof child === 'string') at(values, [dependency.alias ?? dependency.name, ...child.split('.')]).use();
    }
  }
  for (const each of inner) useDependencies(each, values.at(each.key), top);
}

function at(values: ValueNode, path: readonly string[]): ValueNode {
  return path.reduce((node, key) => node.at(key), values);
}
