import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { archiveOf, manyLargeFiles, zeroBomb } from '../support/archives.ts';
import { closedPort } from '../support/closed-port.ts';
import { startTestRegistry, type TestRegistry, tool } from '../support/registry.ts';
import { command, type Ended, type Workspace, workspace } from '../support/scenario.ts';

// Definitions in a real registry that wants a password.

const PASSWORD = 'hunter2-of-the-definitions';

let registry: TestRegistry;
let space: Workspace;
beforeAll(async () => {
  registry = await startTestRegistry({ username: 'ci', password: PASSWORD });
  space = workspace();
  space.write('password.txt', `${PASSWORD}\n`);
  space.chart('chart', {
    'templates/widget.yaml': 'apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: a }\nspec: { size: Large }\n',
  });
});
afterAll(async () => {
  space.remove();
  await registry.stop();
});

const WIDGETS = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { kind: Widget, plural: widgets }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: { spec: { type: object, properties: { size: { type: string, pattern: "^[a-z]+$" } } } }
`;
const MISMATCH = 'schema/value: spec.size: "Large" does not match ^[a-z]+$';

/** Pushes files as oras does it; those with a name that isn't safe, too. */
function push(name: string, files: Readonly<Record<string, string | Uint8Array>>, given: readonly string[]): string {
  const folder = join(space.root, '.push');
  mkdirSync(join(folder, 'in'), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, 'in', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  const options = ['--plain-http', '--disable-path-validation', '--username', 'ci', '--password-stdin'];
  execFileSync(tool('oras'), ['push', ...options, `${registry.host}/${name}`, ...given], {
    cwd: join(folder, 'in'),
    input: PASSWORD,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { HOME: folder },
  });
  rmSync(folder, { recursive: true });
  return `oci://${registry.host}/${name}`;
}

const LOGIN = ['--registry-username', 'ci', '--registry-password', '@password.txt'];

function validate(given: string, ...args: readonly string[]): Promise<Ended> {
  return command(space, ['chart', '--crd-schemas', given, '--until', 'validate', ...args]);
}

function told({ report }: Ended): string[] {
  return (report?.findings ?? [])
    .filter(({ stage }) => stage === 'validate')
    .map(({ rule, message }) => `${rule}: ${message}`);
}

describe('definitions are found', () => {
  test.each([
    ['in a file', { 'widget.yaml': WIDGETS }, ['widget.yaml']],
    ['in a folder', { 'crds/a/widget.yaml': WIDGETS, 'crds/README.md': 'x' }, ['crds']],
    [
      'in one of many files',
      { 'a.json': '{}', 'widget.yaml': WIDGETS, 'b.txt': 'kind: Widget' },
      ['a.json', 'widget.yaml', 'b.txt'],
    ],
  ])('%s, and every request is named', async (what, files, given) => {
    const reference = push(`${what.replaceAll(' ', '-')}:1`, files, given);
    const ended = await validate(reference, ...LOGIN);
    expect(told(ended)).toEqual([MISMATCH]);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain(`requests go to the registry ${registry.host}`);
    const digest = new RegExp(`crd-schemas ${reference} is (sha256:[0-9a-f]{64})`).exec(ended.stdout)?.[1];
    // By its digest, too.
    const again = await validate(`${reference.replace(/:1$/, '')}@${digest}`, ...LOGIN);
    expect(told(again)).toEqual([MISMATCH]);
    expect(ended.stdout + ended.stderr + JSON.stringify(ended.report)).not.toContain(PASSWORD);
  });

  test("in a chart's crds/, and its templates are none", async () => {
    const archive = await archiveOf(
      { name: 'widgets/Chart.yaml', content: 'apiVersion: v2\nname: widgets\nversion: 1.0.0\n' },
      { name: 'widgets/crds/widget.yaml', content: WIDGETS },
      { name: 'widgets/templates/widget.yaml', content: '{{ kind: Widget' },
    );
    const type = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
    const reference = push('charts/widgets:1.0.0', { 'widgets-1.0.0.tgz': archive }, [`widgets-1.0.0.tgz:${type}`]);
    expect(told(await validate(reference, ...LOGIN))).toEqual([MISMATCH]);
  });

  test('with the login that docker or helm left', async () => {
    const reference = push('left:1', { 'widget.yaml': WIDGETS }, ['widget.yaml']);
    const auth = Buffer.from(`ci:${PASSWORD}`).toString('base64');
    space.write('.home/.docker/config.json', JSON.stringify({ auths: { [registry.host]: { auth } } }));
    expect(told(await validate(reference))).toEqual([MISMATCH]);
    space.empty('.home/.docker');
  });

  test('and those of the repository come first', async () => {
    const reference = push('second:1', { 'widget.yaml': WIDGETS }, ['widget.yaml']);
    space.write('own/widget.yaml', WIDGETS.replace('^[a-z]+$', '^[A-Z]'));
    expect(told(await validate(reference, '--crd-schemas', 'own', ...LOGIN))).toEqual([]);
  });

  test('not at all where nothing is validated', async () => {
    const closed = await closedPort();
    const args = ['chart', '--crd-schemas', `oci://127.0.0.1:${closed}/crds:1`, '--until', 'render'];
    const ended = await command(space, args);
    expect([ended.code, ended.stdout.includes('requests go to')]).toEqual([0, false]);
  });
});

