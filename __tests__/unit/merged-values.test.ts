import { expect, test } from '@jest/globals';
import { mergedValues } from '../../src/domain/merged-values.ts';
import type { Fit, ValuePlace } from '../../src/domain/provenance/places.ts';
import { changedValues, probes } from '../../src/domain/provenance/probe.ts';
import { readSource } from '../../src/domain/source.ts';
import type { ValuesLayer } from '../../src/domain/values.ts';

function file(shown: string, text: string): ValuesLayer {
  const read = readSource(new TextEncoder().encode(text));
  if (!read.ok) throw new Error(read.fault.message);
  return { kind: 'file', shown, source: read.source };
}

const base = file('base', 'a: {b: 1, c: [1, {d: x}]}\ne: text\nf: {g: 1}\nh: {}\n');
const over = file('over', 'a: {b: 2}\ne: null\nf: [1]\nh: {i: yes}\n');

test('mappings are merged, everything else is replaced, null takes away', () => {
  const values = mergedValues([base, over]).map(({ path, value, layer }) => [path.join('.'), value, layer.shown]);
  expect(values).toEqual([
    ['a', { b: 2, c: [1, { d: 'x' }] }, 'over'],
    ['a.b', 2, 'over'],
    ['a.c', [1, { d: 'x' }], 'base'],
    ['a.c.0', 1, 'base'],
    ['a.c.1', { d: 'x' }, 'base'],
    ['a.c.1.d', 'x', 'base'],
    ['f', [1], 'over'],
    ['f.0', 1, 'over'],
    ['h', { i: 'yes' }, 'over'],
    ['h.i', 'yes', 'over'],
  ]);
});

test('what --set sets has no value that is known', () => {
  const set: ValuesLayer = {
    kind: 'set',
    shown: 'set a.b',
    source: undefined,
    paths: [
      ['a', 'b'],
      ['a', 'c', '0'],
    ],
  };
  const values = mergedValues([base, set]);
  const at = (path: string) => values.find((each) => each.path.join('.') === path);
  expect([at('a.b')?.value, at('a.b')?.layer.kind]).toEqual([undefined, 'set']);
  expect([at('a.c')?.value, at('a.c.1.d')]).toEqual([undefined, undefined]);
  expect(at('e')?.value).toBe('text');
});

test('an experiment changes what it is about and takes lists over as a whole', () => {
  const values = mergedValues([base, over]);
  const place = (path: string, what: 'key' | 'value', fit: Fit = 'same'): ValuePlace => {
    const value = values.find((each) => each.path.join('.') === path);
    if (value === undefined) throw new Error(path);
    return { kind: 'value', path: value.path, what, value, fit };
  };
  const given = probes([place('a.c.1.d', 'value'), place('a.b', 'key'), place('a.b', 'value'), place('h', 'value')]);
  expect(changedValues(given, values)).toEqual({
    a: { c: [1, { d: 'xzq0x' }], b: 21_087, bzq1x: 2 },
    h: { zq3x: 'zq3x' },
  });
  expect(base.source?.data).toMatchObject({ a: { c: [1, { d: 'x' }] } });
});
