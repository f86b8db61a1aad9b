import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { archiveOf, millionEntries, packageOf, zeroBomb } from '../support/archives.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { type HttpRepository, startHttpRepository } from '../support/http-repository.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { chartFiles, createSandbox, lockedChart, rules, type Sandbox } from '../support/resolving.ts';

const LOGIN = { username: 'reader', password: 'c0rrect-horse' };
let sandbox: Sandbox;
let registry: TestRegistry;
let privateRegistry: TestRegistry;
let http: HttpRepository;
let privateHttp: HttpRepository;
let oci: string;

beforeAll(async () => {
  sandbox = await createSandbox();
  const web = await packageOf('web', '2.0.0');
  http = await startHttpRepository([web]);
  privateHttp = await startHttpRepository([web], LOGIN);
  registry = await startTestRegistry();
  privateRegistry = await startTestRegistry(LOGIN);
  oci = `oci://${registry.host}/charts`;
  const file = path.join(sandbox.outside, web.fileName);
  await writeFile(file, web.archive);
  for (const [host, ...login] of [
    [registry.host],
    [privateRegistry.host, '--username', LOGIN.username, '--password', LOGIN.password],
  ]) {
    expect(await sandbox.helm(['push', file, `oci://${host}/charts`, '--plain-http', ...login])).toMatchObject({
      code: 0,
    });
  }
});
afterAll(async () => {
  await Promise.all([registry.stop(), privateRegistry.stop(), http.stop(), privateHttp.stop()]);
  await sandbox.close();
});

let count = 0;
/** One dependency, locked unless `range` is given. */
async function resolveOne(
  repository: string,
  options: { name?: string; version?: string; range?: string } & Parameters<Sandbox['resolve']>[1] = {},
) {
  const { name = 'web', version = '2.0.0', range, ...rest } = options;
  count += 1;
  const folder = `one/${count}`;
  const dependency = `{name: ${name}, version: "${range ?? version}", repository: "${repository}"}`;
  await sandbox.write(
    range === undefined
      ? lockedChart(folder, [dependency], [version])
      : chartFiles(folder, 'app', '1.0.0', [dependency]),
  );
  return await sandbox.resolve(folder, rest);
}

describe('a repository that does not give what is asked', () => {
  test.each(['helm', 'helm3'] as const)('over HTTP, by %s', async (helm) => {
    const cases: [string, object, string][] = [
      [http.url, { version: '9.9.9' }, 'resolve/not-found'],
      [http.url, { range: '^9' }, 'resolve/not-found'],
      [http.url, { name: 'none' }, 'resolve/not-found'],
      [`http://${http.host}/elsewhere`, {}, 'resolve/not-found'],
      ['http://127.0.0.1:1/charts', {}, 'resolve/unreachable'],
      [privateHttp.url, {}, 'resolve/unauthenticated'],
      [
        privateHttp.url,
        { credentials: [{ host: privateHttp.host, username: LOGIN.username, password: 'wr0ng-secret' }] },
        'resolve/unauthenticated',
      ],
    ];
    for (const [repository, options, rule] of cases) {
      const { findings, staged } = await resolveOne(repository, { helm, ...options });
      expect(staged).toBeUndefined();
      const [finding] = findings;
      expect([repository, options, finding?.rule]).toEqual([repository, options, rule]);
      expect(finding).toMatchObject({
        severity: 'error',
        line: 5,
        column: expect.any(Number),
        hint: expect.any(String),
      });
      const host = new URL(repository).host;
      expect(finding?.message).toContain(host);
      expect(finding?.hint).toContain(host);
      expect(JSON.stringify(findings)).not.toContain('wr0ng-secret');
    }
  });

  test('a registry', async () => {
    const cases: [string, object, string][] = [
      [oci, { version: '9.9.9' }, 'resolve/not-found'],
      [oci, { range: '^9' }, 'resolve/not-found'],
      [oci, { name: 'none' }, 'resolve/not-found'],
      ['oci://127.0.0.1:1/charts', {}, 'resolve/unreachable'],
      [`oci://${privateRegistry.host}/charts`, {}, 'resolve/unauthenticated'],
      [`oci://${privateRegistry.host}/charts`, { range: '^2' }, 'resolve/unauthenticated'],
      [`oci://${registry.host}/Upper`, {}, 'resolve/repository'],
    ];
    for (const [repository, options, rule] of cases) {
      const { findings } = await resolveOne(repository, options);
      expect([repository, options, rules({ findings })[0]]).toEqual([repository, options, `error ${rule}`]);
      expect(findings[0]).toMatchObject({ line: 5, hint: expect.any(String) });
    }
  });

  test.each([403, 429, 500])('that answers %d', async (status) => {
    const expected = { 403: 'resolve/denied', 429: 'resolve/rate-limited', 500: 'resolve/server-error' }[status];
    const server = await startHttpRepository([], { status });
    try {
      const { findings } = await resolveOne(server.url);
      expect(rules({ findings })).toEqual([`error ${expected}`]);
      expect(findings[0]?.message).toContain(server.host);
    } finally {
      await server.stop();
    }
  });
});

