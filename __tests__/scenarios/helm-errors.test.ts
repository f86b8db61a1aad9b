import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CASES, ENVIRONMENTS, type Expected, SCHEMA, vendored } from '../support/helm-error-cases.ts';
import { command, type Ended, type RunOptions, type Workspace, workspace } from '../support/scenario.ts';
import { oneFinding, sound } from '../support/sound-ending.ts';

let space: Workspace;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

/** A chart as an archive. */
function packed(name: string, files: Record<string, string | Uint8Array>): Uint8Array {
  const folder = join(space.root, '.packed');
  for (const [path, content] of Object.entries({
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
    ...files,
  })) {
    space.write(`.packed/${name}/${path}`, content);
  }
  return execFileSync('tar', ['-czf', '-', name], { cwd: folder });
}

describe.each(['helm', 'helm3'] as const)('%s', (helm) => {
  const run = (args: readonly string[] = [], options: RunOptions = {}): Promise<Ended> =>
    command(space, args, { helm, ...options });

  test.each(Object.entries(CASES))('%s', async (_, { chart, args, options, finds }) => {
    space.chart('chart', { ...ENVIRONMENTS, ...chart });
    const ended = await run(args, options);
    const found = oneFinding(ended, 'failed');
    const { file, ...rest } = finds;
    expect(found).toMatchObject({ severity: 'error', chart: 'demo', ...rest });
    expect(found.file).toEqual(file);
    if (finds.line === undefined) expect(found.line).toBeUndefined();
    expect(ended.seconds).toBeLessThan(25);
    if (options?.input !== undefined) expect(JSON.stringify(ended)).not.toContain('many-of-them');
  });

  test('two properties that the schema does not know, which helm names in one breath', async () => {
    const values = 'greeting: prod\nfoo: 1\nbar: 2\n';
    space.chart('chart', { ...ENVIRONMENTS, 'values.schema.json': SCHEMA, 'values-prod.yaml': values });
    const { findings } = sound(await run(), 'failed');
    const told = findings.filter(({ severity }) => severity !== 'note');
    const where = told.map(({ rule, file, line, message, environments }) => [
      rule,
      `${file}:${line}`,
      message,
      environments,
    ]);
    expect(where.sort((one, other) => String(one[1]).localeCompare(String(other[1])))).toEqual(
      [
        ['foo', 2],
        ['bar', 3],
      ].map(([key, line]) => [
        'validate/values-schema',
        `chart/values-prod.yaml:${line}`,
        `${key}: additional properties '${key}' not allowed`,
        ['prod'],
      ]),
    );
  });

  test("one chart's failure never hides another's, nor one environment's another's", async () => {
    space.chart('charts/a', { ...ENVIRONMENTS, 'Chart.yaml': 'apiVersion: v2\nname: a\nversion: one\n' });
    space.chart('charts/b', {
      ...ENVIRONMENTS,
      'Chart.yaml': 'apiVersion: v2\nname: b\nversion: 1.0.0\n',
      'templates/f.yaml': '{{ fail .Values.greeting }}\n',
    });
    space.chart('charts/c', {
      ...ENVIRONMENTS,
      'Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
      'values-prod.yaml': 'a: [\n',
      'values-dev.yaml': 'greeting: 1\n',
      'values.schema.json': SCHEMA,
    });
    space.chart('charts/d', {
      'Chart.yaml':
        'apiVersion: v2\nname: d\nversion: 1.0.0\ndependencies: [{ name: x, version: 1.0.0, repository: "" }]\n',
    });
    space.chart('charts/e', { 'Chart.yaml': 'apiVersion: v2\nname: e\nversion: 1.0.0\n' });
    const report = sound(await run(['charts/*', '--registry', 'oci-layout:layout']), 'failed');
    const told = report.findings
      .filter(({ severity }) => severity === 'error')
      .map(({ chart, file, environments }) => [chart, file, environments?.join()].join(' ').trim());
    expect(told).toEqual([
      'a charts/a/Chart.yaml',
      'b charts/b/templates/f.yaml dev',
      'b charts/b/templates/f.yaml prod',
      'b charts/b/templates/f.yaml test',
      'c charts/c/values-prod.yaml',
      'c charts/c/values-dev.yaml dev',
      'd charts/d/Chart.yaml',
    ]);
    expect(report.published).toEqual([]);
    expect(report.packages.map(({ chart }) => chart)).toEqual(['b', 'c', 'e']);
    expect(
      report.stages.filter(({ name }) => name === 'publish').map(({ chart, status }) => `${chart} ${status}`),
    ).toEqual(['b skipped', 'c skipped', 'e skipped']);
  });

  describe('a schema that refers outside itself', () => {
    let asked: string[];
    let address: string;
    let close: () => Promise<void>;
    beforeEach(async () => {
      asked = [];
      const server = createServer((request, response) => {
        asked.push(request.url ?? '');
        response.end('{"type":"object"}');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      close = () => new Promise((resolve) => server.close(() => resolve()));
    });
    afterEach(() => close());

    const schemas: [string, (address: string) => string, Expected][] = [
      [
        '$ref over http',
        (at) => `{\n  "properties": {\n    "greeting": { "$ref": "${at}/a.json" } } }`,
        { line: 3, column: expect.any(Number) },
      ],
      ['$ref to a file', () => '{"properties":{"greeting":{"$ref":"file:///etc/hostname"}}}', { line: 1 }],
      ['$ref to a file beside it', () => '{"properties":{"greeting":{"$ref":"other.json"}}}', { line: 1 }],
      ['$schema over http', (at) => `{"$schema":"${at}/meta.json","type":"object"}`, { line: 1 }],
      ['an escaped $ref', (at) => `{"properties":{"greeting":{"\\u0024ref":"${at}/a.json"}}}`, {}],
      [
        'a second $ref under the same key',
        (at) => `{"properties":{"greeting":{"$ref":"#","$ref":"${at}/a.json"}}}`,
        {},
      ],
      [
        'an $id that is none',
        (at) => `{"const":{"$id":"${at}/a.json"},"properties":{"greeting":{"$ref":"${at}/a.json"}}}`,
        {},
      ],
      [
        'a relative $ref under an $id',
        (at) => `{"$id":"${at}/root.json","properties":{"greeting":{"$ref":"a.json"}}}`,
        {},
      ],
    ];
    test.each(schemas)('%s: one finding, and nothing is fetched', async (_, schema, place) => {
      space.chart('chart', { ...ENVIRONMENTS, 'values.schema.json': schema(address) });
      expect(oneFinding(await run(), 'failed')).toMatchObject({
        rule: 'validate/schema-reference',
        file: 'chart/values.schema.json',
        ...place,
      });
      expect(asked).toEqual([]);
    });
    test("a dependency's: one finding, and nothing is fetched", async () => {
      space.chart('chart', {
        ...ENVIRONMENTS,
        ...vendored({ 'values.schema.json': `{"$ref":"${address}/a.json"}`, 'values.yaml': '' }),
      });
      expect(oneFinding(await run(), 'failed')).toMatchObject({
        rule: 'validate/schema-reference',
        message: expect.stringContaining('sub'),
      });
      expect(asked).toEqual([]);
    });
    test("a dependency's dependency: one finding, and nothing is fetched", async () => {
      const nested = {
        'charts/deep/Chart.yaml': 'apiVersion: v2\nname: deep\nversion: 1.0.0\n',
        'charts/deep/values.schema.json': `{"$ref":"${address}/a.json"}`,
      };
      space.chart('chart', { ...ENVIRONMENTS, ...vendored({ 'values.yaml': '', ...nested }) });
      expect(oneFinding(await run(), 'failed')).toMatchObject({
        rule: 'validate/schema-reference',
        message: expect.stringContaining('deep'),
      });
      expect(asked).toEqual([]);
    });
    test('an archive within an archive: one finding, and nothing is fetched', async () => {
      const deep = packed('deep', { 'values.schema.json': `{"$ref":"${address}/a.json"}` });
      const sub = packed('sub', { 'charts/deep-1.0.0.tgz': deep });
      space.chart('chart', { ...ENVIRONMENTS, 'Chart.yaml': vendored({})['Chart.yaml'] });
      space.write('chart/charts/sub-1.0.0.tgz', sub);
      expect(oneFinding(await run(), 'failed')).toMatchObject({
        rule: 'validate/schema-reference',
        message: expect.stringContaining('deep'),
      });
      expect(asked).toEqual([]);
    });
    test('references within the schema are followed, and its own $id is no address', async () => {
      const schema = `{"$schema":"http://json-schema.org/draft-07/schema#","$id":"${address}/root.json","definitions":{"g":{"type":"string"}},"properties":{"greeting":{"$ref":"#/definitions/g"},"other":{"$ref":"${address}/root.json#/definitions/g"}}}`;
      space.chart('chart', { ...ENVIRONMENTS, 'values.schema.json': schema, 'values-dev.yaml': 'greeting: 1\n' });
      expect(oneFinding(await run(), 'failed')).toMatchObject({
        rule: 'validate/values-schema',
        file: 'chart/values-dev.yaml',
        line: 1,
        column: 11,
      });
      expect(asked).toEqual([]);
    });
    test('a chart cannot fetch by other means', async () => {
      space.chart('chart', {
        ...ENVIRONMENTS,
        'templates/l.yaml': `{{ $x := lookup "v1" "Secret" "default" "" }}{{ $y := getHostByName "localhost" }}# {{ len $x }}\n`,
      });
      sound(await run(), 'passed');
      expect(asked).toEqual([]);
    });
  });
});
