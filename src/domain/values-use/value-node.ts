/**
 * A place in a chart's values that a template reads, or passes on its way to one that it reads. That there is a node for
 * a path says that it is used.
 */
export class ValueNode {
  static #made = 0;
  readonly id = ++ValueNode.#made;
  readonly #inner = new Map<string, ValueNode>();
  /** Where else a chart's `global` is looked for: in the values of the charts around it. */
  readonly #globals: readonly ValueNode[];
  readonly depth: number;
  /** Everything in it is used. */
  isWhole = false;
  /** Which keys are directly in it makes a difference, whatever is in those. */
  isListed = false;
  /** Whether there is something in it makes a difference. */
  isTested = false;

  constructor(depth = 0, globals: readonly ValueNode[] = []) {
    this.depth = depth;
    this.#globals = globals;
  }

  /** The node of a key, made if there is none. */
  at(key: string, globals?: readonly ValueNode[]): ValueNode {
    const known = this.#inner.get(key);
    if (known !== undefined) return known;
    const node = new ValueNode(this.depth + 1, globals);
    this.#inner.set(key, node);
    return node;
  }

  /** What a template may get that reads a key here; any of them with `ANY`. */
  read(key: string): readonly ValueNode[] {
    const own = this.at(key);
    return this.#globals.length > 0 && (key === 'global' || key === ANY) ? [own, ...this.#globals] : [own];
  }

  use(): void {
    if (this.isWhole) return;
    this.isWhole = true;
    for (const node of this.#globals) node.use();
  }

  /** Whether something is used in it, or may be. */
  get isRead(): boolean {
    return this.isWhole || this.isListed || this.#inner.size > 0;
  }

  /** Those nodes that are there for a key. */
  known(key: string): readonly ValueNode[] {
    return [this.#inner.get(key), this.#inner.get(ANY)].filter((node) => node !== undefined);
  }

  /** The keys by which it is read. */
  get keys(): readonly string[] {
    return [...this.#inner.keys()].filter((key) => key !== ANY);
  }
}

/** In place of a key: which one isn't known, or it is one of a list's. No YAML can hold it. */
export const ANY = '\0';
