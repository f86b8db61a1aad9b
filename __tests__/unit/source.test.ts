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
  test('through a merge: own keys first, then those of the first that has it', () => {
    const merged = source('b: &b { z: 1, k: 2 }\nc:\n  <<: [*b, { z: 3, q: 4 }]\n  k: 5\n<<: { x: 6 }\n');
    expect(merged.data).toEqual({ b: { z: 1, k: 2 }, c: { z: 1, q: 4, k: 5 }, x: 6 });
    expect(merged.position(['c', 'z'])).toEqual({ line: 1, column: 12 });
    expect(merged.position(['c', 'q'], 'key')).toEqual({ line: 3, column: 20 });
    expect(merged.position(['c', 'k'])).toEqual({ line: 4, column: 6 });
    expect(merged.position(['x'], 'key')).toEqual({ line: 5, column: 7 });
    expect(merged.position(['c', 'none'])).toBeUndefined();
  });
});

describe('what an alias or a merge shares', () => {
  const shared = source(
    'held: &held { cpu: 1 }\nouter:\n  inner: { x: &x 1, y: 2 }\na: *held\nb: { <<: *held, own: *x }\nalone: { p: &p 1, q: *p }\n<<: { z: 1 }\nnobody: &nobody 1\n',
  );
  test.each([
    [['held'], true],
    [['held', 'cpu'], true],
    [['outer'], true],
    [['outer', 'inner', 'x'], true],
    [['outer', 'inner', 'y'], false],
    // The alias itself may go.
    [['a'], false],
    [['a', 'cpu'], true],
    [['b', 'cpu'], true],
    [['b', 'own'], false],
    [['alone'], false],
    [['alone', 'p'], true],
    [['z'], false],
    [['nobody'], false],
  ] as const)('%j %j', (path, expected) => {
    expect(shared.isShared(path)).toBe(expected);
  });
});

describe('faults', () => {
  test.each([
    ['a: [\n', { line: 2 }, /is no YAML/],
    ['a: 1\nb: 2\na: 3\n', { line: 3, column: 1 }, /same key twice/],
    ['a: 1\n---\nb: 2\n', { line: 2 }, /more than one YAML document/],
    ['a: *nowhere\n', { line: 1, column: 4 }, /no anchor/],
    ['\ta: 1\n', { line: 1 }, /YAML/],
    ['a: 1\r\nb: "x\0y"\r\n', { line: 2, column: 6 }, /control character U\+0000/],
    ['a: 1\nnull: 2\n', { line: 2, column: 1 }, /key that is no text/],
    ['a:\n  ~: 2\n', { line: 2, column: 3 }, /key that is no text/],
    ['a: 1\n: 2\n', { line: 2 }, /key that is no text/],
    ['? [a]\n: 1\n', { line: 1, column: 3 }, /key that is no text/],
    ['a: {[b]: 1}\n', { line: 1, column: 5 }, /key that is no text/],
    ['{a: 1}: 2\n', { line: 1, column: 1 }, /key that is no text/],
  ])('%j', (text, place, message) => {
    const result = read(text);
    expect(result).toMatchObject({ ok: false, fault: place });
    if (!result.ok) expect(result.fault.message).toMatch(message);
  });

  test('ten million alias expansions are refused, quickly, at the alias', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 8; level += 1)
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    const started = performance.now();
    const result = read(lines.join('\n'));
    expect(performance.now() - started).toBeLessThan(1000);
    expect(result).toMatchObject({ ok: false, fault: { line: expect.any(Number), column: expect.any(Number) } });
    if (!result.ok) expect(result.fault.message).toMatch(/alias/);
  });

  test('bytes that are no text', () => {
    expect(readSource(new Uint8Array([0xff, 0xfe, 0xfa]))).toEqual({
      ok: false,
      fault: { message: 'is not UTF-8 text' },
    });
  });
  test('an empty file is no data', () => {
    expect(source('').data).toBeUndefined();
    expect(source('# only a comment\n').data).toBeUndefined();
  });
  test('an alias of itself', () => {
    expect(read('a: &a [*a]\n')).toMatchObject({
      ok: false,
      fault: { message: expect.stringMatching(/within what it stands for/), line: 1, column: 8 },
    });
  });
  test('1 and "1" are two keys; a repeated key in a list of mappings is found', () => {
    expect(read('1: a\n"1": b\n').ok).toBe(true);
    expect(read('- a: 1\n  "a": 2\n')).toMatchObject({ ok: false, fault: { line: 2, column: 3 } });
  });
});

describe('what would take for ever, or all memory, is refused soon', () => {
  test.each([
    [
      '60 000 keys are read',
      () => Array.from({ length: 60_000 }, (_, index) => `key${index}: x\n`).join(''),
      undefined,
    ],
    [
      '10 000 000 values by 2000 aliases',
      () => `a: &a [${Array(5000).fill('x').join()}]\nb:\n${'- *a\n'.repeat(2000)}`,
      /expands aliases/,
    ],
    ['aliases without end', () => `a: &a 1\nb:\n${'- *a\n'.repeat(50_000)}`, /anchors and aliases/],
    [
      'anchors without end',
      () => Array.from({ length: 50_000 }, (_, index) => `- &a${index} x\n`).join(''),
      /anchors and aliases/,
    ],
    ['8 MB of nothing but marks', () => `[${','.repeat(8_000_000)}]`, /holds more than 2000000/],
    ['a hundred thousand documents', () => 'a: 1\n---\n'.repeat(100_000), /more than one YAML document/],
    ['nested too deeply in flow', () => '['.repeat(100_000), /nested too deeply/],
    ['nested too deeply in block', () => '- '.repeat(50_000), /nested too deeply/],
  ])('%s', (_, text, message) => {
    const started = performance.now();
    const result = read(text());
    // A second here; the limit leaves room for a machine that does other things, too. Without bounds it is minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
    if (message === undefined) expect(result.ok).toBe(true);
    else expect(result).toMatchObject({ ok: false, fault: { message: expect.stringMatching(message) } });
  });
});
