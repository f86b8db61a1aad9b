import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repository } from '../support/scenario.ts';
import { type Foreign, one, pods, render } from './rendering.ts';
import { schema } from './values.ts';

const chart = join(repository, 'chart');
const runbooks = readdirSync(join(chart, 'docs/runbooks')).map((name) => `docs/runbooks/${name}`);
const pages = ['README.md', ...runbooks].map((name) => [name, readFileSync(join(chart, name), 'utf8')] as const);

/** Whether the schema knows a path, or it is a dependency's own. */
function isKnown(path: string): boolean {
  let node: Foreign = schema;
  for (const key of path.split('.')) {
    if (node.allOf) node = schema.definitions[node.allOf[0].$ref.split('/').at(-1)];
    if (node.properties?.[key] === undefined) return Boolean(node.additionalProperties);
    node = node.properties[key];
  }
  return true;
}

test.each(pages)('%s speaks of values that there are', (_name, text) => {
  const own = Object.keys(schema.properties).filter((key) => key !== 'global');
  const named = [
    ...[...text.matchAll(/--set ([A-Za-z0-9.]+)=/g)].map((match) => match[1] ?? ''),
    ...[...text.matchAll(/`([a-z][A-Za-z0-9]+(?:\.[A-Za-z0-9]+)+)[`:]/g)]
      .map((match) => match[1] ?? '')
      .filter((path) => own.includes(path.split('.')[0] ?? '')),
  ];
  expect(named.filter((path) => !isKnown(path))).toEqual([]);
});

test.each(pages)('%s links to pages and headings that there are', (name, text) => {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '').toLowerCase().replaceAll(' ', '-'),
  );
  const anchors = [...text.matchAll(/<a id="([^"]+)">/g)].map((match) => match[1]);
  const files = new Set(['README.md', 'docs/runbooks', ...runbooks]);
  const missing = [...text.matchAll(/\]\(([^)]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^https:/.test(target))
    .filter((target) => {
      if (target.startsWith('#')) return ![...headings, ...anchors].includes(target.slice(1));
      return !files.has(name.startsWith('docs/') ? `docs/runbooks/${target}` : target);
    });
  expect(missing).toEqual([]);
});

test("the seed's selectors find what they are for", async () => {
  const everyone = pods(
    await render({ environment: 'prod', values: { backup: { enabled: true, existingClaim: 'c' } } }),
  );
  const found = (selector: string) =>
    everyone
      .filter(({ labels }) => selector.split(',').every((one) => labels[one.split('=')[0] ?? ''] === one.split('=')[1]))
      .map(({ of }) => of.replace(/^.*agent-prod/, ''));
  expect(found('app=task-api,job=migration')).toEqual(['-migration-1']);
  expect(found('app=task-api,job=backup')).toEqual(['-backup']);
  expect(found('app.kubernetes.io/name=postgresql').sort()).toEqual(['-postgresql-primary', '-postgresql-read']);
  expect(found('app=task-api')).toHaveLength(everyone.length);
  expect(one(await render({ release: 'task-api' }), 'Secret').metadata.name).toBe('task-api-secret');
});

test('no page names a place of one machine', () => {
  for (const [, text] of pages) expect(text).not.toMatch(/\/(?:root|work|home|tmp)\//);
});
