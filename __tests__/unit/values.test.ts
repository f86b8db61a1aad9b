import { describe, expect, test } from '@jest/globals';
import { readSource } from '../../src/domain/source.ts';
import { isSet, origin, pathsOfSet, type ValuesLayer } from '../../src/domain/values.ts';

function layer(shown: string, text: string, kind: ValuesLayer['kind'] = 'file'): ValuesLayer {
  const read = readSource(new TextEncoder().encode(text));
  if (!read.ok) throw new Error(read.fault.message);
  return { kind, shown, source: read.source };
}
const base = layer('chart/values.yaml', 'agent:\n  replicas: 1\n  image:\n    tag: x\n');
const dev = layer('chart/values-dev.yaml', '# dev\nagent:\n  replicas: 50\n');
const secret = layer('secret-values', 'agent:\n  key: s3cret\n', 'secret');
const set: ValuesLayer = {
  kind: 'set',
  shown: 'set agent.image.tag',
  source: undefined,
  paths: pathsOfSet('agent.image.tag=1'),
};

describe('where a value comes from', () => {
  test('the last of the merged files that sets it', () => {
    expect(origin(['agent', 'replicas'], [base, dev])).toEqual({ file: 'chart/values-dev.yaml', line: 3, column: 13 });
    expect(origin(['agent', 'image', 'tag'], [base, dev])).toEqual({ file: 'chart/values.yaml', line: 4, column: 10 });
  });
  test('a missing value: what is nearest around it', () => {
    expect(origin(['agent', 'image', 'digest'], [base, dev])).toEqual({
      file: 'chart/values.yaml',
      line: 3,
      column: 3,
    });
  });
  test('an input has no line', () => {
    expect(origin(['agent', 'image', 'tag'], [base, dev, set])).toEqual({ by: 'set agent.image.tag' });
    expect(origin(['agent', 'key'], [base, dev, secret])).toEqual({ by: 'secret-values' });
  });
  test('nothing is guessed', () => {
    expect(origin(['other'], [{ kind: 'file', shown: '', source: undefined }])).toEqual({});
  });
});

test("paths of Helm's --set syntax", () => {
  expect(pathsOfSet('a.b=1')).toEqual([['a', 'b']]);
  expect(pathsOfSet('a=1,b.c=2')).toEqual([['a'], ['b', 'c']]);
  expect(pathsOfSet('a[0].b=x')).toEqual([['a', '0', 'b']]);
  expect(pathsOfSet('a\\.b=x')).toEqual([['a.b']]);
});

test('whether something is set', () => {
  expect(isSet(['agent', 'replicas'], [dev])).toBe(true);
  expect(isSet(['agent', 'image'], [dev])).toBe(false);
  expect(isSet(['agent', 'image'], [dev, set])).toBe(true);
});
