import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { texts } from '../../scripts/pictures/texts.ts';
import { repository } from '../support/scenario.ts';

const folder = join(repository, 'docs/pictures');

test.each(Object.entries(texts))('the pictures of %s show what is printed now', (name, text) => {
  // Else: npm run pictures, look at them, and commit them.
  expect(text).toBe(readFileSync(join(folder, `${name}.md`), 'utf8'));
});

test('there are pictures of nothing else, and all of them', () => {
  const expected = Object.keys(texts).flatMap((name) => [`${name}.md`, `${name}-dark.png`, `${name}-light.png`]);
  expect(readdirSync(folder).sort()).toEqual(expected.sort());
});
