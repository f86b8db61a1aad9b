import { describe, expect, test } from '@jest/globals';
import { matches, parsePattern } from '../../src/domain/go-pattern.ts';
import { HelmignoreError, parseHelmignore } from '../../src/domain/helmignore.ts';

describe('rules', () => {
  test.each([
    // [.helmignore, path, is a folder, left out]
    ['', 'templates/.hidden', false, true],
    ['', 'templates/.', false, false],
    ['', '.hidden', false, false],
    ['', 'templates/sub/.hidden', false, false],
    ['*.txt', 'a/b/c.txt', false, true],
    ['/*.txt', 'a.txt', false, true],
    ['/*.txt', 'a/a.txt', false, false],
    ['a/*.txt', 'a/a.txt', false, true],
    ['a/*.txt', 'x/a/a.txt', false, false],
    ['docs/', 'docs', true, true],
    ['docs/', 'docs', false, false],
    ['docs/', 'a/docs', true, true],
    ['  docs  \r\n', 'docs', true, true],
    ['\uFEFFdocs', 'docs', true, true],
    ['x\n\uFEFFdocs', 'docs', true, false],
    ['\u0085docs\u00a0', 'docs', true, true],
    ['# docs\n#docs', 'docs', true, false],
    ['docs # why', 'docs', true, false],
    // `!x` leaves out what is not x; what is x goes on to the rules below.
    ['!Chart.yaml', 'values.yaml', false, true],
    ['!Chart.yaml', 'Chart.yaml', false, false],
    ['!Chart.yaml\n*.yaml', 'Chart.yaml', false, true],
    ['*.yaml\n!Chart.yaml', 'Chart.yaml', false, true],
    ['!a/', 'a', false, true],
    ['!a/', 'a', true, false],
    ['/', 'a', true, false],
    ['!', 'a', false, true],
    ['*', '', true, false],
    ['*', '.', true, false],
    // Only Go's look at "abc" decides what is refused; a fault behind a mismatch is no match.
    ['x*[', 'x[', false, false],
    ['foo\\/', 'foo', true, false],
  ] as const)('%j leaves %j (a folder: %s) out: %s', (text, path, isFolder, out) => {
    expect(parseHelmignore(text)(path, isFolder)).toBe(out);
  });

  test.each([
    ['a\nb\n**/c', 3, `helm doesn't support ** in "**/c"`],
    ['[', 1, 'the pattern "[" is malformed'],
    ['\n*[]', 2, 'the pattern "*[]" is malformed'],
    ['a'.repeat(65_536), 1, 'a line is longer than the 65535 bytes that helm reads'],
  ])('what helm refuses is refused with its line: %#', (text, line, message) => {
    expect(() => parseHelmignore(text)).toThrow(HelmignoreError);
    expect(() => parseHelmignore(text)).toThrow(expect.objectContaining({ line, message }));
  });
});

// Taken from a comparison of 300 000 random pairs with Go's filepath.Match.
test.each([
  ['', '', true],
  ['*', 'a/b', false],
  ['*', '', true],
  ['a*b*c', 'a__b__b__c', true],
  ['a?c', 'a/c', false],
  ['a[^b]c', 'a/c', true],
  ['*[^x]*b', 'a/b', false],
  ['*[^x]b', 'a/b', true],
  ['[a-c]', 'b', true],
  ['[c-a]', 'b', false],
  ['[!a]', 'b', false],
  ['[^a]', 'b', true],
  ['[*]', '*', true],
  ['[\\]]', ']', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['é?', 'éß', true],
  ['a]', 'a]', true],
  ['[a-]', 'a', 'malformed'],
  ['[-a]', 'a', 'malformed'],
  ['[]a]', 'a', 'malformed'],
  ['[a', 'a', 'malformed'],
  ['a\\', 'a', 'malformed'],
  ['b*[a', 'a', false],
] as const)('the pattern %j on %j: %s', (pattern, name, verdict) => {
  expect(matches(parsePattern(pattern), name)).toBe(verdict);
});
