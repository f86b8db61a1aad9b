import {
  type AbstractValue,
  anyOf,
  either,
  followedBy,
  isKnown,
  type Made,
  NOTHING,
  OPEN,
  ofMade,
  ofTexts,
  printed,
  UNKNOWN,
} from './abstract-value.ts';
import type { Call } from './template-reader.ts';

type TemplateFunction = (call: Call) => AbstractValue;

/**
 * The functions of Go's templates, of Sprig and of Helm that leave values as they are, or take of them only a part. All
 * others are taken to need everything that they are given.
 */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>();

const define = (names: string, call: TemplateFunction): void => {
  for (const name of names.split(' ')) (FUNCTIONS as Map<string, TemplateFunction>).set(name, call);
};

const tested: TemplateFunction = ({ args, reader }) => {
  for (const arg of args) reader.test(arg);
  return anyOf(args);
};
define('and or coalesce default', tested);
define('not empty any all', (call) => {
  tested(call);
  return OPEN;
});
define('required', ({ args: [message = NOTHING, value = NOTHING], reader }) => {
  reader.use(message);
  reader.test(value);
  return value;
});
define('ternary', ({ args: [yes = NOTHING, no = NOTHING, condition = NOTHING], reader }) => {
  reader.test(condition);
  return either(yes, no);
});
define('kindIs kindOf typeIs typeIsLike typeOf', () => OPEN);
define('len', ({ args: [value = NOTHING], reader }) => {
  reader.items(value);
  return OPEN;
});

define('dict', ({ args, reader, make }) => {
  const fields = new Map<string, AbstractValue>();
  const others: [AbstractValue | undefined, AbstractValue][] = [];
  for (let at = 0; at < args.length; at += 2) {
    const value = args[at + 1] ?? NOTHING;
    const [key, ...more] = keysIn(args[at]);
    if (key === undefined || more.length > 0) others.push([args[at], value]);
    else fields.set(key, value);
  }
  const made = reader.fill(make(false), fields);
  for (const [key, value] of others) for (const name of keysIn(key)) reader.put(made, name, value);
  return made;
});
define('list tuple', ({ args, reader, make }) => reader.fill(make(true), numbered(args)));
define('set', ({ args: [mapping = NOTHING, key, value = NOTHING], reader }) => {
  for (const name of keysIn(key)) reader.put(mapping, name, value);
  return mapping;
});
define('unset', ({ args: [mapping = NOTHING] }) => mapping);
define('merge mustMerge mergeOverwrite mustMergeOverwrite', ({ args: [mapping = NOTHING, ...others], reader }) => {
  for (const other of others) reader.merge(mapping, other);
  return anyOf([mapping, ...others]);
});
define('deepCopy mustDeepCopy', ({ args: [value = NOTHING] }) => value);

define('get', ({ args: [mapping = NOTHING, key], reader }) => under(mapping, key, reader));
define('index', ({ args: [value = NOTHING, ...keys], reader }) =>
  keys.reduce((found, key) => under(found, key, reader), value),
);
define('dig', ({ args, reader }) => {
  const mapping = args.at(-1) ?? NOTHING;
  const keys = args.slice(0, -2);
  return either(
    keys.reduce((found, key) => under(found, key, reader), mapping),
    args.at(-2) ?? NOTHING,
  );
});
define('hasKey', ({ args: [mapping = NOTHING, key], reader }) => {
  under(mapping, key, reader);
  return OPEN;
});
define('pluck', ({ args: [key, ...mappings], reader, make }) => {
  const made = ofMade(make(true));
  for (const mapping of mappings) reader.put(made, undefined, under(mapping, key, reader));
  return made;
});
define('pick', ({ args: [mapping = NOTHING, ...keys], reader, make }) => {
  const made = ofMade(make(false));
  for (const key of keys) for (const name of keysIn(key)) reader.put(made, name, under(mapping, key, reader));
  return made;
});
define('omit', ({ args: [mapping = NOTHING] }) => mapping);
define('keys', ({ args, reader, make }) => {
  const made = ofMade(make(true));
  for (const mapping of args) {
    reader.items(mapping);
    reader.put(made, undefined, ofTexts(namesIn(mapping)));
  }
  return made;
});
define('values', ({ args: [mapping = NOTHING], reader, make }) => {
  const made = ofMade(make(true));
  reader.put(made, undefined, reader.items(mapping));
  return made;
});