const UNKNOWN = 'schema/unknown-kind: example.com/v1 Widget has no schema here, so that it is not checked';

describe('what cannot be had is a finding', () => {
  const cases: [string, () => Promise<[string, ...string[]]>, (string | RegExp)[]][] = [
    [
      'without a login',
      async () => [push('a:1', { 'a.yaml': WIDGETS }, ['a.yaml'])],
      [/could not be fetched: 127\.0\.0\.1:\d+ wants a login/],
    ],
    [
      'with a wrong password',
      async () => {
        space.write('wrong.txt', 'not-the-password-of-it\n');
        return [
          push('b:1', { 'a.yaml': WIDGETS }, ['a.yaml']),
          '--registry-username',
          'ci',
          '--registry-password',
          '@wrong.txt',
        ];
      },
      [/could not be fetched: 127\.0\.0\.1:\d+ does not accept the login \(401\)/],
    ],
    ['one that is not there', async () => [`oci://${registry.host}/nothing:1`, ...LOGIN], [/nothing:1 is not there/]],
    [
      'no registry there',
      async () => [`oci://127.0.0.1:${await closedPort()}/crds:1`],
      [/could not be fetched: 127\.0\.0\.1:\d+ cannot be reached/],
    ],
    [
      'one without definitions',
      async () => [push('c:1', { 'a.txt': 'x' }, ['a.txt']), ...LOGIN],
      [/holds no definitions/],
    ],
    [
      'a file that is too large',
      async () => [push('d:1', { 'a.yaml': `#${'x'.repeat(9 * 1024 * 1024)}` }, ['a.yaml']), ...LOGIN],
      [/holds a\.yaml, which is larger than 8 MiB/],
    ],
    [
      'a name that leads outside',
      async () => [push('e:1', { '../a.yaml': WIDGETS }, ['../a.yaml']), ...LOGIN],
      [/holds a path that leads outside with "\.\.": "\.\.\/a\.yaml"/],
    ],
    [
      'an archive with a path that leads outside',
      async () => [
        push('f:1', { 'a.tgz': await archiveOf({ name: '../../a.yaml', content: WIDGETS }) }, [PACKED]),
        ...LOGIN,
      ],
      [/holds a\.tgz that can't be used: it holds a path that leads outside/],
    ],
    [
      'an archive with a link',
      async () => [
        push('g:1', { 'a.tgz': await archiveOf({ name: 'a.yaml', type: 'symlink', linkname: '/etc/passwd' }) }, [
          PACKED,
        ]),
        ...LOGIN,
      ],
      [/it holds a symbolic link/],
    ],
    [
      'an archive of ten gigabytes of nothing',
      async () => [push('h:1', { 'a.tgz': zeroBomb() }, [PACKED]), ...LOGIN],
      [/that can't be used: it /],
    ],
    [
      'an archive of many large files',
      async () => [push('i:1', { 'a.tgz': await manyLargeFiles() }, [PACKED]), ...LOGIN],
      [/unpacks to more than 100 MiB/],
    ],
    [
      'files that are no YAML',
      async () => [push('j:1', { 'a.yaml': 'kind: Widget\na: [\n' }, ['a.yaml']), ...LOGIN],
      [/j:1\/a\.yaml holds a document that can't be read/],
    ],
  ];
  test.each(cases)('%s', async (_what, prepare, expected) => {
    const [given, ...args] = await prepare();
    const ended = await validate(given, ...args);
    const [first, ...rest] = told(ended);
    expect([ended.code, first?.startsWith(`schema/crd-schemas: ${given}`)]).toEqual([1, true]);
    for (const each of expected) expect(first).toMatch(each);
    expect(rest).toEqual([UNKNOWN]);
    expect(ended.stdout + ended.stderr).not.toContain(PASSWORD);
    expect(ended.seconds).toBeLessThan(30);
  });
  const PACKED = 'a.tgz:application/vnd.oci.image.layer.v1.tar+gzip';
});

test('one in chartship.yaml is told at its line, and gets no login that names no host', async () => {
  const reference = push('k:1', { 'a.yaml': WIDGETS }, ['a.yaml']);
  space.write('chartship.yaml', `charts: [chart]\ncrdSchemas:\n  - ${reference}\n`);
  const ended = await command(space, ['--until', 'validate', ...LOGIN]);
  expect(ended.report?.findings.find(({ rule }) => rule === 'schema/crd-schemas')).toMatchObject({
    file: 'chartship.yaml',
    line: 3,
    column: 5,
    message: expect.stringContaining('wants a login, and there is none for it'),
  });
  const named = await command(space, [
    ...['--until', 'validate', '--registry-username', `${registry.host}=ci`],
    ...['--registry-password', '@hosts.txt'],
  ]);
  expect(named.code).toBe(2);
  space.write('hosts.txt', `${registry.host}=${PASSWORD}\n`);
  const given = ['--registry-username', `${registry.host}=ci`, '--registry-password', '@hosts.txt'];
  expect(told(await command(space, ['--until', 'validate', ...given]))).toEqual([MISMATCH]);
  space.empty('chartship.yaml');
});
