import { describe, expect, test } from '@jest/globals';
import { type LockedContent, readContentLock, writeContentLock } from '../../src/domain/content-lock.ts';

const sum = 'a'.repeat(64);
const web: LockedContent = { name: 'web', version: '1.0.0', repository: 'https://charts.example/stable', sha256: sum };
const odd: LockedContent = { name: 'api', version: '1.10', repository: 'oci://r.example/"x"', sha256: '0'.repeat(64) };

const read = (text: string) => readContentLock({ path: 'chartship.lock', content: new TextEncoder().encode(text) });

test('what was written is read back, the same text in whatever order', () => {
  const text = writeContentLock([web, odd]);
  expect(text).toBe(writeContentLock([odd, web, { ...web, repository: `${web.repository}/` }]));
  const answer = read(text);
  expect(answer).toMatchObject({ ok: true, lock: { entries: [odd, web] } });
  expect(text).toMatchInlineSnapshot(`
"# The content of each dependency, by the sha256 of its archive: another content under the same version is refused.
version: 1
dependencies:
  - name: "api"
    version: "1.10"
    repository: "oci://r.example/\\"x\\""
    sha256: "0000000000000000000000000000000000000000000000000000000000000000"
  - name: "web"
    version: "1.0.0"
    repository: "https://charts.example/stable"
    sha256: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
"
`);
});

test('nothing to lock is a list without entries', () => {
  expect(read(writeContentLock([]))).toEqual({ ok: true, lock: { entries: [] } });
});

describe('what is malformed is said with its place', () => {
  const entry = (rest: string) =>
    `version: 1\ndependencies:\n  - {name: web, version: "1.0.0", repository: r, ${rest}}\n`;
  test.each<[string, object]>([
    ['', { message: expect.stringContaining('must be a mapping'), line: 1, column: 1 }],
    ['- a', { message: expect.stringContaining('must be a mapping') }],
    ['version: 2', { message: 'must have version: 1', line: 1, column: 10 }],
    ['dependencies: []', { message: 'must have version: 1' }],
    ['version: 1\ndependencies: 3', { message: 'has dependencies that are no list', line: 2, column: 15 }],
    ['version: 1\nother: 3', { message: 'has an unknown key: "other"', line: 2, column: 1 }],
    ['version: 1\ndependencies: [text]', { message: 'has a dependency that is no mapping', line: 2 }],
    [entry('sha256: abc'), { message: expect.stringContaining('sha256 for web'), line: 3, column: 58 }],
    [entry(`sha256: ${sum.toUpperCase()}`), { message: expect.stringContaining('lower-case') }],
    [entry(`sha256: ${sum}, sha512: x`), { message: 'has an unknown key: "sha512"', line: 3 }],
    [
      'version: 1\ndependencies:\n  - {name: web, version: 1.0, repository: r, sha256: x}',
      { message: expect.stringContaining('as texts'), line: 3 },
    ],
    ['version: 1\nversion: 1', { message: expect.stringContaining('same key twice'), line: 2 }],
    ['version: [', { message: expect.stringContaining('no YAML') }],
  ])('%j', (text, fault) => {
    expect(read(text)).toMatchObject({ ok: false, faults: expect.arrayContaining([expect.objectContaining(fault)]) });
  });

  test('one archive twice', () => {
    const text = writeContentLock([web]);
    const again = text + text.slice(text.indexOf('  - name'));
    expect(read(again)).toMatchObject({ ok: false, faults: [{ message: 'lists web 1.0.0 twice', line: 8 }] });
  });

  test('every fault at once', () => {
    const answer = read('version: 2\nextra: 1\ndependencies: [1, 2]');
    expect(answer.ok ? [] : answer.faults).toHaveLength(4);
  });
});
