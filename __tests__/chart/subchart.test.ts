import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { all, chartCopy, decoded, one, pods, refusal, render } from './rendering.ts';

/** A chart that has task-api as a dependency, under an alias too, with an object of its own. */
function parent(name: string, alias?: string): string {
  const nested = chartCopy(`${name}/charts/task-api`);
  const folder = join(nested, '../..');
  mkdirSync(join(folder, 'templates'));
  const dependency = {
    name: 'task-api',
    version: '1.x.x',
    repository: '',
    condition: `${alias ?? 'task-api'}.enabled`,
  };
  writeFileSync(
    join(folder, 'Chart.yaml'),
    stringify({
      apiVersion: 'v2',
      name: 'platform',
      version: '1.0.0',
      dependencies: [alias === undefined ? dependency : { ...dependency, alias }],
    }),
  );
  writeFileSync(
    join(folder, 'values.yaml'),
    stringify({ global: { team: 'x' }, [alias ?? 'task-api']: { enabled: true } }),
  );
  return folder;
}

const chart = parent('platform');

describe.each(['helm', 'helm3'] as const)('inside another chart, with %s', (helm) => {
  test('it has a name of its own, and the stores are where the URLs say', async () => {
    const objects = await render({ chart, release: 'platform', helm });
    expect(one(objects, 'Deployment').metadata.name).toBe('platform-task-api');
    const urls = decoded(one(objects, 'Secret'));
    const services = all(objects, 'Service').map(({ metadata }) => metadata.name);
    for (const url of ['database-url', 'redis-url']) expect(services).toContain(new URL(urls[url] ?? '').hostname);
    expect(one(objects, 'Pod').spec.containers[0].env).toContainEqual({
      name: 'AGENT_URL',
      value: 'http://platform-task-api:8000',
    });
  });

  test('one existing Secret by global reaches agent and stores', async () => {
    const values = { global: { taskApi: { existingSecret: 'mine' } } };
    const objects = await render({ chart, release: 'platform', values, helm });
    expect(all(objects, 'Secret')).toEqual([]);
    for (const { of, spec } of pods(objects)) expect([of, JSON.stringify(spec).includes('"mine"')]).toEqual([of, true]);
  });

  test('its values are checked by its schema', async () => {
    const values = { 'task-api': { agent: { replicaCount: 50 } } };
    expect(await refusal({ chart, values, helm })).toMatch(/task-api:\n.*\/agent\/replicaCount/);
  });

  test('its condition switches it off', async () => {
    const values = { 'task-api': { enabled: false } };
    expect(await render({ chart, values, helm })).toEqual([]);
  });

  test('under an alias', async () => {
    const objects = await render({ chart: parent(`aliased-${helm}`, 'thinker'), release: 'platform', helm });
    expect(one(objects, 'Deployment').metadata.name).toBe('platform-thinker');
    // What people look for doesn't change with it.
    for (const { metadata } of objects) expect(metadata.labels.app).toBe('task-api');
    for (const { of, labels } of pods(objects)) expect([of, labels.app]).toEqual([of, 'task-api']);
  });
});
