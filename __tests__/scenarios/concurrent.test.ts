import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Report } from '../../src/domain/outcome.ts';
import { packageOf } from '../support/archives.ts';
import { type HttpRepository, startHttpRepository } from '../support/http-repository.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { lockFor } from '../support/resolving.ts';
import { command, type Workspace, workspace } from '../support/scenario.ts';

/** Several runs at once in one checkout, as matrix jobs on one machine and impatient people start them. */

let registry: TestRegistry;
let repository: HttpRepository;
let space: Workspace;
let path = 0;

beforeAll(async () => {
  registry = await startTestRegistry();
  const { archive } = await packageOf('lib', '1.0.0');
  repository = await startHttpRepository([{ name: 'lib', version: '1.0.0', archive }]);
});
afterAll(async () => {
  await registry.stop();
  await repository.stop();
});
beforeEach(() => {
  space = workspace();
  path += 1;
});
afterEach(() => space.remove());

/** Names, kinds, modes, times and contents of all that lies below a folder. */
function fingerprint(folder: string): string {
  const hash = createHash('sha256');
  for (const name of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()]) {
    const file = join(folder, name);
    const stat = lstatSync(file);
    hash.update(`${name}\0${stat.mode}\0${stat.mtimeMs}\0${stat.size}\0`);
    if (stat.isSymbolicLink()) hash.update(readlinkSync(file));
    else if (stat.isFile()) hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

function chartWithDependencies(): void {
  const dependencies = [
    `{name: lib, version: 1.0.0, repository: "${repository.url}"}`,
    '{name: local, version: 1.0.0, repository: "file://../local"}',
  ];
  const chartYaml = `apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n${dependencies.map((each) => `  - ${each}\n`).join('')}`;
  space.chart('chart', {
    'Chart.yaml': chartYaml,
    'Chart.lock': lockFor(chartYaml, ['1.0.0', '1.0.0']),
    'values-dev.yaml': 'greeting: dev\n',
    'values-prod.yaml': 'greeting: prod\n',
  });
  space.chart('local', { 'Chart.yaml': 'apiVersion: v2\nname: local\nversion: 1.0.0\n' });
}

const reportIn = (folder: string): Report =>
  JSON.parse(readFileSync(join(space.root, folder, 'report.json'), 'utf8')) as Report;

describe('the committed chart is never written to', () => {
  test.each(['helm', 'helm3'] as const)('by %s, with dependencies of a repository and of a folder', async (helm) => {
    chartWithDependencies();
    const before = [fingerprint(join(space.root, 'chart')), fingerprint(join(space.root, 'local'))];
    const ended = await command(space, ['--registry', 'oci-layout:oci', '--version', '2.0.0'], { helm });
    expect(ended.code).toBe(0);
    expect([fingerprint(join(space.root, 'chart')), fingerprint(join(space.root, 'local'))]).toEqual(before);
  });

  test('nor by a run that fails', async () => {
    chartWithDependencies();
    space.write('chart/templates/bad.yaml', '{{ fail "no" }}\n');
    const before = fingerprint(join(space.root, 'chart'));
    expect((await command(space, [])).code).toBe(1);
    expect(fingerprint(join(space.root, 'chart'))).toBe(before);
  });
});

describe('two runs at once', () => {
  test.each([
    ['with one report folder', ['chartship-report', 'chartship-report']],
    ['with a report folder each', ['report-one', 'report-two']],
  ])('on one chart, %s', async (_what, folders) => {
    chartWithDependencies();
    const before = fingerprint(join(space.root, 'chart'));
    for (let round = 0; round < 3; round++) {
      const ended = await Promise.all(
        folders.map((folder) =>
          command(space, ['--report', folder, '--registry', `oci://${registry.host}/at-once-${path}-${round}`]),
        ),
      );
      expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual([
        [0, ''],
        [0, ''],
      ]);
      for (const folder of folders) {
        const report = reportIn(folder);
        expect(report.status).toBe('passed');
        const [published] = report.published;
        expect(['pushed', 'already-published']).toContain(published?.outcome);
        const archive = readFileSync(join(space.root, folder, 'packages/demo-1.0.0.tgz'));
        expect(createHash('sha256').update(archive).digest('hex')).toBe(report.packages[0]?.sha256);
        expect(readdirSync(join(space.root, folder, 'manifests/demo')).sort()).toEqual(['dev', 'prod']);
        // No half-written file is left.
        const names = readdirSync(join(space.root, folder), { recursive: true, encoding: 'utf8' });
        expect(names.filter((name) => /(^|\/)\./.test(name))).toEqual([]);
      }
    }
    expect(fingerprint(join(space.root, 'chart'))).toBe(before);
  });

  test('of different charts into one layout: both are there', async () => {
    for (const name of ['one', 'two']) {
      space.chart(name, { 'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n` });
    }
    const ended = await Promise.all(
      ['one', 'two'].map((name) =>
        command(space, [name, '--report', `report-${name}`, '--registry', 'oci-layout:oci']),
      ),
    );
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(readdirSync(join(space.root, 'oci')).sort()).toEqual(['one', 'two']);
  });

  test('of different versions into one layout: all tags are there', async () => {
    space.chart('chart');
    const versions = ['1.0.0', '1.1.0', '1.2.0', '1.3.0'];
    const ended = await Promise.all(
      versions.map((version) =>
        command(space, ['--version', version, '--report', `r-${version}`, '--registry', 'oci-layout:oci']),
      ),
    );
    expect(ended.map(({ code }) => code)).toEqual(versions.map(() => 0));
    const index = JSON.parse(readFileSync(join(space.root, 'oci/demo/index.json'), 'utf8')) as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    const tags = index.manifests.map(({ annotations }) => annotations['org.opencontainers.image.ref.name']).sort();
    expect(tags).toEqual(versions);
    const digests = versions.map((version) => reportIn(`r-${version}`).published[0]?.digest).sort();
    expect(index.manifests.map(({ digest }) => digest).sort()).toEqual(digests);
  });

  test('of different contents under one version: one is pushed, the other refused or told of the race', async () => {
    const runs = await Promise.all(
      ['one', 'two'].map((greeting) => {
        space.chart(greeting, { 'values.yaml': `greeting: ${greeting}\n` });
        return command(space, [greeting, '--report', `r-${greeting}`, '--registry', 'oci-layout:oci']);
      }),
    );
    expect(runs.map(({ code }) => code).sort()).toEqual([0, 1]);
    const [winner, loser] = runs[0]?.code === 0 ? ['r-one', 'r-two'] : ['r-two', 'r-one'];
    expect(reportIn(winner).published[0]?.outcome).toBe('pushed');
    expect(reportIn(loser).findings.map(({ rule }) => rule)).toEqual([
      expect.stringMatching(/^publish\/(refused|race)$/),
    ]);
    const index = JSON.parse(readFileSync(join(space.root, 'oci/demo/index.json'), 'utf8')) as {
      manifests: { digest: string }[];
    };
    expect(index.manifests.map(({ digest }) => digest)).toEqual([reportIn(winner).published[0]?.digest]);
  });
});
