import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parseDocument } from 'yaml';
import { plainData } from '../../src/domain/plain-yaml.ts';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');

describe('the quick reader and the full one read the same', () => {
  const files = ['chart', '__tests__/fixtures/charts', '.github'].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ya?ml|lock|json)$/.test(path) && !/templates/.test(path))
      .map((path) => join(folder, path)),
  );
  test.each(files)('%s', (path) => {
    const text = readFileSync(join(repository, path), 'utf8');
    const plain = plainData(text);
    if (plain !== undefined) expect(plain.data).toEqual(parseDocument(text).toJS());
  });
  test.each([
    'a: 0o17\nb: 017\nc: 1e3\nd: .inf\ne: ~\nf: yes\ng: 2020-01-01\nh: 0x1F\ni: +1\nj: 12345678901234567890\n',
    'a: "x\\u00e9"\nb: |\n  t\nc: >-\n  u\n  v\n',
    '- a\n- {b: 1}\n- [c]\n',
    '# {a: [b]: *c, !d\n  # - &e\n#\ta\na: 1\n# ---\n',
    'a: |\n  # *b\n  c\n',
    'a: "0 3 * * *"\nb: \'* * *\'\n',
  ])('%j', (text) => {
    expect(plainData(text)?.data).toEqual(parseDocument(text).toJS());
  });
});

test.each([
  'a: *b\n',
  'a: |\n  # c\nd: *b\n',
  '# c\n---\na: 1\n',
  'a: &x 1\n',
  'a: &" 1\nb: *"\n',
  'a: *"\n',
  'a: !"t\n',
  'a: !t 1\n',
  '<<: {a: 1}\n',
  'a: 1\n---\nb: 2\n',
  '%YAML 1.1\n---\na: 1\n',
  '\ta: 1\n',
  'a: 1\na: 2\n',
  'a: [\n',
  '',
  '# c\n',
])('%j is for the full reader', (text) => {
  expect(plainData(text)).toBeUndefined();
});
