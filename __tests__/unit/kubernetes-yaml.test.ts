import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { KUBERNETES_YAML } from '../../src/domain/kubernetes-yaml.ts';

const read = (text: string): unknown => load(text, { schema: KUBERNETES_YAML });

describe('a plain scalar', () => {
  test.each<[string, unknown]>([
    ...['y', 'Y', 'yes', 'YES', 'on', 'On', 'true', 'TRUE'].map((text): [string, unknown] => [text, true]),
    ...['n', 'N', 'no', 'No', 'off', 'OFF', 'false'].map((text): [string, unknown] => [text, false]),
    ...['~', 'null', 'Null', 'NULL'].map((text): [string, unknown] => [text, null]),
    ['0644', 420],
    ['0o644', 420],
    ['-012', -10],
    ['0x1F', 31],
    ['0b11', 3],
    ['1_000', 1000],
    ['1_0.5', 10.5],
    ['08', 8],
    ['+1', 1],
    ['1.', 1],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1E+3', 1000],
    ['.inf', Infinity],
    ['-.Inf', -Infinity],
    ['.nan', Number.NaN],
    ...[
      'tRue',
      'oN',
      '12:30',
      '190:20:30',
      '2020-01-01',
      '2020-01-01T00:00:00Z',
      '1.2.3',
      '_1',
      '0x',
      '0o8',
      '0b2',
    ].map((text): [string, unknown] => [text, text]),
    ...['1e400', '1,000', '.5_0', '=', '+', '.', '-_'].map((text): [string, unknown] => [text, text]),
  ])('%s', (text, value) => {
    expect(read(`a: ${text}`)).toEqual({ a: value });
  });
});

test('what is quoted is a string, and what is tagged is what the tag says', () => {
  expect(read('a: "y"\nb: !!str 0644\nc: !!int "010"\nd: |\n  on\n')).toEqual({ a: 'y', b: '0644', c: 8, d: 'on\n' });
});

test('keys are strings, by what they mean', () => {
  expect(read('on: 1\n0x10: 2\n1.50: 3\n')).toEqual({ true: 1, 16: 2, '1.5': 3 });
  expect(() => read('y: 1\ntrue: 2\n')).toThrow('duplicated mapping key');
});

test('merges', () => {
  expect(read('a: &a { b: 1 }\nc: { <<: *a, d: 2 }\n')).toEqual({ a: { b: 1 }, c: { b: 1, d: 2 } });
});
