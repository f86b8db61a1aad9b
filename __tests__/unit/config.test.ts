import { describe, expect, test } from '@jest/globals';
import { readRequest } from '../../src/config.ts';
import { RequestError } from '../../src/domain/errors.ts';
import type { Finding } from '../../src/domain/finding.ts';
import type { Request } from '../../src/request.ts';

/** Reads a request from inputs and the text of chartship.yaml; nothing else is on this disk. */
async function request(
  inputs: Record<string, string>,
  file?: string,
  workflow: { actor?: string; event?: 'own' | 'pull-request' | 'foreign' } = {},
): Promise<Request> {
  const bytes = file === undefined ? undefined : new TextEncoder().encode(file);
  return await readRequest(
    {
      inputs: Object.entries(inputs).map(([name, text]) => ({ name, text, origin: `input ${name}` })),
      faults: [],
      cwd: '/repo/sub',
      workflow,
    },
    {
      root: '/repo',
      read: async (path) => (path === '/repo/chartship.yaml' ? bytes : undefined),
      real: async (path) => {
        if (path === '/repo/link') return '/elsewhere';
        const isThere = ['/', '/repo'].includes(path) || (path === '/repo/chartship.yaml' && bytes !== undefined);
        return isThere ? path : undefined;
      },
      kind: async () => undefined,
      glob: async () => [],
    },
  );
}

async function faults(inputs: Record<string, string>, file?: string): Promise<readonly Finding[]> {
  try {
    await request(inputs, file);
  } catch (error) {
    if (error instanceof RequestError) return error.findings;
    throw error;
  }
  throw new Error('no fault was found');
}

describe('what is not given', () => {
  test('an empty text from a workflow means not given', async () => {
    expect(await request({ registry: '', until: '', version: '', 'plain-http': '', chart: '' })).toMatchObject({
      charts: { patterns: ['chart'], base: '/repo/sub' },
      registries: [],
      until: 'package',
      version: undefined,
      plainHttp: false,
      failOn: 'error',
      report: '/repo/sub/chartship-report',
    });
  });
  test('with a registry the run goes as far as publish', async () => {
    expect((await request({ registry: 'oci://ghcr.io/acme/charts' })).until).toBe('publish');
  });
});

describe('the file and the inputs', () => {
  const file = 'charts: [a, b]\nregistry: [oci://ghcr.io/acme]\nfailOn: warning\nmirrors: { "https://x": "oci://y" }\n';
  test('camelCase keys; their paths are relative to the repository', async () => {
    expect(await request({}, file)).toMatchObject({
      charts: { patterns: ['a', 'b'], base: '/repo', insideOnly: true },
      failOn: 'warning',
      mirrors: [{ from: 'https://x', to: 'oci://y' }],
    });
  });
  test('an input overrides the file', async () => {
    expect(await request({ chart: 'c', 'fail-on': 'error' }, file)).toMatchObject({
      charts: { patterns: ['c'], base: '/repo/sub', insideOnly: false },
      failOn: 'error',
    });
  });
  test('the example of the contract', async () => {
    const example =
      'charts: [chart]\nregistry: [oci://ghcr.io/acme/charts]\nkubeVersions: ["1.34", "1.35"]\nmirrors: { "https://charts.bitnami.com/bitnami": "oci://registry.example/bitnami" }\nenvironments:\n  dev:     { namespace: dev,     release: agent-dev,     values: [values-dev.yaml] }\n  prod:    { namespace: prod,    release: agent-prod,    values: [values-prod.yaml], timeout: 10m }\n';
    const read = await request({}, example);
    expect(read.environments).toEqual([
      { name: 'dev', namespace: 'dev', release: 'agent-dev', values: ['values-dev.yaml'] },
      { name: 'prod', namespace: 'prod', release: 'agent-prod', values: ['values-prod.yaml'], timeout: '10m' },
    ]);
    expect(read.kubeVersions?.map((version) => version.label)).toEqual(['1.34', '1.35']);
  });
});

test('as inputs, a report and a layout may lie anywhere', async () => {
  expect(await request({ report: '/elsewhere/report', registry: 'oci-layout:../../out' })).toMatchObject({
    report: '/elsewhere/report',
    registries: [{ kind: 'layout', directory: '/out' }],
  });
});

const PUBLISHED = `oci://ghcr.io/acme/demo@sha256:${'0'.repeat(64)}`;

