import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Report } from '../../src/domain/outcome.ts';
import { closedPort } from '../support/closed-port.ts';
import { publishingSpaceOfEachTest } from '../support/each-test.ts';
import { startTestRegistry } from '../support/registry.ts';
import { command, type Ended } from '../support/scenario.ts';

/** The bundle against a real registry, with a proxy between them that counts what is written. */

const here = publishingSpaceOfEachTest();

const target = (): string => `oci://${here.proxy.host}/${here.place}`;
const publish = (...args: string[]): Promise<Ended> => command(here.space, ['--registry', target(), ...args]);
const outcomes = (report: Report | undefined) => report?.published.map(({ chart, outcome }) => `${chart}: ${outcome}`);
const rules = (report: Report | undefined) => report?.findings.map(({ rule }) => rule);

/** The digest that the registry has under a tag, asked past the proxy and past Chartship; `undefined` when there is none. */
async function tagged(repository: string, tag: string, host = here.host): Promise<string | undefined> {
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  await answer.arrayBuffer();
  return answer.status === 404 ? undefined : (answer.headers.get('docker-content-digest') ?? 'no digest');
}

describe('a version', () => {
  test('that is new is pushed, and is in the registry under the digest that the report names', async () => {
    const ended = await publish();
    expect([ended.code, ended.report?.status, outcomes(ended.report)]).toEqual([0, 'passed', ['demo: pushed']]);
    const [one] = ended.report?.published ?? [];
    expect(one?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await tagged(`${here.place}/demo`, '1.0.0')).toBe(one?.digest);
    expect(one?.reference).toBe(`${target()}/demo@${one?.digest}`);
    expect(here.proxy.uploads()).toBeGreaterThan(0);
  });

  test('that is there with the same files is a success, and nothing is uploaded', async () => {
    const first = await publish();
    const before = here.proxy.uploads();
    const second = await publish();
    expect([second.code, outcomes(second.report)]).toEqual([0, ['demo: already-published']]);
    expect(second.report?.published[0]?.digest).toBe(first.report?.published[0]?.digest);
    expect(here.proxy.uploads()).toBe(before);
  });

  test('that is there with other files is refused: they are listed, and the tag stays', async () => {
    await publish();
    const [before, uploads] = [await tagged(`${here.place}/demo`, '1.0.0'), here.proxy.uploads()];
    here.space.write('chart/values.yaml', 'greeting: goodbye\n');
    here.space.write('chart/templates/more.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: more\n');
    const ended = await publish();
    expect([ended.code, ended.report?.status, outcomes(ended.report)]).toEqual([1, 'failed', ['demo: refused']]);
    expect(rules(ended.report)).toEqual(['publish/refused']);
    expect(ended.report?.findings[0]?.message).toContain('changed values.yaml; added templates/more.yaml');
    expect(ended.report?.findings[0]?.hint).toContain('Raise "version"');
    expect(ended.stdout + ended.stderr).toContain('added templates/more.yaml');
    expect(await tagged(`${here.place}/demo`, '1.0.0')).toBe(before);
    expect(here.proxy.uploads()).toBe(uploads);
  });

  test('with build metadata has `_` for `+` in its tag', async () => {
    const ended = await publish('--version', 'v2.0.0+build.5');
    expect([ended.code, outcomes(ended.report)]).toEqual([0, ['demo: pushed']]);
    expect(await tagged(`${here.place}/demo`, '2.0.0_build.5')).toBe(ended.report?.published[0]?.digest);
    expect(outcomes((await publish('--version', '2.0.0+build.5')).report)).toEqual(['demo: already-published']);
  });
});

test('two registries of which one is down: the report says which has it, and the next run does the rest', async () => {
  const down = `oci://127.0.0.1:${await closedPort()}/charts`;
  const ended = await command(here.space, ['--registry', target(), '--registry', down]);
  expect([ended.code, ended.report?.status]).toEqual([1, 'failed']);
  expect(ended.report?.published.map(({ registry: of, outcome }) => [of, outcome])).toEqual([
    [target(), 'pushed'],
    [down, 'failed'],
  ]);
  expect(rules(ended.report)).toEqual(['publish/unreachable']);
  expect(ended.report?.findings[0]?.hint).toContain(`Has demo 1.0.0: ${target()}.`);
  expect(ended.report?.findings[0]?.hint).toContain(`Not known to have demo 1.0.0: ${down}.`);

  const second = await startTestRegistry();
  try {
    const uploads = here.proxy.uploads();
    const next = await command(here.space, ['--registry', target(), '--registry', `oci://${second.host}/charts`]);
    expect([next.code, outcomes(next.report)]).toEqual([0, ['demo: already-published', 'demo: pushed']]);
    expect(here.proxy.uploads()).toBe(uploads);
    expect(await tagged('charts/demo', '1.0.0', second.host)).toBe(await tagged(`${here.place}/demo`, '1.0.0'));
  } finally {
    await second.stop();
  }
});

