import { describe, expect, test } from '@jest/globals';
import { readSource, type Source } from '../../src/domain/source.ts';

const read = (text: string) => readSource(new TextEncoder().encode(text));
function source(text: string): Source {
  const result = read(text);
  if (!result.ok) throw new Error(result.fault.message);
  return result.source;
}

describe('positions', () => {
  const text = 'a:\n  b: 1\n  list:\n    - x\n    - name: y\nempty:\n';
  test.each([
    [['a', 'b'], 'value', { line: 2, column: 6 }],
    [['a', 'b'], 'key', { line: 2, column: 3 }],
    [['a', 'list', 1, 'name'], 'value', { line: 5, column: 13 }],
    [['a', 'list', '0'], 'value', { line: 4, column: 7 }],
    [['empty'], 'key', { line: 6, column: 1 }],
  ] as const)('%j %s', (path, what, expected) => {
    expect(source(text).position(path, what)).toEqual(expected);
  });
  test('what is not there has no position', () => {
    expect(source(text).position(['a', 'c'])).toBeUndefined();
  });
  test('a byte order mark and CRLF do not move anything', () => {
    expect(source('\uFEFFa:\r\n  b: 1\r\n').position(['a', 'b'])).toEqual({ line: 2, column: 6 });
  });
  test('through an alias', () => {
    expect(source('x: &x\n  b: 1\ny: *x\n').position(['y', 'b'])).toEqual({ line: 2, column: 6 });
  });
});

describe('faults', () => {
  test.each([
    ['a: [\n', { line: 2 }, /is no YAML/],
    ['a: 1\nb: 2\na: 3\n', { line: 3, column: 1 }, /same key twice/],
    ['a: 1\n---\nb: 2\n', { line: 2 }, /more than one YAML document/],
    ['a: *nowhere\n', { line: 1, column: 4 }, /no anchor/],
    ['\ta: 1\n', { line: 1 }, /YAML/],
  ])('%j', (text, place, message) => {
    const result = read(text);
    expect(result).toMatchObject({ ok: false, fault: place });
    if (!result.ok) expect(result.fault.message).toMatch(message);
  });

  test('ten million alias expansions are refused, quickly, at the alias', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 8; level += 1) lines.push(`a${level}: &a${level} [${Array(10).fill(`*a${level - 1}`).join(', ')}]`);
    const started = performance.now();
    const result = read(lines.join('\n'));
    expect(performance.now() - started).toBeLessThan(1000);
    expect(result).toMatchObject({ ok: false, fault: { line: expect.any(Number), column: expect.any(Number) } });
    if (!result.ok) expect(result.fault.message).toMatch(/alias/);
  });

  test('bytes that are no text', () => {
    expect(readSource(new Uint8Array([0xff, 0xfe, 0xfa]))).toEqual({ ok: false, fault: { message: 'is not UTF-8 text' } });
  });
  test('an empty file is no data', () => {
    expect(source('').data).toBeUndefined();
    expect(source('# only a comment\n').data).toBeUndefined();
  });
  test('an alias of itself', () => {
    expect(read('a: &a [*a]\n').ok).toBeDefined();
  });
});
