/** One character of a name. */
type Atom =
  | { readonly kind: 'literal'; readonly character: string }
  | { readonly kind: 'any' } // `?`: not a slash
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }; // may be a slash

/** The characters after one `*` (or none, at the beginning) up to the next. */
interface Piece {
  readonly star: boolean;
  readonly atoms: readonly Atom[] | 'malformed';
}
/** A pattern taken apart; see `matches`. */
export interface Pattern {
  readonly pieces: readonly Piece[];
  /** What a name that matches ends with, which most names don't; empty where that isn't certain, or Go looks for a fault. */
  readonly ending: string;
}

/**
 * Whether a name matches a pattern by the rules of Go's filepath.Match (on Linux, on every platform here);
 * `malformed` where Go meets a fault in the pattern, which it doesn't for one that comes after a mismatch.
 *
 * Go takes for each `*` the shortest stretch after which the next piece fits, and never comes back to it.
 * A backtracking expression would match more, since a class such as `[^a]` also takes a slash, `*` doesn't.
 */
export function matches({ pieces, ending }: Pattern, name: string): boolean | 'malformed' {
  if (!name.endsWith(ending)) return false;
  const characters = [...name];
  let from = 0;
  for (const piece of pieces) {
    if (piece.atoms === 'malformed') return 'malformed';
    if (piece.star && piece.atoms.length === 0) return !characters.includes('/', from);
    const end = endOf(piece.atoms, characters, from, piece.star, piece === pieces.at(-1));
    if (end === undefined) return false;
    from = end;
  }
  return from === characters.length;
}

/**
 * Behind where the atoms fit: at `from`, or, after a star, at the first place from there on before the next slash. The
 * last must reach the end of the name.
 */
function endOf(
  atoms: readonly Atom[],
  name: readonly string[],
  from: number,
  star: boolean,
  isLast: boolean,
): number | undefined {
  for (let at = from; at + atoms.length <= name.length; at++) {
    const end = at + atoms.length;
    if ((!isLast || end === name.length) && standAt(atoms, name, at)) return end;
    if (!star || name[at] === '/') return undefined;
  }
  return undefined;
}

function standAt(atoms: readonly Atom[], name: readonly string[], at: number): boolean {
  for (let index = 0; index < atoms.length; index++) {
    const atom = atoms[index];
    if (atom !== undefined && !isOne(atom, name[at + index] ?? '')) return false;
  }
  return true;
}

function isOne(atom: Atom, character: string): boolean {
  switch (atom.kind) {
    case 'literal':
      return atom.character === character;
    case 'any':
      return character !== '/';
    case 'class': {
      const code = character.codePointAt(0) ?? 0;
      return atom.ranges.some(([low, high]) => low <= code && code <= high) !== atom.negated;
    }
  }
}

export function parsePattern(text: string): Pattern {
  const characters = [...text];
  const pieces: Piece[] = [];
  let at = 0;
  while (at < characters.length) {
    const star = characters[at] === '*';
    while (characters[at] === '*') at++;
    const atoms: Atom[] = [];
    let malformed = false;
    while (at < characters.length && characters[at] !== '*' && !malformed) {
      const parsed = parseAtom(characters, at);
      if (parsed === undefined) malformed = true;
      else {
        atoms.push(parsed.atom);
        at = parsed.next;
      }
    }
    pieces.push({ star, atoms: malformed ? 'malformed' : atoms });
    // Nothing after a malformed piece is ever looked at.
    if (malformed) break;
  }
  return { pieces, ending: endingOf(pieces) };
}

function endingOf(pieces: readonly Piece[]): string {
  let ending = '';
  const atoms = pieces.at(-1)?.atoms ?? [];
  if (atoms === 'malformed') return '';
  for (let index = atoms.length - 1; index >= 0; index--) {
    const atom = atoms[index];
    if (atom?.kind !== 'literal') break;
    ending = atom.character + ending;
  }
  return ending;
}

function parseAtom(characters: readonly string[], at: number): { atom: Atom; next: number } | undefined {
  const character = characters[at] ?? '';
  if (character === '?') return { atom: { kind: 'any' }, next: at + 1 };
  if (character === '[') return parseClass(characters, at + 1);
  if (character !== '\\') return { atom: { kind: 'literal', character }, next: at + 1 };
  const escaped = characters[at + 1];
  return escaped === undefined ? undefined : { atom: { kind: 'literal', character: escaped }, next: at + 2 };
}

function parseClass(characters: readonly string[], start: number): { atom: Atom; next: number } | undefined {
  const negated = characters[start] === '^';
  const ranges: (readonly [number, number])[] = [];
  let at = negated ? start + 1 : start;
  while (characters[at] !== ']' || ranges.length === 0) {
    const low = parseBound(characters, at);
    if (low === undefined) return undefined;
    const high = characters[low.next] === '-' ? parseBound(characters, low.next + 1) : low;
    if (high === undefined) return undefined;
    ranges.push([low.code, high.code]);
    at = high.next;
  }
  return { atom: { kind: 'class', negated, ranges }, next: at + 1 };
}

/** One end of a range. Something must follow it, if only the closing bracket. */
function parseBound(characters: readonly string[], at: number): { code: number; next: number } | undefined {
  const character = characters[at];
  if (character === undefined || character === '-' || character === ']') return undefined;
  const position = character === '\\' ? at + 1 : at;
  const code = characters[position]?.codePointAt(0);
  if (code === undefined || position + 1 >= characters.length) return undefined;
  return { code, next: position + 1 };
}
