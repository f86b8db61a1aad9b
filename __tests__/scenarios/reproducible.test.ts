import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { packageOf } from '../support/archives.ts';
import { startHttpRepository } from '../support/http-repository.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { command, node24, type Workspace, workspace } from '../support/scenario.ts';

/** The same commit gives the same bytes, whoever packs it and wherever it lies. */

let registry: TestRegistry;
let vendored: Uint8Array;
let spaces: Workspace[];

beforeAll(async () => {
  registry = await startTestRegistry();
  vendored = (await packageOf('vendored', '1.2.3', { 'files/ü.txt': 'packed\n' })).archive;
});
afterAll(() => registry.stop());
beforeEach(() => {
  spaces = [];
});
afterEach(() => {
  for (const space of spaces) space.remove();
});

const CHART = (name: string, dependencies: readonly string[]): string =>
  `apiVersion: v2\nname: ${name}\nversion: 1.0.0\ndescription: Größe ✓\nkeywords: [b, a]\ndependencies:\n${dependencies.map((each) => `  - ${each}\n`).join('')}`;

/** A checkout of one and the same commit: what git keeps (names, content, the executable bit) is the same. */
function checkout(folder: string): { space: Workspace; chart: string } {
  const space = workspace();
  spaces.push(space);
  const files: Record<string, string | Uint8Array> = {
    'parent/Chart.yaml': CHART('parent', [
      '{name: local, version: 1.0.0, repository: "file://../local"}',
      '{name: vendored, version: 1.2.3, repository: ""}',
      '{name: aliased, alias: other, version: 1.0.0, repository: "file://../aliased", condition: other.enabled}',
    ]),
    'parent/values.yaml': 'a: 1\r\nb: "zwei"\r\nother: {enabled: false}\r\n',
    'parent/values-prod.yaml': 'a: 2\n',
    'parent/templates/configmap.yaml':
      'apiVersion: v1\r\nkind: ConfigMap\r\nmetadata:\r\n  name: {{ .Release.Name }}-parent\r\n',
    'parent/templates/_helpers.tpl': '{{- define "x" }}y{{ end }}\n',
    'parent/.helmignore': '*.bak\nsecret/\n',
    'parent/notes.bak': 'not packed\n',
    'parent/secret/key': 'not packed\n',
    'parent/files/run.sh': '#!/bin/sh\necho ok\n',
    'parent/files/größe/日本 1.txt': 'names\n',
    'parent/files/Z.txt': 'upper\n',
    'parent/files/a.txt': 'lower\n',
    'parent/files/binary.bin': Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 251),
    'parent/charts/vendored-1.2.3.tgz': vendored,
    'local/Chart.yaml': CHART('local', ['{name: deeper, version: 1.0.0, repository: "file://../deeper"}']),
    'local/templates/configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: local}\n',
    'deeper/Chart.yaml': 'apiVersion: v2\nname: deeper\nversion: 1.0.0\n',
    'deeper/templates/configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deeper}\n',
    'aliased/Chart.yaml': 'apiVersion: v2\nname: aliased\nversion: 1.0.0\n',
    'aliased/templates/configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aliased}\n',
  };
  for (const [path, content] of Object.entries(files)) space.write(`${folder}/${path}`, content);
  chmodSync(join(space.root, folder, 'parent/files/run.sh'), 0o755);
  return { space, chart: `${folder}/parent` };
}

/** Every file and folder with another time, the youngest first or last. */
function touch(folder: string, seconds: number, step: number): void {
  let time = seconds;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    time += step;
    utimesSync(join(folder, name), time, time);
  }
}

interface Packed {
  readonly sha256: string | undefined;
  readonly digests: readonly (string | undefined)[];
}

