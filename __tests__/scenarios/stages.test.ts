import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { command, type Workspace, workspace } from '../support/scenario.ts';
import { sound } from '../support/sound-ending.ts';

let space: Workspace;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

const OUTWARD = '{"properties":{"greeting":{"$ref":"http://127.0.0.1:9/a.json"}}}';

test('a stage that has an error among its findings has failed, in every environment', async () => {
  space.chart('chart', { 'values.schema.json': OUTWARD, 'values-dev.yaml': '', 'values-prod.yaml': '' });
  const report = sound(await command(space, []), 'failed');
  expect(report.findings.map(({ rule }) => rule)).toEqual(['validate/schema-reference']);
  const validated = report.stages.filter(({ name }) => name === 'validate');
  expect(validated.map(({ environment, status }) => `${environment} ${status}`)).toEqual(['dev failed', 'prod failed']);
});

test('what validate would say is nothing to a run that ends before it', async () => {
  space.chart('chart', { 'values.schema.json': OUTWARD });
  for (const until of ['resolve', 'lint', 'render'])
    expect(sound(await command(space, ['--until', until]), 'passed').findings).toEqual([]);
});

test('values that helm did not come to check are not said to be valid', async () => {
  space.chart('chart', { 'values.schema.json': '{"required":["greeting"]}' });
  const report = sound(await command(space, ['--set', 'list[99999999]=1']), 'failed');
  expect(report.stages.find(({ name }) => name === 'validate')).toMatchObject({ status: 'skipped' });
});
