import { templateParts } from '../provenance/template-parts.ts';

/** What a template does, as far as it matters for which values it reads. */
export type Step =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe }
  | { readonly kind: 'if' | 'with' | 'range'; readonly pipe: Pipe; readonly body: Step[]; readonly other: Step[] }
  /** `break` and `continue`. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'template'; readonly name: string; readonly pipe: Pipe | undefined };

/** `$a, $b := command | command` */
export interface Pipe {
  readonly variables: readonly string[];
  /** `=`, which sets what was declared before. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

/** A function and its arguments, or one operand. */
export type Command = readonly Operand[];

export interface Operand {
  readonly kind: 'dot' | 'variable' | 'text' | 'number' | 'function' | 'pipe';
  /** The name of a variable or of a function, a text, or a number as it is written. */
  readonly name: string;
  readonly pipe?: Pipe;
  /** `.a.b` behind it. */
  readonly fields: readonly string[];
}

export interface TemplateTree {
  readonly steps: readonly Step[];
  /** Named templates, by their names. */
  readonly named: ReadonlyMap<string, readonly Step[]>;
  /** Whether every block has its end; a piece of a text that is put together needn't. */
  readonly whole: boolean;
  /** Texts in it that are templates themselves, or pieces of them. */
  readonly inner: readonly string[];
}

/** What was read, by its text: charts of one repository have libraries in common. */
const read = new Map<string, TemplateTree | undefined>();
/** Characters: more than any but a repository of hundreds of charts has. */
const MOST_READ = 8_000_000;
let characters = 0;

/** Reads a template; `undefined` where it isn't one. */
export function templateTree(source: string): TemplateTree | undefined {
  if (!read.has(source)) {
    characters += source.length;
    if (characters > MOST_READ) {
      read.clear();
      characters = source.length;
    }
    read.set(source, readTemplate(source));
  }
  return read.get(source);
}

function readTemplate(source: string): TemplateTree | undefined {
  const parts = templateParts(source);
  if (parts === undefined) return undefined;
  const root: Block = { steps: [] };
  const named = new Map<string, Step[]>();
  const inner: string[] = [];
  const open: Block[] = [root];
  let whole = true;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index];
    if (part === undefined || open.length > DEEPEST) return undefined;
    const block = open.at(-1) ?? root;
    if (part.kind === 'text') {
      const [before, after] = [parts[index - 1], parts[index + 1]];
      let { text } = part;
      if (before?.kind === 'action' && before.trimsRight) text = text.trimStart();
      if (after?.kind === 'action' && after.trimsLeft) text = text.trimEnd();
      if (text !== '') block.steps.push({ kind: 'text', text });
      continue;
    }
    if (/^\s*\/\*/.test(part.code)) continue;
    const action = readAction(part.code, inner);
    if (action === undefined) return undefined;
    const { keyword, name, pipe } = action;
    switch (keyword) {
      case 'break':
      case 'continue':
        block.steps.push({ kind: 'leave' });
        break;
      case 'end':
        if (open.length > 1) open.pop();
        else whole = false;
        break;
      case 'else':
      case 'else if':
      case 'else with': {
        // Of a piece alone it isn't known what it is the other case of.
        if (!('other' in block)) return undefined;
        open.pop();
        if (pipe === undefined) open.push({ steps: block.other });
        // One end is both's.
        else open.push(put(block.other, keyword === 'else if' ? 'if' : 'with', pipe));
        break;
      }
      case 'if':
      case 'with':
      case 'range':
        if (pipe === undefined) return undefined;
        open.push(put(block.steps, keyword, pipe));
        break;
      case 'define':
      case 'block':
      case 'template': {
        if (name === undefined) return undefined;
        if (keyword !== 'define') block.steps.push({ kind: 'template', name, pipe });
        if (keyword === 'template') break;
        const steps: Step[] = [];
        named.set(name, steps);
        open.push({ steps });
        break;
      }
      default:
        if (pipe === undefined) return undefined;
        block.steps.push({ kind: 'print', pipe });
    }
  }
  return { steps: root.steps, named, whole: whole && open.length === 1, inner };
}

/** Blocks and brackets within each other; nobody writes more. */
const DEEPEST = 100;

interface Block {
  readonly steps: Step[];
  /** Of one that has two cases: the other's. */
  readonly other?: Step[];
}

function put(steps: Step[], kind: 'if' | 'with' | 'range', pipe: Pipe): Required<Block> {
  const step = { kind, pipe, body: [], other: [] };
  steps.push(step);
  return { steps: step.body, other: step.other };
}

interface Action {
  readonly keyword: string | undefined;
  readonly name: string | undefined;
  readonly pipe: Pipe | undefined;
}

const KEYWORD =
  /^\s*(else\s+(?:if|with)|if|else|end|with|range|define|block|template|break|continue)(?![\w\x80-\uffff])/;

function readAction(code: string, inner: string[]): Action | undefined {
  const [before = '', word] = KEYWORD.exec(code) ?? [];
  const keyword = word?.replace(/\s+/, ' ');
  const tokens = tokensOf(code.slice(before.length));
  if (tokens === undefined) return undefined;
  const isNamed = keyword === 'define' || keyword === 'block' || keyword === 'template';
  const name = isNamed ? textOf(tokens.shift()) : undefined;
  const reader: Reader = { tokens, at: 0, depth: 0, inner };
  skipBlank(reader);
  if (reader.at === tokens.length) return keyword === undefined ? undefined : { keyword, name, pipe: undefined };
  const pipe = readPipe(reader);
  return pipe === undefined || reader.at < tokens.length ? undefined : { keyword, name, pipe };
}

