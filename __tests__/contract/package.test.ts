import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createFiles } from '../../src/adapters/files.ts';
import { createHelm } from '../../src/adapters/helm.ts';
import { readArchive } from '../../src/domain/archive.ts';
import type { ChartMetadata } from '../../src/domain/chart.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import type { StagedChart } from '../../src/domain/staged.ts';
import { packageChart } from '../../src/stages/package.ts';
import { registryClient, startTestRegistry, type TestRegistry, testRun, tool } from '../support/registry.ts';

type Program = 'helm' | 'helm3';
let temporary: string;
let registry: TestRegistry;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.stop());
beforeEach(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'chartship-package-'));
});
afterEach(() => rm(temporary, { recursive: true, force: true }));

const CHART_YAML = `# A chart with everything
version: 1.2.3
name: ch
apiVersion: v2
appVersion: "1.10"
description: "A description with <angles> & more that goes on and on, past eighty columns, where a writer may fold: here"
home: https://example.com
sources: [https://example.com/source]
maintainers: [{ name: A, email: a@b.c }, { name: B }]
annotations:
  "yes": "no"
  example.com/é: "012"
  notes: |
    - one
    - two
dependencies:
  - { name: sub, version: 0.1.0, repository: "", condition: sub.enabled, tags: [x], import-values: [{ child: a, parent: b }, data] }
unknown: field
`;

/** What a chart folder may hold; a byte order mark, CRLF, an empty folder and an ignored file with it. */
async function makeChart(folder: string, files: Record<string, string> = {}): Promise<string> {
  const directory = path.join(folder, 'ch');
  const all = {
    'Chart.yaml': CHART_YAML,
    'Chart.lock':
      'digest: sha256:ab\ngenerated: "2024-05-01T10:00:00.5+02:00"\ndependencies:\n- {name: sub, version: 0.1.0, repository: ""}\n',
    'values.yaml': 'a: 1\r\n',
    'values-dev.yaml': '\ufeffa: 2\n',
    'values-prod.yaml': 'a: 3\n',
    '.helmignore': '*.bak\n',
    'x.bak': 'ignored',
    'templates/_helpers.tpl': '{{/* nothing */}}',
    'templates/config.yaml': 'kind: ConfigMap\n',
    'charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 0.1.0\ndeprecated: true\n',
    'charts/sub/values.yaml': '',
    'crds/crd.yaml': 'kind: CustomResourceDefinition\n',
    'files/ä ö.txt': 'é',
    ...files,
  };
  for (const [name, content] of Object.entries(all)) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), content);
  }
  await mkdir(path.join(directory, 'empty'), { recursive: true });
  return directory;
}

function staged(directory: string, metadata: Partial<ChartMetadata> = {}): StagedChart {
  const of = {
    name: 'ch',
    version: '1.2.3',
    apiVersion: 'v2',
    type: 'application',
    dependencies: [],
    ...metadata,
  } as const;
  return {
    directory,
    source: 'charts/ch',
    metadata: of,
    files: [],
    dependencies: [],
    readsCapabilities: false,
    readsOperation: false,
  };
}

async function pack(program: Program, directory: string, values: string[] = [], metadata: Partial<ChartMetadata> = {}) {
  const helm = createHelm({
    tool: async () => ({ path: tool(program), version: '' }),
    run: testRun(),
    temporary,
    limits: DEFAULT_LIMITS,
    credentials: { registryConfig: async () => undefined, basic: () => undefined },
    plainHttp: false,
    caFile: undefined,
    note: () => {},
  });
  const named = values.map((name) => ({ path: name, shown: `charts/ch/${name}` }));
  const files = await createFiles({ root: temporary, temporaryBase: temporary });
  try {
    return await packageChart(staged(directory, metadata), named, { helm, files });
  } finally {
    expect(await readdir(files.temporary)).not.toContainEqual(expect.stringContaining('package'));
    await files.close();
  }
}

const PROGRAMS: Program[] = ['helm', 'helm3'];

test('helm 4 and helm 3 end in the same bytes, in any folder, with any times and modes', async () => {
  const one = await makeChart(path.join(temporary, 'one'));
  const two = path.join(temporary, 'another name', 'ch');
  await cp(one, two, { recursive: true });
  for (const name of await readdir(two)) await utimes(path.join(two, name), new Date(0), new Date(1e12));
  const packed = await Promise.all(PROGRAMS.flatMap((program) => [pack(program, one), pack(program, two)]));
  expect(packed.flatMap(({ findings }) => findings)).toEqual([]);
  const sums = packed.map((each) => each.package?.sha256);
  // Recorded, so that a change of any byte is seen, on any machine and Node.
  expect(sums).toEqual(Array(4).fill('f07288d0fc86ba78aade81785c7b7e2907335f2b043badcf7afe7e8ae0d09f6e'));
  const [first] = packed;
  expect(first?.package?.fileName).toBe('ch-1.2.3.tgz');
  expect(
    createHash('sha256')
      .update(first?.package?.archive ?? '')
      .digest('hex'),
  ).toBe(first?.package?.sha256);
  const read = await readArchive(first?.package?.archive ?? new Uint8Array());
  expect(read.ok && read.files.map((file) => file.path)).toEqual([
    '.helmignore',
    'Chart.lock',
    'Chart.yaml',
    'charts/sub/Chart.yaml',
    'charts/sub/values.yaml',
    'crds/crd.yaml',
    'files/ä ö.txt',
    'templates/_helpers.tpl',
    'templates/config.yaml',
    'values-dev.yaml',
    'values-prod.yaml',
    'values.yaml',
  ]);
});

