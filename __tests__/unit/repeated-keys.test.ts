import { describe, expect, test } from '@jest/globals';
import { load, YAMLException } from 'js-yaml';
import { mayRepeatKey } from '../../src/domain/repeated-keys.ts';

function repeats(text: string): boolean {
  try {
    load(text);
    return false;
  } catch (error) {
    return error instanceof YAMLException && error.reason === 'duplicated mapping key';
  }
}

describe('never no where a key is repeated', () => {
  test.each([
    'a: 1\na: 2\n',
    'a:\n  b: 1\n  c: 2\n  b: 3\n',
    '- a: 1\n  b: 2\n  a: 3\n',
    'x:\n- a: 1\n  a: 2\n',
    '- - a: 1\n    a: 2\n',
    'a: 1\n"a": 2\n',
    '\'a\': 1\n"a": 2\n',
    'a : 1\na: 2\n',
    'x: {a: 1, a: 2}\n',
    'x: [{a: 1, a: 2}]\n',
    'x: &y {a: 1, a: 2}\n',
    '? a\n: 1\n? a\n: 2\n',
    '1: x\n0x1: y\n',
    'a: |\n  text\na: 2\n',
    'a: "b\n  c"\na: 2\n',
    '"\\u0061": 1\na: 2\n',
    '&x a: 1\na: 2\n',
    'x:\n  a: |\n    b: 1\n    b: 2\n  a: 3\n',
    '- x: |\n    t\n  y: 1\n  y: 2\n',
    'a: 1\r\na: 2\r\n',
    'a:\n  - |\n    text\n  - b: 1\n    b: 2\n',
    '{a: 1, a: 2}',
  ])('%j', (text) => {
    expect(repeats(text)).toBe(true);
    expect(mayRepeatKey(text)).toBe(true);
  });

  test('in ten thousand documents made at random', () => {
    let seed = 1;
    const random = (limit: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >> 8) % limit;
    };
    const keys = ['a', 'b', '"a"', "'b'", 'c.d/e', 'a b', '-x', '10', 'null'];
    const values = [
      '',
      '',
      '',
      ' 1',
      ' 1',
      ' 1',
      ' "x: y"',
      " 'z'",
      ' |',
      ' >-',
      ' {}',
      ' {a: 1}',
      ' [a, b]',
      ' plain text',
      ' a:b',
      ' "multi',
      ' # note',
    ];
    let repeated = 0;
    for (let round = 0; round < 10_000; round += 1) {
      const lines: string[] = [];
      for (let line = 0; line < 2 + random(4); line += 1) {
        const dash = random(4) === 0 ? '- ' : '';
        lines.push(`${' '.repeat(random(2) * 2)}${dash}${keys[random(keys.length)]}:${values[random(values.length)]}`);
      }
      const text = `${lines.join('\n')}\n`;
      if (!repeats(text)) continue;
      repeated += 1;
      if (!mayRepeatKey(text)) throw new Error(`not seen in:\n${text}`);
    }
    expect(repeated).toBeGreaterThan(500);
  });
});

test('no for the usual manifest, so that it is not parsed', () => {
  const manifest = `# Source: demo/templates/deployment.yaml
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
            - name: A
              value: "1"
            - name: B
              value: 'it''s'
        - name: b
          image: x
`;
  expect(repeats(manifest)).toBe(false);
  expect(mayRepeatKey(manifest)).toBe(false);
});