describe('faults, each with its place and what to do', () => {
  test.each<[string, Record<string, string>, string | undefined, Partial<Finding>]>([
    [
      'an unknown input',
      { regsitry: 'x' },
      undefined,
      { rule: 'request/unknown-input', hint: 'Did you mean registry?' },
    ],
    ['a boolean that is none', { 'plain-http': 'yes' }, undefined, { rule: 'request/wrong-type' }],
    [
      'a choice that is none',
      { 'fail-on': 'eror' },
      undefined,
      { message: expect.stringContaining('Did you mean error?') as unknown as string },
    ],
    ['a pair that is none', { mirrors: 'nothing' }, undefined, { rule: 'request/wrong-type' }],
    ['a registry that is none', { registry: 'ghcr.io/acme' }, undefined, { rule: 'request/registry' }],
    ['a version that is none', { version: 'one' }, undefined, { rule: 'request/version' }],
    ['a Kubernetes version that is none', { 'kube-versions': 'latest' }, undefined, { rule: 'request/kube-version' }],
    [
      'a registry with a login in it, which is not shown',
      { registry: 'oci://me:Sup3rSecret@ghcr.io/acme' },
      undefined,
      { message: 'registry "oci://…@ghcr.io/acme" is neither oci://host/path nor oci-layout:DIR' },
    ],
    [
      'a registry in upper case',
      { registry: 'oci://ghcr.io/Acme' },
      undefined,
      { hint: 'A path is in lower case: oci://ghcr.io/acme.' },
    ],
    [
      'a mirror with a login in it, which is not shown',
      {},
      'mirrors: { "https://x.example/y": "https://me:Sup3rSecret@z.example/y" }\n',
      { line: 1, message: 'mirrors holds credentials: https://z.example/y' },
    ],
    ['authorities that are not there', { 'ca-file': 'no.pem' }, undefined, { rule: 'request/ca-file' }],
    ['publish without a registry', { until: 'publish' }, undefined, { rule: 'request/no-registry' }],
    [
      'a configuration that is named and not there',
      { config: 'other.yaml' },
      undefined,
      { rule: 'request/no-configuration' },
    ],
    ['a user name without a password', { 'registry-username': 'me' }, undefined, { rule: 'request/credentials' }],
    ['a release name that helm refuses', { release: 'Not_A_Name' }, undefined, { rule: 'request/release' }],
    ['secret values that are no mapping', { 'secret-values': '- a' }, undefined, { rule: 'request/secret-values' }],
    [
      'an unknown key',
      {},
      'charts: [a]\nregistri: x\n',
      { rule: 'request/unknown-key', line: 2, column: 1, hint: 'Did you mean registry?' },
    ],
    [
      'an unknown key of an environment',
      {},
      'environments:\n  dev:\n    namespce: x\n',
      { line: 3, column: 5, hint: 'Did you mean namespace?' },
    ],
    ['a key that is an input only', {}, 'plainHttp: true\n', { rule: 'request/input-only', line: 1, column: 1 }],
    ['a secret in the file', {}, 'registryPassword: hunter22\n', { rule: 'request/input-only', line: 1 }],
    ['a duplicate key', {}, 'charts: [a]\ncharts: [b]\n', { rule: 'request/configuration', line: 2, column: 1 }],
    ['no YAML', {}, 'charts: [a\n', { rule: 'request/configuration', line: expect.any(Number) as unknown as number }],
    [
      'a number where text is needed',
      {},
      'kubeVersions: [1.30]\n',
      { rule: 'request/wrong-type', line: 1, column: 16 },
    ],
    [
      'a list where a mapping is needed',
      {},
      'environments: [dev]\n',
      { rule: 'request/wrong-type', line: 1, column: 15 },
    ],
    ['a report outside the repository', {}, 'report: ../out\n', { rule: 'request/outside', line: 1, column: 9 }],
    [
      'a layout outside the repository',
      {},
      'registry: ["oci-layout:/elsewhere/out"]\n',
      { rule: 'request/outside', line: 1, column: 11 },
    ],
    ['a report behind a link that leads outside', {}, 'report: link/out\n', { rule: 'request/outside', line: 1 }],
    ['a NUL character', {}, 'set: ["a=b\\0c"]\n', { rule: 'request/wrong-type', line: 1, column: 7 }],
    ['a duration beyond every timer', { timeout: '999999h' }, undefined, { rule: 'request/wrong-type' }],
    ['deploying until deploy without environments', { until: 'deploy' }, undefined, { rule: 'request/no-environment' }],
    [
      'a dry run of nothing',
      { 'dry-run': 'true', registry: 'oci://ghcr.io/acme' },
      undefined,
      { rule: 'request/no-environment' },
    ],
    [
      'charts in folders and published ones',
      { chart: `chart,${PUBLISHED}`, deploy: 'dev' },
      undefined,
      { rule: 'request/chart' },
    ],
    ['a published chart and nothing to do', { chart: PUBLISHED }, undefined, { rule: 'request/no-environment' }],
    [
      'a published chart until a stage before',
      { chart: PUBLISHED, deploy: 'dev', until: 'package' },
      undefined,
      { rule: 'request/no-stage' },
    ],
    [
      'a version of a published chart',
      { chart: PUBLISHED, deploy: 'dev', version: '1.2.3' },
      undefined,
      { rule: 'request/ambiguous' },
    ],
    [
      'a kubeconfig that is not there',
      { kubeconfig: 'nowhere', deploy: 'dev' },
      undefined,
      { message: 'kubeconfig "sub/nowhere" is not there' },
    ],
    [
      'a kubeconfig in base64, of which nothing is shown',
      { kubeconfig: 'YXBp'.repeat(400), deploy: 'dev' },
      undefined,
      { message: 'kubeconfig is neither a path nor the content of a kubeconfig' },
    ],
    ...['deploy', 'namespace', 'release', 'kubeconfig', 'kubeContext', 'dryRun'].map(
      (key): [string, Record<string, string>, string, Partial<Finding>] => [
        `the key ${key}, an input only`,
        {},
        `${key}: x\n`,
        { rule: 'request/input-only', line: 1, column: 1 },
      ],
    ),
    ['a duration that is none', {}, 'environments:\n  dev: { timeout: soon }\n', { line: 2, column: 19 }],
    [
      'an environment that is not in the file',
      { environments: 'prd' },
      'environments: { prod: {} }\n',
      { hint: 'Did you mean prod?' },
    ],
  ])('%s', async (_, inputs, file, expected) => {
    const found = await faults(inputs, file);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      severity: 'error',
      ...expected,
      ...(expected.line !== undefined && { file: 'chartship.yaml' }),
    });
  });

  test('all of them at once', async () => {
    expect(await faults({ nope: 'x', 'plain-http': 'maybe' }, 'a: 1\nb: 2\n')).toHaveLength(4);
  });
  test('a secret is in no message', async () => {
    const found = await faults({ 'secret-values': 'password: "hunter22\n', 'registry-password': 'hunter22' });
    expect(JSON.stringify(found)).not.toContain('hunter22');
  });
});