describe('the gate', () => {
  test.each([
    ['does not lint', 'templates/broken.yaml', '{{ .Values.nothing.here }}\n'],
    ['has a values file that is no YAML', 'values-prod.yaml', 'a: [\n'],
  ])('one of two charts %s: neither is published', async (_what, file, content) => {
    here.space.chart('charts/good', { 'Chart.yaml': 'apiVersion: v2\nname: good\nversion: 1.0.0\n' });
    here.space.chart('charts/bad', { 'Chart.yaml': 'apiVersion: v2\nname: bad\nversion: 1.0.0\n', [file]: content });
    const ended = await publish('charts/*');
    expect([ended.code, ended.report?.status, ended.report?.published]).toEqual([1, 'failed', []]);
    expect(ended.report?.stages.filter(({ name }) => name === 'publish').map(({ status }) => status)).toContain(
      'skipped',
    );
    expect(here.proxy.seen).toEqual([]);
    // The other one's package and findings are there all the same.
    expect(ended.report?.packages.map(({ chart }) => chart)).toContain('good');
    here.space.write(`charts/bad/${file}`, '');
    expect((await publish('charts/*')).code).toBe(0);
    expect(await Promise.all(['good', 'bad'].map((name) => tagged(`${here.place}/${name}`, '1.0.0')))).toEqual([
      expect.stringMatching(/^sha256:/),
      expect.stringMatching(/^sha256:/),
    ]);
  });

  test('a warning stops nothing, unless fail-on says so', async () => {
    // Without a lock a dependency of the network is a warning.
    const lib = `${here.place}-lib`;
    here.space.chart('lib', { 'Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n' });
    expect((await command(here.space, ['lib', '--registry', `oci://${here.host}/${lib}`])).code).toBe(0);
    here.space.chart('chart', {
      'Chart.yaml': `apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - name: lib\n    version: 1.0.0\n    repository: oci://${here.host}/${lib}\n`,
    });
    const strict = await publish('--fail-on', 'warning');
    expect([strict.code, rules(strict.report), strict.report?.published]).toEqual([1, ['resolve/no-lock'], []]);
    expect(here.proxy.seen).toEqual([]);
    const lenient = await publish();
    expect([lenient.code, rules(lenient.report), outcomes(lenient.report)]).toEqual([
      0,
      ['resolve/no-lock'],
      ['demo: pushed'],
    ]);
  });
});

describe('until', () => {
  test.each(['resolve', 'lint', 'render', 'validate', 'package'])('%s publishes nothing', async (stage) => {
    const ended = await publish('--until', stage);
    expect([ended.code, ended.report?.published, here.proxy.seen]).toEqual([0, [], []]);
    expect(ended.report?.stages.map(({ name }) => name)).not.toContain('publish');
    expect(ended.report?.stages.map(({ name }) => name)).toContain(stage);
    expect(existsSync(join(here.space.root, 'chartship-report/packages/demo-1.0.0.tgz'))).toBe(stage === 'package');
  });
});

describe('an OCI layout', () => {
  const tags = (directory: string): string[] =>
    (
      JSON.parse(readFileSync(join(here.space.root, directory, 'index.json'), 'utf8')) as {
        manifests: { annotations?: Record<string, string> }[];
      }
    ).manifests.map(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] ?? '');

  test('in a relative folder is made where the command was called', async () => {
    here.space.write('sub/.keep', '');
    const ended = await command(here.space, ['../chart', '--registry', 'oci-layout:out/oci'], {
      cwd: join(here.space.root, 'sub'),
    });
    expect(ended.code).toBe(0);
    expect(tags('sub/out/oci/demo')).toEqual(['1.0.0']);
    expect(existsSync(join(here.space.root, 'out'))).toBe(false);
    expect(existsSync(join(here.space.root, 'sub/chartship-report/report.json'))).toBe(true);
  });

  test('named in chartship.yaml is relative to the repository', async () => {
    here.space.write('sub/.keep', '');
    here.space.write('chartship.yaml', 'charts: [chart]\nregistry: oci-layout:out\n');
    const ended = await command(here.space, [], { cwd: join(here.space.root, 'sub') });
    expect(ended.code).toBe(0);
    expect(tags('out/demo')).toEqual(['1.0.0']);
  });

  test('inside the chart it gets into no package: the second run finds the same', async () => {
    const args = ['chart', '--registry', 'oci-layout:chart/oci', '--report', 'chart/report'];
    const first = await command(here.space, args);
    expect(first.code).toBe(0);
    const report = (): Report =>
      JSON.parse(readFileSync(join(here.space.root, 'chart/report/report.json'), 'utf8')) as Report;
    const { sha256 } = report().packages[0] ?? {};
    expect((await command(here.space, args)).code).toBe(0);
    expect(outcomes(report())).toEqual(['demo: already-published']);
    expect(report().packages[0]?.sha256).toBe(sha256);
  });

  test('grows by versions, and holds no file but its own', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.0.0']) {
      expect((await command(here.space, ['--registry', 'oci-layout:oci', '--version', version])).code).toBe(0);
    }
    expect(tags('oci/demo').sort()).toEqual(['1.0.0', '1.1.0']);
    expect(readdirSync(join(here.space.root, 'oci/demo')).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    // Two manifests, two packages, two configurations (the version is in it).
    expect(readdirSync(join(here.space.root, 'oci/demo/blobs/sha256'))).toHaveLength(6);
  });

  test('gives the digest that a registry gives', async () => {
    const ended = await command(here.space, ['--registry', 'oci-layout:oci', '--registry', target()]);
    const digests = new Set(ended.report?.published.map(({ digest }) => digest));
    expect([ended.code, digests.size]).toEqual([0, 1]);
    rmSync(join(here.space.root, 'oci'), { recursive: true });
  });
});
