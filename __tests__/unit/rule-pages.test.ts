import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DEFAULT_SEVERITIES } from '../../src/domain/policies.ts';
import { FIXED_RULES, SETTABLE_RULES } from '../../src/domain/rule-severities.ts';
import { repository } from '../support/scenario.ts';

const source = join(repository, 'src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
const named = files.flatMap(
  (path) =>
    readFileSync(join(source, path), 'utf8').match(
      /(?<=')(?:(?:schema|policy|validate)\/[a-z-]*[a-z]|render\/lookup)(?=')/g,
    ) ?? [],
);

/** Every rule on rendered objects and on values, as the code has it. */
const rules = new Set([...named, ...[...DEFAULT_SEVERITIES.keys()].map((name) => `policy/${name}`)]);

const pages = readdirSync(join(repository, 'docs/rules'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.includes('/'));

test('each rule on rendered objects and on values has a page, and each page a rule', () => {
  expect(pages.map((path) => path.replace(/\.md$/, '')).sort()).toEqual([...rules].sort());
  expect(rules.size).toBeGreaterThan(35);
});

test('the severity of each can be set, or its page says that it is always an error', () => {
  const known = [...[...DEFAULT_SEVERITIES.keys()].map((name) => `policy/${name}`), ...SETTABLE_RULES, ...FIXED_RULES];
  expect(known.sort()).toEqual(pages.map((path) => path.replace(/\.md$/, '')).sort());
  for (const page of pages) {
    const text = readFileSync(join(repository, 'docs/rules', page), 'utf8');
    expect([page, text.includes('It is always an error')]).toEqual([
      page,
      FIXED_RULES.includes(page.replace('.md', '')),
    ]);
  }
});

test.each(pages)('%s says what it is about, its severity, and how to mend it', (path) => {
  const text = readFileSync(join(repository, 'docs/rules', path), 'utf8');
  expect(text).toMatch(/^# [a-z]+\/[a-z-]+\n\n\S.*\n\n(?:\S.*\n\n)*By default: (?:error|warning|note|off)\n/);
  expect(text).toContain('\n## How to mend it\n');
  if (!path.startsWith('policy/')) return;
  expect(text).toContain('\n## Why\n');
  expect(text).toContain('\n## How to silence it\n');
  // Each severity that a rule can have, where its page lists them.
  const short = path.replace(/^policy\/|\.md$/g, '');
  if (text.includes(`\`${short}=error\``)) expect(text).toContain(`\`${short}=note\``);
});