describe('behind a password', () => {
  test('the right one is taken', async () => {
    const credentials = [privateHttp.host, privateRegistry.host].map((host) => ({ host, ...LOGIN }));
    for (const repository of [privateHttp.url, `oci://${privateRegistry.host}/charts`]) {
      const { staged } = await resolveOne(repository, { credentials });
      expect(staged?.dependencies).toMatchObject([{ name: 'web', version: '2.0.0' }]);
      const fresh = await resolveOne(repository, { credentials, range: '^2' });
      expect(fresh.staged?.dependencies).toMatchObject([{ name: 'web', version: '2.0.0' }]);
    }
  });

  test('two repositories of one host at once are not mistaken for each other', async () => {
    const [first, second] = await Promise.all([packageOf('one', '1.0.0'), packageOf('two', '1.0.0')]);
    const server = await startHttpRepository([first], { ...LOGIN, second: [second] });
    try {
      const items = ['charts', 'second'].map(
        (folder, index) =>
          `{name: ${['one', 'two'][index]}, version: 1.0.0, repository: "http://${server.host}/${folder}"}`,
      );
      await sandbox.write(lockedChart('pair', items, ['1.0.0', '1.0.0']));
      const { findings, staged } = await sandbox.resolve('pair', { credentials: [{ host: server.host, ...LOGIN }] });
      expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(staged?.dependencies).toHaveLength(2);
    } finally {
      await server.stop();
    }
  });

  test('a password in the URL is refused, and not shown', async () => {
    const { findings } = await resolveOne(`http://${LOGIN.username}:${LOGIN.password}@${privateHttp.host}/charts`);
    expect(rules({ findings })).toEqual(['error resolve/credentials-in-repository']);
    expect(JSON.stringify(findings)).not.toContain(LOGIN.password);
  });
});

test('one fault never hides another', async () => {
  const dependencies: [string, string, string][] = [
    ['a', '1.0.0', http.url],
    ['b', '1.0.0', 'oci://127.0.0.1:1/charts'],
    ['c', '1.0.0', ''],
    ['d', '1.0.0', '@company'],
    ['e', '1.0.0', 'file://../nothing'],
    ['f', '1.0.0', 'ftp://files.example/charts'],
    ['web', '2.0.0', http.url],
  ];
  const items = dependencies.map(
    ([name, version, repository]) => `{name: ${name}, version: ${version}, repository: "${repository}"}`,
  );
  await sandbox.write(
    lockedChart(
      'many',
      items,
      dependencies.map(([, version]) => version),
    ),
  );
  const { findings } = await sandbox.resolve('many');
  expect(findings.map(({ rule, line }) => `${line} ${rule}`)).toEqual([
    '5 resolve/not-found',
    '6 resolve/unreachable',
    '7 resolve/not-vendored',
    '8 resolve/repository-alias',
    '9 resolve/local-missing',
    '10 resolve/repository',
  ]);
});

test('an alias of helm repo add is the URL that the lock holds', async () => {
  const files = lockedChart('aliased', [`{name: web, version: ^2, repository: "${http.url}"}`], ['2.0.0']);
  await sandbox.write({
    ...files,
    'aliased/Chart.yaml': files['aliased/Chart.yaml']?.replace(`"${http.url}"`, '"@company"') ?? '',
  });
  const { staged } = await sandbox.resolve('aliased');
  expect(staged?.dependencies).toMatchObject([{ name: 'web', from: `${http.url}/web` }]);
});

test('ranges and files that can not be read', async () => {
  const { findings } = await resolveOne(http.url, { range: 'newest' });
  expect(findings[0]).toMatchObject({ rule: 'resolve/range', line: 5 });
  for (const repository of [
    'https://exa mple/charts',
    'https://[bad/charts',
    'oci://h:port/charts',
    // As YAML escapes it: the character itself is no YAML.
    'https://h/a\\u0000b',
  ])
    expect((await resolveOne(repository)).findings[0]).toMatchObject({ rule: 'resolve/repository', line: 5 });
  await sandbox.write({ ...chartFiles('broken', 'app', '1.0.0'), 'broken/Chart.lock': 'dependencies: [\n' });
  expect((await sandbox.resolve('broken')).findings).toEqual([
    expect.objectContaining({
      rule: 'resolve/dependency-file',
      file: 'broken/Chart.lock',
      line: expect.any(Number),
      message: expect.stringContaining('broken/Chart.lock is no YAML'),
    }),
  ]);
});

