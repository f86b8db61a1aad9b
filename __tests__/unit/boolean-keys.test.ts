import { expect, test } from '@jest/globals';
import { booleanKeys, mayHaveBooleanKeys, misreadKey } from '../../src/domain/boolean-keys.ts';
import { readSource, type Source } from '../../src/domain/source.ts';

function source(text: string): Source {
  const result = readSource(new TextEncoder().encode(text), 'helm');
  if (!result.ok) throw new Error(result.fault.message);
  return result.source;
}

test.each([
  ['y: 1\n', { true: 1 }],
  ['a: { Off: 1, "on": 2 }\n', { a: { false: 1, on: 2 } }],
  ['a:\n  - N: 1\n  - [ { yes : 2 } ]\n', { a: [{ false: 1 }, [{ true: 2 }]] }],
  // Neither yaml 1.1 nor go-yaml has this form.
  ['yEs: 1\n', { yEs: 1 }],
  ['\'no\': 1\n? "y"\n: 2\n', { no: 1, y: 2 }],
  ['!!str y: 1\n', { y: 1 }],
  ['true: 1\nFalse: 2\n', { true: 1, false: 2 }],
  // The last counts.
  ['on: 1\ny: 2\n', { true: 2 }],
  // Values are another matter.
  ['a: "on: y"\nb: yonder\n', { a: 'on: y', b: 'yonder' }],
])('%j is %j to helm', (text, data) => {
  expect(source(text).data).toEqual(data);
});

test('other readers take them as they are written', () => {
  const read = readSource(new TextEncoder().encode('on: { y: 1 }\n'));
  expect(read.ok && read.source.data).toEqual({ on: { y: 1 } });
});

test('most texts need no look at their keys', () => {
  expect(mayHaveBooleanKeys('# turn it on: yes\nonly: 1\nmay: { only: 1 }\nurl: "http://n:1"\n')).toBe(false);
});

test('how such keys are written, and where', () => {
  const read = source('a:\n  - { x: 1, No: 2 }\n  - true: 1\n"true": 1\n');
  expect(booleanKeys(read.data)).toEqual([['a', 0, 'false'], ['a', 1, 'true'], ['true']]);
  expect(read.position(['a', 0, 'false'], 'key')).toEqual({ line: 2, column: 13 });
  expect(booleanKeys(read.data).map((path) => misreadKey(read, path))).toEqual(['No', undefined, undefined]);
});