define('first mustFirst', ({ args: [value = NOTHING], reader }) =>
  anyOf([
    ...value.made.map((made) => either(made.fields.get('0') ?? NOTHING, made.rest)),
    reader.items({ ...value, made: [] }),
  ]),
);
define('last mustLast', ({ args: [value = NOTHING], reader }) =>
  anyOf([
    ...value.made.map((made) =>
      made.isExact ? (made.fields.get(String(made.fields.size - 1)) ?? NOTHING) : reader.items(ofMade(made)),
    ),
    reader.items({ ...value, made: [] }),
  ]),
);
define('rest mustRest', ({ args: [value = NOTHING], reader, make }) => {
  const items = exactItems(value);
  if (items !== undefined) return reader.fill(make(true), numbered(items.slice(1)));
  const made = ofMade(make(true));
  for (const list of value.made) {
    // Of several with the same beginning the first is always the first.
    for (const [key, item] of list.fields) if (key !== '0') reader.put(made, String(Number(key) - 1), item);
    if (list.rest !== NOTHING) reader.put(made, undefined, list.rest);
    for (const each of list.merged) reader.merge(made, each);
  }
  return anyOf([made, { ...value, made: [] }]);
});
define('initial mustInitial', ({ args: [value = NOTHING], reader, make }) =>
  eachList(value, reader, make, (items) => items.slice(0, -1)),
);
define('reverse mustReverse', ({ args: [value = NOTHING], reader, make }) =>
  eachList(value, reader, make, (items) => [...items].reverse()),
);
define('append mustAppend push mustPush', ({ args: [value = NOTHING, item = NOTHING], reader, make }) =>
  eachList(value, reader, make, (items) => [...items, item], item),
);
define('prepend mustPrepend', ({ args: [value = NOTHING, item = NOTHING], reader, make }) =>
  eachList(value, reader, make, (items) => [item, ...items], item),
);
// In another order, or fewer of them.
define('uniq mustUniq compact mustCompact slice mustSlice sortAlpha', ({ args: [value = NOTHING], reader, make }) =>
  ofItems(make(true), value, reader),
);
define('without mustWithout', ({ args: [value = NOTHING, ...others], reader, make }) => {
  for (const other of others) reader.use(other);
  return ofItems(make(true), value, reader);
});
define('concat', ({ args, reader, make }) => {
  const lists = args.map(exactItems);
  // It is known how many come before only as long as all do.
  const unknown = lists.indexOf(undefined);
  const known = (unknown === -1 ? lists : lists.slice(0, unknown)).flatMap((list) => list ?? []);
  const made = reader.fill(make(true), numbered(known));
  if (unknown !== -1) for (const arg of args.slice(unknown)) reader.put(made, undefined, reader.items(arg));
  return made;
});
define('chunk mustChunk', ({ args: [size = NOTHING, value = NOTHING], reader, make }) => {
  reader.use(size);
  const lists = ofMade(make(true));
  reader.put(lists, undefined, ofItems(make(true, 1), value, reader));
  return lists;
});
const splitting =
  (isList: boolean, keyOf: (index: number) => string): TemplateFunction =>
  ({ args: [separator = NOTHING, text = NOTHING], reader, make }) => {
    reader.use(text);
    const [mark] = separator.texts;
    if (mark === undefined || separator.texts.length > 1 || !isText(text) || !text.texts.every(isKnown)) {
      const made = ofMade(make(isList));
      reader.put(made, undefined, OPEN);
      return made;
    }
    const split = (each: string): Map<string, AbstractValue> =>
      new Map(each.split(mark).map((part, index) => [keyOf(index), ofTexts([part])]));
    return anyOf(text.texts.map((each, nth) => reader.fill(make(isList, nth), split(each))));
  };
define('splitList', splitting(true, String));
define(
  'split',
  splitting(false, (index) => `_${index}`),
);

define(
  'toYaml toYamlPretty toJson mustToJson toPrettyJson mustToPrettyJson toRawJson mustToRawJson',
  ({ args: [value = NOTHING] }) =>
    isText(value) || value === NOTHING || value === OPEN ? OPEN : { ...NOTHING, written: [value] },
);
define('fromYaml fromYamlArray fromJson fromJsonArray mustFromJson', ({ args: [text = NOTHING], reader }) => {
  reader.use({ ...text, written: [] });
  const isOther = text.isOpen || text.texts.length > 0 || text.nodes.length > 0 || text.made.length > 0;
  return anyOf([...text.written, ...(isOther ? [OPEN] : [])]);
});

