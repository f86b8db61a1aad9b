import { describe, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { blockYaml } from '../../src/domain/block-yaml.ts';
import { KUBERNETES_YAML, plainScalar } from '../../src/domain/kubernetes-yaml.ts';
import { seeded } from '../support/mutants.ts';

/** What the full reader makes of a text; `undefined` where it refuses it. */
function fully(text: string): { data: unknown } | undefined {
  try {
    const documents = loadAll(text, { schema: KUBERNETES_YAML });
    return documents.length > 1 ? undefined : { data: documents[0] ?? null };
  } catch {
    return undefined;
  }
}

describe('what is of the plain form', () => {
  test.each([
    "a: 1\nb: \"x: y\"\nc: 'it''s'\n",
    'a:\n- b: 1\n  c: 2\n- d\n-\n- - e\n  - f\nz: null\n',
    'a:\n  - b\n  # note\n\n  - c # note\n',
    'a: |\n  text\n\n    more\n# note\nb: |-\n  x\n\n\nc: y\n',
    'x:\n- |\n  b: 1\n  b: 2\n- a: |\n    t\n  z: 1\n',
    'a: { b: c, d: [1, "2", \'3\'], e: {} } # note\nf: []\n',
    'a: http://x/y?z\nb: x:y\nc: -1\nd: --x\ne: $(POD)\nf: 0644\ng: 1_000\nh: off\ni: ~\nj: 12:30\n',
    'a: "\\n\\t\\"" \n',
    '"a/b": 1\n\'c d\': 2\n',
    '# only a note\n',
    '',
  ])('%j', (text) => {
    expect(blockYaml(text)).toEqual(fully(text));
  });

  test('the usual manifest', () => {
    const text = `# Source: demo/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: demo
  labels: {}
  annotations:
    "helm.sh/hook": pre-upgrade
spec:
  template:
    spec:
      containers:
        - name: a
          image: "x/y:1"
          args: ["--a", "b"]
          command:
            - /bin/sh
            - -c
            - |
              name: not a key
              name: nor this
          env:
            - { name: A, value: "1" }
            - name: B
              value: 'it''s'
`;
    expect(blockYaml(text)).toEqual(fully(text));
  });
});

describe('what is left to the full reader', () => {
  test.each([
    ['a key twice', 'a: 1\na: 2\n'],
    ['a key twice, quoted once', 'x:\n  a: 1\n  "a": 2\n'],
    ['a key twice in brackets', 'x: {a: 1, a: 2}\n'],
    ['a key twice in a list', '- a: 1\n  a: 2\n'],
    ['a text that goes on below', 'a: b\n  c\n'],
    ['a text in quotes that goes on below', 'a: "b\n  c"\n'],
    ['folded text', 'a: >\n  b\n  c\n'],
    ['an anchor and an alias', 'a: &x 1\nb: *x\n'],
    ['a tag', 'a: !!str 1\n'],
    ['a merge', 'a:\n  <<: { b: 1 }\n'],
    ['a key that is a number or a boolean', '1: a\n'],
    ['a key that is a boolean', 'on: a\n'],
    ['a complex key', '? a\n: 1\n'],
    ['blanks before a literal text, further right than it', 'a: |\n    \n  b\n'],
    ['a tab', 'a:\t1\n'],
    ['CRLF', 'a: 1\r\n'],
    ['a name that JavaScript knows', '__proto__: 1\n'],
    ['escapes of YAML alone', 'a: "\\x41"\n'],
    ['brackets over lines', 'a: [\n  b\n]\n'],
    ['a nesting of a thousand', `${'- '.repeat(1000)}a\n`],
    ['brackets of a thousand', `a: ${'['.repeat(1000)}${']'.repeat(1000)}\n`],
  ])('%s', (_what, text) => {
    expect(blockYaml(text)).toBeUndefined();
  });
});

test('whatever it reads, the full reader reads so: forty thousand documents made at random', () => {
  const random = seeded(7);
  const of = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const keys = ['a', 'b', '"a"', "'b'", 'c.d/e', 'a b', '-x', '10', 'null', 'b-c', 'y', '# a'];
  const values = [
    ...['', '', '', ' 1', ' "x: y"', " 'z'", ' |', ' |-', ' >-', ' |2', ' {}', ' {a: 1}', ' [a, b]', ' plain text'],
    ...[' a:b', ' "multi', ' # note', ' x # y', ' x#y', ' - z', ' {a: b, c: [d, {e: "f"}]}', ' [a: b]', ' [x,]', ' ~'],
    ...[" 'a''b' #c", ' "a"b', ' &x y', ' *x', ' 1e3', ' .5', ' 0x1F', ' +1', ' -', ' a: b', '  spaced  ', ' {a:b}'],
  ];
  const plain = ['', ' 1', ' x y', ' "x: y"', " 'it''s'", ' {a: b, c: [d]}', ' |', ' |-', ' x # note', ' http://x'];
  let read = 0;
  for (let round = 0; round < 40_000; round++) {
    const lines: string[] = [];
    // Half of them nearly as they should be: then most are read.
    const usual = round % 2 === 0;
    let indent = 0;
    for (let line = 0; line < 2 + random() * 6; line++) {
      const dash = of(usual ? ['', '', '', '- '] : ['', '', '', '- ', '- - ', '-', '-  ']);
      const value = random() < (usual ? 0.95 : 0.3) ? of(plain) : of(values);
      const key = usual && random() < 0.95 ? `k${line}` : of(keys);
      lines.push(' '.repeat(indent) + dash + (random() < (usual ? 0.95 : 0.7) ? `${key}:${value}` : of(values).trim()));
      const deeper = value === '' || value.startsWith(' |') || (dash !== '' && random() < 0.5);
      indent = Math.max(0, usual ? indent + (deeper ? 2 : of([0, 0, 0, -2])) : of([0, 0, 1, 2, 2, 4]));
    }
    const text = lines.join('\n') + of(['\n', '\n', '', '\n\n', '\n  \n']);
    const found = blockYaml(text);
    if (found === undefined) continue;
    read++;
    expect({ text, ...found }).toEqual({ text, ...fully(text) });
  }
  expect(read).toBeGreaterThan(5_000);
});

test('a plain scalar is what the full reader takes it for', () => {
  const random = seeded(8);
  const characters = [...'0123456789abefnoxyzYNTFOL+-._:eE~'];
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from(
      { length: 1 + random() * 5 },
      () => characters[Math.floor(random() * characters.length)],
    ).join('');
    const expected = fully(`- ${text}\n`);
    if (expected !== undefined && /^[-~A-Za-z0-9+.]/.test(text) && !text.includes(':') && !/^-*$/.test(text)) {
      expect([text, plainScalar(text)]).toEqual([text, (expected.data as unknown[])[0]]);
    }
  }
});