describe.each(PROGRAMS)('%s', (program) => {
  test('reads the package as it reads its own: show, and template with every file', async () => {
    const directory = await makeChart(temporary, {
      'templates/config.yaml':
        'data: {{ .Files.Get "files/ä ö.txt" }} {{ .Values.a }} {{ .Chart.AppVersion }} {{ index .Chart.Annotations "yes" }}\n',
    });
    const { package: packed } = await pack(program, directory);
    const file = path.join(temporary, 'ch-1.2.3.tgz');
    await writeFile(file, packed?.archive ?? '');
    const own = await testRun()({
      file: tool(program),
      args: ['package', directory, '-d', path.join(temporary, 'own')],
      milliseconds: 20_000,
    });
    expect(own.code).toBe(0);
    const said = async (...args: string[]) => {
      const ran = await testRun()({ file: tool(program), args, milliseconds: 20_000 });
      return [ran.code, new TextDecoder().decode(ran.stdout)];
    };
    const theirs = path.join(temporary, 'own', 'ch-1.2.3.tgz');
    expect(await said('show', 'chart', file)).toEqual(await said('show', 'chart', theirs));
    expect(await said('show', 'crds', file)).toEqual(await said('show', 'crds', theirs));
    const [code, rendered] = await said('template', 'r', file);
    expect([code, rendered]).toEqual(await said('template', 'r', theirs));
    expect(rendered).toContain('data: é 1 1.10 no');
  });

  test('its config blob and annotations are those of helm push', async () => {
    const directory = await makeChart(temporary);
    const { package: packed } = await pack(program, directory);
    const file = path.join(temporary, 'ch-1.2.3.tgz');
    await writeFile(file, packed?.archive ?? '');
    await utimes(file, Date.UTC(1980, 1, 1) / 1000, Date.UTC(1980, 1, 1) / 1000);
    const pushed = await testRun()({
      file: tool(program),
      args: ['push', file, `oci://${registry.host}/${program}`, '--plain-http'],
      milliseconds: 20_000,
    });
    expect(pushed.code).toBe(0);
    const location = { kind: 'registry', host: registry.host, repository: `${program}/ch` } as const;
    const response = await fetch(`http://${registry.host}/v2/${program}/ch/manifests/1.2.3`, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    const manifest = (await response.json()) as { config: { digest: string }; annotations: Record<string, string> };
    const config = await registryClient({ temporary }).blob(location, manifest.config.digest, 100_000);
    expect(config.ok && new TextDecoder().decode(config.value)).toBe(new TextDecoder().decode(packed?.config));
    expect(packed?.annotations).toEqual(manifest.annotations);
  });

  test('a values file that .helmignore drops is named', async () => {
    const directory = await makeChart(temporary, { '.helmignore': 'values-p*.yaml\n' });
    const { findings, package: packed } = await pack(program, directory, ['values-dev.yaml', 'values-prod.yaml']);
    expect(packed).toBeUndefined();
    expect(findings).toEqual([
      {
        stage: 'package',
        rule: 'package/values-file-ignored',
        severity: 'error',
        chart: 'ch',
        file: 'charts/ch/values-prod.yaml',
        message: 'values-prod.yaml is a values file of an environment, but .helmignore keeps it out of the package',
        hint: 'Take the line that matches it out of charts/ch/.helmignore, or move the file out of the chart.',
      },
    ]);
  });

  test('what helm says no to is a finding at the file', async () => {
    const directory = await makeChart(temporary, { 'Chart.yaml': CHART_YAML.replace('name: sub', 'name: gone') });
    const { findings, package: packed } = await pack(program, directory);
    expect(packed).toBeUndefined();
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ stage: 'package', severity: 'error', file: 'charts/ch/Chart.yaml' });
    expect(findings[0]?.message).toContain('gone');
  });

  test('two dependencies of one name, which helm would pack into one folder, are refused', async () => {
    const directory = await makeChart(temporary, {
      'charts/sub-copy/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 0.2.0\n',
    });
    const { findings } = await pack(program, directory);
    expect(findings.map(({ rule, message }) => [rule, message])).toEqual([
      ['package/archive', 'the package of ch holds "charts/sub/Chart.yaml" twice'],
    ]);
  });
});