async function pack(
  folder: string,
  how: { node?: string; helm?: 'helm' | 'helm3'; zone: string; umask: number; seconds: number; step: number },
  repository: string,
): Promise<Packed> {
  const before = process.umask(how.umask);
  try {
    const { space, chart } = checkout(folder);
    // Folders that hold nothing: git doesn't keep them, so they must make no difference.
    if (how.umask !== 0o022) mkdirSync(join(space.root, chart, 'files/empty/deeper'), { recursive: true });
    touch(join(space.root, folder), how.seconds, how.step);
    const args = [chart, '--registry', 'oci-layout:oci', '--registry', `oci://${registry.host}/${repository}`];
    const ended = await command(space, args, {
      ...(how.node !== undefined && { node: how.node }),
      ...(how.helm !== undefined && { helm: how.helm }),
      environment: { TZ: how.zone, LANG: how.umask === 0o022 ? 'C' : 'de_DE.UTF-8', LC_ALL: '' },
    });
    expect([
      ended.code,
      ended.report?.findings.filter(({ rule, severity }) => severity !== 'note' && rule !== 'validate/unused-value'),
    ]).toEqual([0, []]);
    const published = ended.report?.published ?? [];
    const bytes = readFileSync(join(space.root, 'chartship-report/packages/parent-1.0.0.tgz'));
    // The gzip header names no time.
    expect([...bytes.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
    return { sha256: ended.report?.packages[0]?.sha256, digests: published.map(({ digest }) => digest) };
  } finally {
    process.umask(before);
  }
}

test('two folders, times, umasks, time zones, Node 20 and 24, helm 4 and 3: one package, one digest', async () => {
  expect(existsSync(node24)).toBe(true);
  const [first, ...others] = [
    await pack('one', { zone: 'UTC', umask: 0o022, seconds: 1_000_000_000, step: 1 }, 'a'),
    await pack(
      'another place/with blanks',
      { node: node24, zone: 'Asia/Kathmandu', umask: 0o077, seconds: 1_700_000_000, step: -3601 },
      'b',
    ),
    await pack(
      'ünï',
      { helm: 'helm3', zone: 'America/St_Johns', umask: 0o002, seconds: 2_000_000_000, step: 86_400 },
      'c',
    ),
    await pack(
      'x',
      { node: node24, helm: 'helm3', zone: 'Pacific/Apia', umask: 0o027, seconds: 315_619_200, step: 7 },
      'd',
    ),
  ];
  expect(first?.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(first?.digests).size).toBe(1);
  expect(first?.digests[0]).toMatch(/^sha256:/);
  for (const other of others) expect(other).toEqual(first);
});

test('one byte more is another package', async () => {
  const packs = [];
  for (const text of ['one\n', 'two\n']) {
    const { space, chart } = checkout('same');
    writeFileSync(join(space.root, chart, 'files/a.txt'), text);
    const ended = await command(space, [chart]);
    packs.push(ended.report?.packages[0]?.sha256);
  }
  expect(packs[0]).not.toBe(packs[1]);
});

test('a second run over the first one’s leavings finds the same', async () => {
  const { space, chart } = checkout('same');
  const args = [chart, '--registry', 'oci-layout:oci'];
  const first = await command(space, args);
  touch(join(space.root, 'same'), 1_234_567_890, 11);
  const second = await command(space, args, { helm: 'helm3', node: node24 });
  expect(second.report?.published.map(({ outcome }) => outcome)).toEqual(['already-published']);
  expect(second.report?.packages).toEqual(first.report?.packages);
});

test('a dependency that was fetched gives the same package by both helms, however its archive was made', async () => {
  const { archive } = await packageOf('lib', '1.0.0');
  const repository = await startHttpRepository([{ name: 'lib', version: '1.0.0', archive }]);
  try {
    const packs = [];
    for (const helm of ['helm', 'helm3'] as const) {
      const space = workspace();
      spaces.push(space);
      const dependency = `{name: lib, version: 1.0.0, repository: "http://charts.example/x"}`;
      space.chart('chart', { 'Chart.yaml': CHART('demo', [dependency]) });
      const ended = await command(space, ['--mirrors', `http://charts.example/x=${repository.url}`], { helm });
      packs.push([ended.code, ended.report?.packages[0]?.sha256]);
    }
    expect(packs[0]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(packs[1]).toEqual(packs[0]);
  } finally {
    await repository.stop();
  }
});
