import {
  type AbstractValue,
  anyOf,
  either,
  eitherText,
  followedBy,
  isKnown,
  knownParts,
  type Made,
  NOTHING,
  OPEN,
  ofMade,
  ofNodes,
  ofTexts,
  printed,
  UNKNOWN,
} from './abstract-value.ts';
import { FUNCTIONS } from './template-functions.ts';
import { type Command, type Operand, type Pipe, type Step, templateTree } from './template-tree.ts';
import { ANY } from './value-node.ts';
import {
  assigns,
  type Block,
  canBeLeft,
  join,
  restore,
  type Scope,
  type State,
  stateOf,
  type Variable,
} from './variables.ts';

/** Named templates and files, by their names, each with a reader of its steps; they are read when something asks for one. */
export interface Templates {
  /** All that a name may stand for, in which `UNKNOWN` is any text. */
  find(name: string): readonly (readonly Step[])[];
}

/** Texts that may be templates. */
export interface InnerTexts {
  /** In values: `tpl` is given them. */
  readonly values: readonly string[];
  /** In files and in templates: they may be part of what it is given. */
  readonly others: () => readonly string[];
}

/** A call of a template: its variables, and the mappings that it made. */
export interface Frame {
  /** `$` */
  readonly context: AbstractValue;
  readonly steps: readonly Step[];
  readonly made: Map<object, Made[]>;
  /** It changed what another had made. */
  changesOthers: boolean;
}

export interface Call {
  readonly args: readonly AbstractValue[];
  readonly frame: Frame;
  readonly reader: TemplateReader;
  /** A mapping or a list of this call; the same one each time it is read. */
  make(isList: boolean, nth?: number): Made;
}

/** Templates that call each other more deeply, or do more, are not followed: they count as using all there is. */
const DEEPEST = 60;
const MOST_STEPS = 40_000;
const MOST_ROUNDS = 4;
/** Calls of one template within each other. */
const MOST_SELVES = 4;
/** What may be so many places is used at all of them. */
const MOST_NODES = 100;

/** Thrown where a template does what can't be followed: all values count as used. */
export class Unfollowed extends Error {}

/**
 * Carries templates out without their values: both cases of every condition, every loop once and again until nothing new
 * comes of it, and what a value is and what is in it is marked as used where something depends on it. What isn't known
 * counts as used.
 */
export class TemplateReader {
  readonly #templates: Templates;
  readonly #inner: InnerTexts;
  /** What was read already: named templates with their contexts, and what they print. */
  readonly #read = new Map<string, readonly string[]>();
  readonly #ids = new Map<object, number>();
  readonly #stack: Frame[] = [];
  #steps = 0;
  /** Loops around that may be left before their end, so that what is assigned in them may be or not. */
  #mayBeLeft = 0;
  #changes = 0;

  constructor(templates: Templates, inner: InnerTexts) {
    this.#templates = templates;
    this.#inner = inner;
  }

  /** Carries out a whole file; what it prints is of no interest. */
  render(steps: readonly Step[], context: AbstractValue): void {
    this.#call(steps, context, ANY_TEXT);
  }

  /** Reads a template with this context (`$`, and `.` unless that is another); the texts that it may print. */
  #call(steps: readonly Step[], context: AbstractValue, before = NO_TEXT, dot = context): readonly string[] {
    if (this.#stack.length > DEEPEST) throw new Unfollowed('called too deeply');
    // It goes down in what it is given: to the end of it.
    if (this.#stack.filter((frame) => frame.steps === steps).length > MOST_SELVES) {
      this.#release(context);
      return ANY_TEXT;
    }
    const key = `${this.#id(steps)} ${this.#keyOf(context, 0)}${dot === context ? '' : this.#keyOf(dot, 0)}`;
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    // Of one that calls itself nothing is known yet.
    this.#read.set(key, ANY_TEXT);
    const frame: Frame = { context, steps, made: new Map(), changesOthers: false };
    this.#stack.push(frame);
    const scope: Scope = { variables: new Map([['$', context]]), around: undefined };
    const text = this.#block(steps, dot, scope, frame, before);
    this.#stack.pop();
    // Another call has to change something, too.
    if (frame.changesOthers) this.#read.delete(key);
    else this.#read.set(key, text);
    return text;
  }