describe('credentials', () => {
  test('one for every registry', async () => {
    expect((await request({ 'registry-username': 'me', 'registry-password': 'p=w\n' })).credentials).toEqual([
      { username: 'me', password: 'p=w' },
    ]);
  });
  test('a line for each host', async () => {
    const read = await request({
      'registry-username': 'ghcr.io=a\nlocalhost:5000=b',
      'registry-password': 'ghcr.io=pa=\nlocalhost:5000=pb',
    });
    expect(read.credentials).toEqual([
      { host: 'ghcr.io', username: 'a', password: 'pa=' },
      { host: 'localhost:5000', username: 'b', password: 'pb' },
    ]);
  });
  test("on ghcr.io the workflow's actor and token, where nothing else is given", async () => {
    expect((await request({ 'github-token': 'tok' }, undefined, { actor: 'octocat' })).credentials).toEqual([
      { host: 'ghcr.io', username: 'octocat', password: 'tok' },
    ]);
  });
});

test('a registry written twice is published to once', async () => {
  const read = await request({ registry: 'oci://h.example/p,oci://h.example/p/,oci-layout:lay,oci-layout:./lay' });
  expect(read.registries.map(({ text }) => text)).toHaveLength(2);
});

test('a leading v is dropped from versions', async () => {
  expect(await request({ version: 'v1.2.3', 'app-version': 'v2' })).toMatchObject({
    version: '1.2.3',
    appVersion: '2',
  });
});

describe('pull requests never publish', () => {
  const file = 'registry: [oci://ghcr.io/acme]\n';
  test('they end with the package, and it is said', async () => {
    expect(await request({}, file, { event: 'pull-request' })).toMatchObject({ until: 'package', held: 'publish' });
    expect(await request({ until: 'lint' }, file, { event: 'pull-request' })).toMatchObject({
      until: 'lint',
      held: undefined,
    });
    expect(await request({}, undefined, { event: 'foreign' })).toMatchObject({ until: 'package', held: undefined });
  });
  test("what doesn't leave the machine is no publishing, but on a foreign checkout nothing goes on", async () => {
    const local = 'registry: [oci://127.0.0.1:5000/x, oci-layout:out]\n';
    expect(await request({}, local, { event: 'pull-request' })).toMatchObject({ until: 'publish', held: undefined });
    expect(await request({}, local, { event: 'foreign' })).toMatchObject({ until: 'package', held: 'publish' });
  });
  test('where it must be reached, it is an error', async () => {
    await expect(request({ until: 'publish' }, file, { event: 'foreign' })).rejects.toThrow(/never publish/);
  });
  test("on a foreign checkout a login isn't sent to a registry that the checkout names", async () => {
    expect((await request({}, file, { event: 'foreign' })).loginHosts).toEqual([]);
    expect((await request({ registry: 'oci://r.example/x' }, file, { event: 'foreign' })).loginHosts).toEqual([
      'r.example',
    ]);
    expect((await request({}, file, { event: 'own' })).loginHosts).toEqual(['ghcr.io']);
  });
  test('a login goes to the registry of a published chart, too', async () => {
    const published = { chart: 'oci://r.example:8443/charts/demo:1.0.0', deploy: 'dev' };
    expect((await request(published, file, { event: 'own' })).loginHosts).toEqual(['ghcr.io', 'r.example:8443']);
    const named = `charts: ["${published.chart}"]\n`;
    expect((await request({ deploy: 'dev' }, named, { event: 'foreign' })).loginHosts).toEqual([]);
  });
});