describe('what is served is not what was asked', () => {
  const chartYaml = (name: string, version: string) => ({
    name: 'web/Chart.yaml',
    content: `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
  });

  async function serve(archive: Uint8Array) {
    const server = await startHttpRepository([{ name: 'web', version: '2.0.0', archive }]);
    try {
      return await resolveOne(server.url);
    } finally {
      await server.stop();
    }
  }

  test.each([
    ['another name', [chartYaml('wed', '2.0.0')]],
    ['another version', [chartYaml('web', '2.0.1')]],
  ])('%s', async (_, entries) => {
    const { findings } = await serve(await archiveOf(...entries));
    expect(rules({ findings })).toEqual(['error resolve/wrong-chart']);
  });

  const good = chartYaml('web', '2.0.0');
  // A name that nobody else has a file of.
  const escaped = `chartship-escaped-${process.pid}`;
  const inner = async () =>
    await archiveOf(
      { name: 'in/Chart.yaml', content: 'apiVersion: v2\nname: in\nversion: 1.0.0\n' },
      { name: 'in/../../x', content: 'x' },
    );
  test.each<[string, () => Promise<Uint8Array>, RegExp]>([
    ['a path with ..', async () => await archiveOf(good, { name: `web/../../${escaped}`, content: 'x' }), /escaped/],
    [
      'an absolute path',
      async () => await archiveOf(good, { name: `/tmp/${escaped}`, content: 'x' }),
      /chartship-escaped/,
    ],
    [
      'a symbolic link out',
      async () => await archiveOf(good, { name: 'web/link', type: 'symlink', linkname: '/etc/passwd' }),
      /symbolic link.*web\/link/,
    ],
    [
      'a hard link',
      async () => await archiveOf(good, { name: 'web/link', type: 'link', linkname: '/etc/passwd' }),
      /hard link/,
    ],
    ['a million entries', millionEntries, /more than 20000 entries/],
    ['a bomb', async () => zeroBomb(), /MiB|can't be read|holds|no/],
    ['no archive at all', async () => Buffer.from('<html>please log in</html>'), /no gzip archive/],
    [
      'an archive cut off',
      async () => (await archiveOf(good, { name: 'web/big', content: 'x'.repeat(9999) })).subarray(0, 150),
      /cut off|can't be read/,
    ],
    [
      'an archive within an archive',
      async () => await archiveOf(good, { name: 'web/charts/in-1.0.0.tgz', content: await inner() }),
      /charts\/in-1\.0\.0\.tgz, which/,
    ],
  ])('%s: refused by name, nothing unpacked', async (_, make, reason) => {
    const archive = await make();
    // By a registry: helm itself looks at what it pulls over HTTP.
    const { findings, staged } = await pushed(archive);
    expect(staged).toBeUndefined();
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/unsafe-archive',
        severity: 'error',
        line: 5,
        message: expect.stringMatching(reason),
      }),
    ]);
    expect(findings[0]?.message).toContain('web 2.0.0');
    const overHttp = await serve(archive);
    expect(overHttp.staged).toBeUndefined();
    expect(overHttp.findings[0]?.severity).toBe('error');
    const vendored = `hostile/${count}`;
    await sandbox.write({
      ...lockedChart(vendored, ['{name: web, version: 2.0.0, repository: ""}'], ['2.0.0']),
      [`${vendored}/charts/web-2.0.0.tgz`]: archive,
    });
    const committed = await sandbox.resolve(vendored);
    expect(rules(committed)).toEqual(['error resolve/unsafe-archive']);
    const { existsSync } = await import('node:fs');
    expect([path.join('/tmp', escaped), path.join(sandbox.outside, escaped)].filter(existsSync)).toEqual([]);
  });

  /** The archive as the layer of an artifact that oras pushes. */
  async function pushed(archive: Uint8Array) {
    const { registryClient } = await import('../support/registry.ts');
    count += 1;
    const repository = `hostile${count}`;
    const client = registryClient({ temporary: sandbox.outside });
    const answer = await client.push(
      { kind: 'registry', host: registry.host, repository: `${repository}/web` },
      '2.0.0',
      {
        fileName: 'web-2.0.0.tgz',
        archive,
        config: Buffer.from('{}'),
        annotations: { 'org.opencontainers.image.created': '2020-01-01T00:00:00Z' },
      },
    );
    expect(answer).toMatchObject({ ok: true });
    return await resolveOne(`oci://${registry.host}/${repository}`);
  }
});

test('a blob that is cut in the middle is no chart', async () => {
  const proxy = await startFaultProxy(registry.host, ({ path: asked }) =>
    asked.includes('/blobs/') ? { kind: 'cut' } : undefined,
  );
  try {
    const { findings } = await resolveOne(`oci://${proxy.host}/charts`);
    expect(rules({ findings })).toEqual([expect.stringMatching(/^error resolve\/(unreachable|corrupt|fetch)$/)]);
    expect(findings[0]?.message).toContain(proxy.host);
  } finally {
    await proxy.stop();
  }
});