  /** `before` is what was printed before; once that isn't known nothing more of it is looked at. */
  #block(
    steps: readonly Step[],
    dot: AbstractValue,
    around: Scope,
    frame: Frame,
    before: readonly string[],
  ): readonly string[] {
    const scope: Scope = { variables: new Map(), around };
    let text = before;
    for (const step of steps) {
      if (++this.#steps > MOST_STEPS) throw new Unfollowed('too much to follow');
      if (step.kind === 'text') {
        if (text[0] !== UNKNOWN) text = followedBy(text, [step.text]);
        continue;
      }
      const more = this.#step(step, dot, scope, frame, text[0] === UNKNOWN ? text : NO_TEXT);
      if (text[0] !== UNKNOWN) text = followedBy(text, more);
    }
    return text;
  }

  #step(
    step: Exclude<Step, { kind: 'text' }>,
    dot: AbstractValue,
    scope: Scope,
    frame: Frame,
    before: readonly string[],
  ): readonly string[] {
    switch (step.kind) {
      case 'print': {
        const value = this.#pipe(step.pipe, dot, scope, frame);
        if (step.pipe.variables.length > 0) return NO_TEXT;
        this.use(value);
        return printed(value);
      }
      case 'template': {
        const context = step.pipe === undefined ? NOTHING : this.#pipe(step.pipe, dot, scope, frame);
        return this.include([step.name], context);
      }
      case 'if':
      case 'with': {
        const inner: Scope = { variables: new Map(), around: scope };
        const value = this.#pipe(step.pipe, dot, inner, frame);
        this.test(value);
        const start = assigns(step) ? stateOf(inner) : undefined;
        const body = this.#block(step.body, step.kind === 'with' ? value : dot, inner, frame, before);
        const end = start && stateOf(inner);
        if (start !== undefined) restore(start);
        const other = this.#block(step.other, dot, inner, frame, before);
        if (end !== undefined) join(end);
        return eitherText(body, other);
      }
      case 'range':
        return this.#range(step, dot, scope, frame, before);
      case 'leave':
        return NO_TEXT;
    }
  }

  #range(step: Block, dot: AbstractValue, scope: Scope, frame: Frame, before: readonly string[]): readonly string[] {
    const { variables, commands } = step.pipe;
    const value = this.#commands(commands, dot, scope, frame);
    this.test(value);
    const [key, name] = variables.length === 2 ? variables : [undefined, variables[0]];
    const inner: Scope = { variables: new Map(), around: scope };
    const round = (keys: readonly string[], item: AbstractValue, text: readonly string[]): readonly string[] => {
      if (key !== undefined) inner.variables.set(key, ofTexts(keys));
      if (name !== undefined) inner.variables.set(name, item);
      return this.#block(step.body, item, inner, frame, text);
    };
    const start = assigns(step) ? stateOf(inner) : undefined;
    const none = (): readonly string[] => this.#block(step.other, dot, inner, frame, before);
    const leaves = canBeLeft(step.body);
    if (leaves) this.#mayBeLeft += 1;
    let texts: readonly string[] = [];
    if (isExact(value)) {
      const ends: State[] = [];
      for (const { fields } of value.made) {
        if (start !== undefined) restore(start);
        let text = before;
        for (const [field, item] of fields) text = round([field], item, text);
        texts = eitherText(texts, fields.size === 0 ? none() : text);
        if (start !== undefined) ends.push(stateOf(inner));
      }
      // Of several one is looped over.
      for (const end of ends) join(end);
    } else {
      const wide: Variable[] = [];
      for (let count = 0; ; count += 1) {
        const changes = this.#changes;
        const known = start && stateOf(inner);
        texts = eitherText(texts, round(keysOf(value), this.items(value), before));
        this.#widen(wide);
        const grown = known === undefined ? [] : join(known);
        if (grown.length === 0 && this.#changes === changes) break;
        // What grows without an end is used without an end.
        if (count > MOST_ROUNDS) wide.push(...grown);
        this.#widen(wide);
        if (count > 8 * MOST_ROUNDS) throw new Unfollowed('a loop whose end is not seen');
      }
      texts = eitherText(none(), texts);
      if (texts.some((text) => text !== '')) texts = ANY_TEXT;
    }
    if (leaves) this.#mayBeLeft -= 1;
    return leaves ? ANY_TEXT : texts.length === 0 ? NO_TEXT : texts;
  }

  /** Lets variables be anything. */
  #widen(variables: readonly Variable[]): void {
    for (const [scope, name] of variables) {
      this.use(scope.variables.get(name) ?? NOTHING);
      scope.variables.set(name, ANYTHING);
    }
  }

  #pipe(pipe: Pipe, dot: AbstractValue, scope: Scope, frame: Frame): AbstractValue {
    const value = this.#commands(pipe.commands, dot, scope, frame);
    for (const name of pipe.variables) {
      if (!pipe.assigns) scope.variables.set(name, value);
      else this.#assign(name, value, scope);
    }
    return value;
  }

  #assign(name: string, value: AbstractValue, scope: Scope): void {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.around) {
      const known = at.variables.get(name);
      if (known === undefined) continue;
      at.variables.set(name, this.#mayBeLeft > 0 ? either(known, value) : value);
      return;
    }
    this.use(value);
  }

  #commands(commands: readonly Command[], dot: AbstractValue, scope: Scope, frame: Frame): AbstractValue {
    let value: AbstractValue | undefined;
    for (const command of commands) value = this.#command(command, value, dot, scope, frame);
    return value ?? NOTHING;
  }

  #command(
    command: Command,
    last: AbstractValue | undefined,
    dot: AbstractValue,
    scope: Scope,
    frame: Frame,
    site: object = command,
  ): AbstractValue {
    const [head, ...others] = command;
    if (head === undefined) return NOTHING;
    if (head.kind === 'function' && CONSTANTS.has(head.name)) return NOTHING;
    const args = others.map((operand) => this.#operand(operand, dot, scope, frame));
    if (last !== undefined) args.push(last);
    if (head.kind !== 'function') {
      const value = this.#operand(head, dot, scope, frame);
      if (args.length === 0) return value;
      // A method: `.Files.Get "x"`.
      for (const arg of args) this.use(arg);
      return either(value, OPEN);
    }
    const call: Call = {
      args,
      frame,
      reader: this,
      make: (isList, nth = 0) => this.#make(site, isList, nth, frame),
    };
    const known = FUNCTIONS.get(head.name);
    if (known !== undefined) return known(call);
    for (const arg of args) this.use(arg);
    return OPEN;
  }

  #make(site: object, isList: boolean, nth: number, frame: Frame): Made {
    const own = frame.made.get(site) ?? [];
    frame.made.set(site, own);
    own[nth] ??= {
      isList,
      fields: new Map(),
      rest: NOTHING,
      merged: [],
      isExact: false,
      isFilled: false,
      owner: frame,
      isUsed: false,
    };
    return own[nth];
  }

  #operand(operand: Operand, dot: AbstractValue, scope: Scope, frame: Frame): AbstractValue {
    let value = this.#first(operand, dot, scope, frame);
    for (const field of operand.fields) value = this.get(value, field);
    return value;
  }

  #first(operand: Operand, dot: AbstractValue, scope: Scope, frame: Frame): AbstractValue {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'variable': {
        for (let at: Scope | undefined = scope; at !== undefined; at = at.around) {
          const known = at.variables.get(operand.name);
          if (known !== undefined) return known;
        }
        return OPEN;
      }
      case 'text':
      case 'number':
        return { ...NOTHING, texts: [operand.name] };
      case 'pipe':
        return operand.pipe === undefined ? NOTHING : this.#pipe(operand.pipe, dot, scope, frame);
      case 'function':
        return this.#command([operand], undefined, dot, scope, frame, operand);
    }
  }

  /** All of it makes a difference. */
  use(value: AbstractValue): void {
    for (const node of value.nodes) node.use();
    for (const each of value.written) this.use(each);
    for (const made of value.made) {
      if (made.isUsed) continue;
      made.isUsed = true;
      for (const field of made.fields.values()) this.use(field);
      this.use(made.rest);
      for (const each of made.merged) this.use(each);
    }
  }

  /** What isn't followed further may read all of it, and put anything into it. */
  #release(value: AbstractValue, seen = new Set<Made>()): void {
    this.use(value);
    for (const made of value.made) {
      if (seen.has(made) || made.label !== undefined) continue;
      seen.add(made);
      this.put(ofMade(made), undefined, OPEN);
      for (const field of [...made.fields.values(), ...made.merged]) this.#release(field, seen);
    }
  }

  /** Whether there is something makes a difference. */
  test(value: AbstractValue): void {
    for (const node of value.nodes) node.isTested = true;
    for (const each of value.written) this.use(each);
  }

  /** What is under a key, or, where it isn't known, under any. */
  get(value: AbstractValue, key: string): AbstractValue {
    if (value.nodes.length === 0 && value.made.length === 0) return value.isOpen ? OPEN : NOTHING;
    if (!isKnown(key)) return this.items(value);
    const isIndex = isNumber(key);
    const { nodes, made, isOpen } = withMerged(value);
    let found = isOpen ? OPEN : NOTHING;
    for (const node of nodes) {
      if (node.depth > DEEPEST) throw new Unfollowed('nested too deeply');
      found = either(found, ofNodes(node.read(isIndex ? ANY : key)));
    }
    for (const each of made) {
      const own = each.fields.get(key);
      // A list has no keys but numbers, and nothing else where one is known.
      if (each.isList && (own !== undefined || !isIndex)) found = either(found, own ?? NOTHING);
      else found = either(found, either(own ?? (each.label === undefined ? NOTHING : OPEN), each.rest));
    }
    return this.#bounded(found);
  }

  /** What may be directly in it; which keys there are makes a difference. */
  items(value: AbstractValue): AbstractValue {
    const { nodes, made, isOpen } = withMerged(value);
    let found = isOpen || value.texts.length > 0 ? OPEN : NOTHING;
    for (const each of value.written) this.use(each);
    for (const node of nodes) {
      if (node.depth > DEEPEST) throw new Unfollowed('nested too deeply');
      node.isListed = true;
      found = either(found, ofNodes(node.read(ANY)));
    }
    for (const each of made) found = either(found, either(anyOf(each.fields.values()), each.rest));
    return this.#bounded(found);
  }

  #bounded(value: AbstractValue): AbstractValue {
    if (value.nodes.length <= MOST_NODES) return value;
    this.use(value);
    return OPEN;
  }

  /** Fills what a template makes: with all that is in it, the first time; later it may be the one or the other. */
  fill(made: Made, fields: ReadonlyMap<string, AbstractValue>): AbstractValue {
    const value = ofMade(made);
    const isFirst = made.fields.size === 0 && made.rest === NOTHING && made.merged.length === 0 && !made.isFilled;
    const isSame = [...fields.keys()].join() === [...made.fields.keys()].join();
    const wasExact = made.isExact;
    for (const [key, field] of fields) this.put(value, key, field);
    made.isExact = isFirst || (wasExact && isSame);
    made.isFilled = true;
    return value;
  }

  /** Puts something under a key of what a template made, any key if it isn't known; in values it counts as used at once. */
  put(value: AbstractValue, key: string | undefined, item: AbstractValue): void {
    if (value.nodes.length > 0 || value.written.length > 0) this.use(item);
    for (const made of value.made) {
      const before = key === undefined ? made.rest : made.fields.get(key);
      const after = either(before ?? NOTHING, item);
      if (after === before) continue;
      if (key === undefined) made.rest = after;
      else made.fields.set(key, after);
      made.isExact = false;
      this.#changed(made, item);
    }
  }

  merge(value: AbstractValue, item: AbstractValue): void {
    if (value.nodes.length > 0 || value.written.length > 0) this.use(item);
    for (const made of value.made) {
      const known = anyOf(made.merged);
      if (item.made.includes(made) || either(known, item) === known) continue;
      made.merged.push(item);
      made.isExact = false;
      this.#changed(made, item);
    }
  }

  #changed(made: Made, item: AbstractValue): void {
    this.#changes += 1;
    // Others may have seen it before, and will see it again.
    if (made.isUsed || made.label !== undefined) this.use(item);
    for (const frame of [...this.#stack].reverse()) {
      if (frame === made.owner) return;
      frame.changesOthers = true;
    }
  }

  /** `include`: all templates that the names may stand for. */
  include(names: readonly string[], context: AbstractValue): readonly string[] {
    let texts: readonly string[] = [];
    for (const name of names) {
      for (const steps of this.#templates.find(name)) texts = eitherText(texts, this.#call(steps, context));
    }
    return texts.length === 0 ? ANY_TEXT : texts;
  }

  /** `tpl`: the text may be any of those in values that are templates, or be put together of others. */
  evaluate(text: AbstractValue, context: AbstractValue): void {
    this.use(text);
    const texts = printed(text);
    // Then what stands in values is a piece of it, and its dot may be another.
    const pieces = texts.flatMap((each) => (isKnown(each) ? [each] : knownParts(each)));
    const others = texts.some((each) => each.includes(UNKNOWN)) ? this.#inner.others() : [];
    const dots = [context];
    for (const piece of [...pieces, ...others])
      if (/\{\{|\}\}/.test(piece)) dots.push(...this.#evaluatePiece(piece, context));
    const isPutTogether = others.length > 0 || pieces.some((piece) => /\{\{|\}\}/.test(piece));
    for (const value of this.#inner.values) {
      const tree = templateTree(value);
      // Alone it is no template: nobody gives it to `tpl`.
      if (tree === undefined && !isPutTogether) continue;
      if (tree === undefined || tree.named.size > 0) this.use(context);
      else for (const dot of dots) this.#call(tree.steps, context, ANY_TEXT, dot);
    }
  }

  /** Of a piece that begins a block and doesn't end it: what is the dot behind it. */
  #evaluatePiece(text: string, context: AbstractValue): AbstractValue[] {
    const tree = templateTree(text);
    if (tree === undefined || tree.named.size > 0) {
      this.use(context);
      return [];
    }
    this.#call(tree.steps, context, ANY_TEXT);
    if (tree.whole) return [];
    const frame: Frame = { context, steps: tree.steps, made: new Map(), changesOthers: false };
    const scope: Scope = { variables: new Map([['$', context]]), around: undefined };
    return tree.steps.flatMap((step) => {
      if (step.kind !== 'with' && step.kind !== 'range') return [];
      const value = this.#pipe(step.pipe, context, scope, frame);
      return [step.kind === 'with' ? value : this.items(value)];
    });
  }

  #id(object: object): number {
    const known = this.#ids.get(object) ?? this.#ids.size;
    this.#ids.set(object, known);
    return known;
  }

  /** What a value is, as a text: two of the same text are read alike. */
  #keyOf({ nodes, made, texts, written, isOpen }: AbstractValue, depth: number): string {
    const nodeIds = nodes.map(({ id }) => id).sort();
    const madeKeys = made.map((each) => this.#keyOfMade(each, depth)).sort();
    const writtenKeys = written.map((each) => this.#keyOf(each, depth + 1)).sort();
    return `${nodeIds}[${madeKeys}]${JSON.stringify([...texts].sort())}<${writtenKeys}>${isOpen ? 'o' : ''}`;
  }

  #keyOfMade(made: Made, depth: number): string {
    if (made.label !== undefined) return made.label;
    if (depth > (made.merged.length > 0 ? 1 : 4)) return `#${this.#id(made)}`;
    const fields = [...made.fields].map(([name, value]) => `${JSON.stringify(name)}:${this.#keyOf(value, depth + 1)}`);
    const merged = made.merged.map((each) => this.#keyOf(each, depth + 1));
    return `${made.isList ? 'l' : 'm'}{${fields.sort()}|${this.#keyOf(made.rest, depth + 1)}|${merged}}`;
  }
}

