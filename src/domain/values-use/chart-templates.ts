import { isKnown, knownParts } from './abstract-value.ts';
import type { ChartTree } from './chart-tree.ts';
import type { Templates } from './template-reader.ts';
import { Unfollowed } from './template-reader.ts';
import { type Step, type TemplateTree, templateTree } from './template-tree.ts';

/** A template's file; it is taken apart when it is needed. */
export interface TemplateFile {
  /** As helm names it: `task-api/charts/redis/templates/service.yaml`. */
  readonly name: string;
  readonly chart: ChartTree;
  readonly source: string;
  /** Helm carries it out by itself. */
  readonly isRendered: boolean;
}

export interface ChartTemplates extends Templates {
  readonly files: readonly TemplateFile[];
  steps(file: TemplateFile): readonly Step[];
  /** Texts within templates, and in the charts' other files, that are templates themselves or pieces of them. */
  innerTexts(): readonly string[];
}

const NAMED = /\{\{-?\s*(?:define|block)\s+(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)/g;

export function chartTemplates(chart: ChartTree): ChartTemplates {
  const decoder = new TextDecoder();
  const files: TemplateFile[] = [];
  const others: string[] = [];
  const collect = (of: ChartTree, prefix: string): void => {
    for (const { path, content } of of.files) {
      if (path.startsWith('templates/')) {
        const isRendered = !/(^|\/)_[^/]*$/.test(path);
        files.push({ name: `${prefix}/${path}`, chart: of, source: decoder.decode(content), isRendered });
      } else if (!/\.(?:tgz|gz|png|jpe?g|svg|prov|lock|md)$|^(?:Chart|values)\.yaml$|^crds\//i.test(path)) {
        others.push(decoder.decode(content));
      }
    }
    for (const each of of.inner) collect(each, `${prefix}/charts/${each.key}`);
  };
  collect(chart, chart.name);
  const named = new Map<string, TemplateFile[]>();
  for (const file of files) {
    named.set(file.name, [file]);
    for (const [, quoted, raw] of file.source.matchAll(NAMED)) {
      const name = (raw ?? quoted ?? '').replaceAll('\\"', '"');
      named.set(name, [...(named.get(name) ?? []), file]);
    }
  }

  const trees = new Map<TemplateFile, TemplateTree>();
  const tree = (file: TemplateFile): TemplateTree => {
    let read = trees.get(file);
    if (read === undefined) {
      read = templateTree(file.source);
      if (read?.whole !== true) throw new Unfollowed(`${file.name} is no template`);
      trees.set(file, read);
    }
    return read;
  };
  const exactly = (name: string): (readonly Step[])[] =>
    [...new Set(named.get(name) ?? [])].flatMap((file) => {
      const steps = file.name === name ? tree(file).steps : tree(file).named.get(name);
      return steps === undefined ? [] : [steps];
    });
  const lookedUp = (name: string): readonly (readonly Step[])[] => {
    if (isKnown(name)) return exactly(name);
    const pattern = new RegExp(`^${knownParts(name).map(escaped).join('[\\s\\S]*')}$`);
    return [...named.keys()].filter((each) => pattern.test(each)).flatMap(exactly);
  };
  const found = new Map<string, readonly (readonly Step[])[]>();
  return {
    files,
    steps: (file) => tree(file).steps,
    find: (name) => {
      const known = found.get(name) ?? lookedUp(name);
      found.set(name, known);
      return known;
    },
    innerTexts: () => [...files.flatMap((file) => tree(file).inner), ...others.filter((text) => text.includes('{{'))],
  };
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
