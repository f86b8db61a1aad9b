import { templateParts } from '../provenance/template-parts.ts';

interface Block {
  /** Of its `if`, `with` or `range`, and of each `else` with a condition so far. */
  readonly conditions: string[];
  /** It has variables of its own: a named template, or the file. */
  readonly variables?: Map<string, string[]>;
}

/**
 * The code of the actions that decide what happens on a line of a template: those on it, the conditions of the blocks
 * around it, and what set the variables that these read, before it. Without `else`, which stands for the condition
 * behind it.
 */
export function actionsBehind(source: string, line: number): string[] {
  const file: Block = { conditions: [], variables: new Map() };
  const blocks: Block[] = [file];
  let at = 1;
  const wanted = new Set<string>();
  for (const part of templateParts(source) ?? []) {
    if (part.kind === 'text') {
      at += linesIn(part.text);
      continue;
    }
    const end = at + linesIn(source.slice(part.start, part.end));
    const [keyword = '', code = part.code] = split(part.code);
    const block = blocks.at(-1) ?? file;
    if (keyword === 'end') {
      if (blocks.length > 1) blocks.pop();
    } else if (keyword === 'define' || keyword === 'block') {
      blocks.push({ conditions: [], variables: new Map() });
    } else if (keyword.startsWith('else')) {
      if (code.trim() !== '') block.conditions.push(code);
    } else if (keyword !== '') {
      blocks.push({ conditions: [code] });
    }
    const variables = blocks.findLast((each) => each.variables !== undefined)?.variables ?? new Map<string, string[]>();
    for (const name of setBy(code)) variables.set(name, [...(variables.get(name) ?? []), code]);
    if (at <= line && end >= line) {
      const scope = blocks.findLastIndex((each) => each.variables !== undefined);
      const around = blocks.slice(scope).flatMap(({ conditions }) => conditions);
      for (const each of [code, ...around]) addWithVariables(each, variables, wanted);
    }
    at = end;
    if (at > line) break;
  }
  return [...wanted];
}

function addWithVariables(code: string, variables: ReadonlyMap<string, readonly string[]>, wanted: Set<string>): void {
  const open = [code];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (wanted.has(each)) continue;
    wanted.add(each);
    for (const [name] of each.matchAll(/\$\w+/g)) open.push(...(variables.get(name) ?? []));
  }
}

/** An action's keyword, and what follows it. */
function split(code: string): [string, string] {
  const [before = '', keyword = ''] =
    /^\s*(else(?:\s+(?:if|with))?|if|end|with|range|define|block)(?![\w\x80-\uffff])/.exec(code) ?? [];
  return [keyword, code.slice(before.length)];
}

/** The variables that an action sets. */
function setBy(code: string): string[] {
  const [, first, second] = /^\s*(\$\w+)(?:\s*,\s*(\$\w+))?\s*:?=/.exec(code) ?? [];
  return [first, second].filter((name) => name !== undefined);
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