const NO_TEXT: readonly string[] = [''];
/** Of which all that matters is used. */
const ANYTHING: AbstractValue = { ...OPEN, texts: [UNKNOWN] };
const ANY_TEXT: readonly string[] = [UNKNOWN];
/** Of keys that are looked up most are none, which their first letter says. */
function isNumber(key: string): boolean {
  return key.charCodeAt(0) <= 57 && /^\d+$/.test(key);
}

const CONSTANTS = new Set(['true', 'false', 'nil']);

/** A value, and all that was merged into what it is. */
function withMerged(value: AbstractValue): AbstractValue {
  if (value.made.every(({ merged }) => merged.length === 0)) return value;
  const made = new Set(value.made);
  let all = value;
  // Grows while it is gone through.
  for (const each of made) {
    for (const other of each.merged) {
      all = either(all, other);
      for (const one of other.made) made.add(one);
    }
  }
  return { ...all, made: [...made] };
}

/** Whether each of the things it may be has certain entries. */
function isExact({ nodes, made, texts, written, isOpen }: AbstractValue): boolean {
  const isMade = !isOpen && [nodes, texts, written].every(({ length }) => length === 0);
  return isMade && made.every((each) => each.isExact && each.merged.length === 0 && each.rest === NOTHING);
}

/** The keys of what is looped over. */
function keysOf(value: AbstractValue): readonly string[] {
  const isCertain =
    !value.isOpen &&
    [value.nodes, value.texts, value.written].every(({ length }) => length === 0) &&
    value.made.every(({ isList, rest, merged }) => !isList && rest === NOTHING && merged.length === 0);
  return isCertain ? value.made.flatMap(({ fields }) => [...fields.keys()]) : [UNKNOWN];
}