define('print', ({ args, reader }) => {
  for (const arg of args) reader.use(arg);
  return ofTexts(args.map(printed).reduce(followedBy, ['']));
});
define('cat', ({ args, reader }) => {
  for (const arg of args) reader.use(arg);
  return ofTexts(args.map(printed).reduce((texts, more) => followedBy(followedBy(texts, [' ']), more), ['']));
});
define('printf', ({ args: [format = NOTHING, ...args], reader }) => {
  for (const arg of args) reader.use(arg);
  const [text] = format.texts;
  if (!isText(format) || format.texts.length !== 1 || text === undefined) return OPEN;
  let at = 0;
  const pieces = text.split(/(%[-+# 0]*\d*(?:\.\d+)?[a-zA-Z%])/);
  return ofTexts(
    pieces
      .map((piece, index) => {
        if (index % 2 === 0) return [piece];
        if (piece === '%%') return ['%'];
        const arg = args[at++] ?? NOTHING;
        return /^%[sv]$/.test(piece) ? printed(arg) : [UNKNOWN];
      })
      .reduce(followedBy, ['']),
  );
});
define('trim', ({ args: [text = NOTHING], reader }) => {
  reader.use(text);
  return ofTexts(printed(text).map((each) => each.trim()));
});

define('include', ({ args: [name = NOTHING, context = NOTHING], reader }) => {
  reader.use(name);
  return ofTexts(reader.include(printed(name), context));
});
define('tpl', ({ args: [text = NOTHING, context = NOTHING], reader }) => {
  reader.evaluate(text, context);
  return OPEN;
});

type Reader = Call['reader'];

function numbered(items: readonly AbstractValue[]): Map<string, AbstractValue> {
  return new Map(items.map((item, index) => [String(index), item]));
}

/** What is in a list, one by one, if that is certain. */
function exactItems({ nodes, made, texts, written, isOpen }: AbstractValue): readonly AbstractValue[] | undefined {
  const [list, ...others] = made;
  const isOne = list?.isExact === true && others.length === 0 && !isOpen;
  return isOne && [nodes, texts, written].every(({ length }) => length === 0) ? [...list.fields.values()] : undefined;
}

/** Another list made of one; of one that isn't certain, of the same things in any order. */
function eachList(
  value: AbstractValue,
  reader: Reader,
  make: Call['make'],
  change: (items: readonly AbstractValue[]) => readonly AbstractValue[],
  added: AbstractValue = NOTHING,
): AbstractValue {
  const items = exactItems(value);
  if (items !== undefined) return reader.fill(make(true), numbered(change(items)));
  const made = ofItems(make(true), value, reader);
  if (added !== NOTHING) reader.put(made, undefined, added);
  return made;
}

/** A list of what is in another, in any order. */
function ofItems(list: Made, value: AbstractValue, reader: Reader): AbstractValue {
  const made = ofMade(list);
  reader.put(made, undefined, reader.items(value));
  return made;
}

/** The keys that a value may be; `undefined` where any may be meant. */
function keysIn(key: AbstractValue | undefined): readonly (string | undefined)[] {
  if (key === undefined || !isText(key)) return [undefined];
  return key.texts.map((text) => (isKnown(text) ? text : undefined));
}

function under(mapping: AbstractValue, key: AbstractValue | undefined, reader: Reader): AbstractValue {
  if (key !== undefined) reader.use(key);
  return anyOf(keysIn(key).map((name) => (name === undefined ? reader.items(mapping) : reader.get(mapping, name))));
}

function namesIn({ nodes, made, texts, isOpen }: AbstractValue): readonly string[] {
  const isCertain =
    nodes.length === 0 &&
    texts.length === 0 &&
    !isOpen &&
    made.every(({ rest, merged }) => rest === NOTHING && merged.length === 0);
  return isCertain ? made.flatMap(({ fields }) => [...fields.keys()]) : [UNKNOWN];
}

/** Nothing but texts, which are known at least in part. */
function isText({ nodes, made, texts, written, isOpen }: AbstractValue): boolean {
  return texts.length > 0 && !isOpen && nodes.length === 0 && made.length === 0 && written.length === 0;
}