/** Beyond ASCII whatever it is counts as a letter: Go takes letters and digits there, and refuses a template with anything else. */
const TOKEN =
  /\s+|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|:=|[=|(),]|\$[\w\x80-\uffff]*|\.[A-Za-z_\x80-\uffff][\w\x80-\uffff]*|[A-Za-z_\x80-\uffff][\w\x80-\uffff]*|[-+]?(?:\d|\.\d)[\w.+-]*|\.|\/\*[\s\S]*?\*\//y;

/** Blanks matter (`.a .b` are two operands, `.a.b` is one): a run of them is one. */
function tokensOf(code: string): string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < code.length; at = TOKEN.lastIndex) {
    if (!TOKEN.test(code)) return undefined;
    const token = code.slice(at, TOKEN.lastIndex);
    if (/^(?:\s|\/\*)/.test(token)) {
      if (tokens.length > 0 && tokens.at(-1) !== ' ') tokens.push(' ');
      continue;
    }
    tokens.push(token);
  }
  if (tokens.at(-1) === ' ') tokens.pop();
  return tokens;
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
  depth: number;
  /** Collects the texts that are templates themselves. */
  readonly inner: string[];
}

/** Of the texts that these are given nothing comes out. */
const ASKING = new Set([
  'contains',
  'hasPrefix',
  'hasSuffix',
  'eq',
  'ne',
  'has',
  'regexMatch',
  'mustRegexMatch',
  'fail',
]);

function skipBlank(reader: Reader): void {
  if (reader.tokens[reader.at] === ' ') reader.at += 1;
}

/** Whether this token comes next, blanks aside; it is read then. */
function takes(reader: Reader, token: string): boolean {
  const blank = reader.tokens[reader.at] === ' ' ? 1 : 0;
  if (reader.tokens[reader.at + blank] !== token) return false;
  reader.at += blank + 1;
  return true;
}

function readPipe(reader: Reader): Pipe | undefined {
  const declared = readVariables(reader);
  const commands: Command[] = [];
  do {
    skipBlank(reader);
    const command: Operand[] = [];
    for (;;) {
      const token = reader.tokens[reader.at];
      if (token === undefined || token === '|' || token === ')') break;
      const operand = readOperand(reader);
      if (operand === undefined) return undefined;
      command.push(operand);
      skipBlank(reader);
    }
    const head = command[0];
    if (head === undefined) return undefined;
    if (!ASKING.has(head.name))
      for (const { kind, name } of command) if (kind === 'text' && /\{\{|\}\}/.test(name)) reader.inner.push(name);
    commands.push(command);
  } while (takes(reader, '|'));
  return { variables: declared.variables, assigns: declared.assigns, commands };
}

function readVariables(reader: Reader): Omit<Pipe, 'commands'> {
  const start = reader.at;
  const variables: string[] = [];
  do {
    skipBlank(reader);
    const token = reader.tokens[reader.at] ?? '';
    if (!token.startsWith('$')) break;
    variables.push(token);
    reader.at += 1;
  } while (takes(reader, ','));
  if (variables.length > 0) {
    if (takes(reader, ':=')) return { variables, assigns: false };
    if (takes(reader, '=')) return { variables, assigns: true };
  }
  reader.at = start;
  return { variables: [], assigns: false };
}

function readOperand(reader: Reader): Operand | undefined {
  const token = reader.tokens[reader.at] ?? '';
  reader.at += 1;
  const first = token[0] ?? '';
  if (token === '(') {
    reader.depth += 1;
    const pipe = reader.depth > DEEPEST ? undefined : readPipe(reader);
    reader.depth -= 1;
    return pipe === undefined || !takes(reader, ')')
      ? undefined
      : { kind: 'pipe', name: '', pipe, ...readFields(reader) };
  }
  if (token === '.') return { kind: 'dot', name: '', fields: [] };
  if (first === '.' && !/\d/.test(token[1] ?? '')) {
    reader.at -= 1;
    return { kind: 'dot', name: '', ...readFields(reader) };
  }
  if (first === '$') return { kind: 'variable', name: token, ...readFields(reader) };
  const text = textOf(token);
  if (text !== undefined) return { kind: 'text', name: text, fields: [] };
  if (/[-+.\d']/.test(first)) return { kind: 'number', name: token, fields: [] };
  return /[A-Za-z_\x80-\uffff]/.test(first) ? { kind: 'function', name: token, fields: [] } : undefined;
}

function readFields(reader: Reader): { fields: string[] } {
  const fields: string[] = [];
  for (;;) {
    const token = reader.tokens[reader.at];
    if (token === undefined || !token.startsWith('.') || token.length < 2) return { fields };
    fields.push(token.slice(1));
    reader.at += 1;
  }
}

function textOf(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  if (token.startsWith('`')) return token.slice(1, -1);
  if (!token.startsWith('"')) return undefined;
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return JSON.parse(token) as string;
  } catch {
    return token.slice(1, -1);
  }
}
