import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readArchive } from '../../src/domain/archive.ts';
import { packageOf } from '../support/archives.ts';
import { type HttpRepository, startHttpRepository } from '../support/http-repository.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { chartFiles, createSandbox, lockedChart, rules, type Sandbox } from '../support/resolving.ts';

let sandbox: Sandbox;
let http: HttpRepository;
let registry: TestRegistry;
let oci: string;
/** Nothing listens there. */
const CLOSED = 'http://127.0.0.1:1/charts';

beforeAll(async () => {
  sandbox = await createSandbox();
  const charts = await Promise.all([
    packageOf('web', '2.1.0', { 'templates/reads.yaml': '# {{ .Capabilities.KubeVersion.Version }}\n' }),
    packageOf('web', '2.0.0'),
    packageOf('store', '1.0.0+build.5'),
  ]);
  http = await startHttpRepository(charts);
  registry = await startTestRegistry();
  oci = `oci://${registry.host}/charts`;
  for (const { fileName, archive } of charts) {
    await writeFile(path.join(sandbox.outside, fileName), archive);
    const pushed = await sandbox.helm(['push', path.join(sandbox.outside, fileName), oci, '--plain-http']);
    expect(pushed).toMatchObject({ code: 0 });
  }
});
afterAll(async () => {
  await registry.stop();
  await http.stop();
  await sandbox.close();
});

const HELMS = ['helm', 'helm3'] as const;

/** What lint and render say of a staged chart. */
async function rendered(directory: string | undefined, helm: (typeof HELMS)[number]): Promise<string> {
  const lint = await sandbox.helm(['lint', directory ?? ''], helm);
  expect(lint).toMatchObject({ code: 0 });
  expect(lint.stdout + lint.stderr).not.toContain('missing these dependencies');
  const render = await sandbox.helm(['template', 'x', directory ?? ''], helm);
  expect(render).toMatchObject({ code: 0 });
  return render.stdout;
}

describe.each(HELMS)('locked, with %s', (helm) => {
  test('from a registry, by a mirror: the committed chart is never touched', async () => {
    const repository = 'https://charts.example.com/stable';
    await sandbox.write(
      lockedChart(
        `mirrored-${helm}`,
        [
          `{name: web, version: 2.x.x, repository: ${repository}, condition: web.enabled}`,
          `{name: store, version: "*", repository: ${repository}}`,
        ],
        ['2.0.0', '1.0.0+build.5'],
      ),
    );
    const before = await sandbox.contents(`mirrored-${helm}`);
    const { staged, findings, contentLock } = await sandbox.resolve(`mirrored-${helm}`, {
      helm,
      mirrors: [
        { from: 'https://charts.example.com/', to: oci.replace('/charts', '') },
        { from: repository, to: `${oci}/` },
      ],
    });
    expect(findings).toEqual([expect.objectContaining({ rule: 'resolve/content-not-locked', severity: 'note' })]);
    expect(staged?.dependencies).toMatchObject([
      { name: 'web', version: '2.0.0', from: `${oci}/web`, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { name: 'store', version: '1.0.0+build.5' },
    ]);
    expect(contentLock).toContain(`version: "1.0.0+build.5"\n    repository: "${repository}"`);
    expect(sandbox.notes.join('\n')).toContain(`web 2.0.0: charts.example.com is mirrored, fetching from ${oci}`);
    expect(await sandbox.contents(`mirrored-${helm}`)).toEqual(before);
    const copy = await sandbox.contents(staged?.directory ?? '');
    expect(copy).toMatchObject(before);
    expect(
      Object.keys(copy)
        .filter((name) => !(name in before))
        .sort(),
    ).toEqual(['charts/store-1.0.0+build.5.tgz', 'charts/web-2.0.0.tgz']);
    expect(path.basename(staged?.directory ?? '')).toBe('app');
    expect(await rendered(staged?.directory, helm)).toContain('app/charts/web/templates/config.yaml');
  });

  test('from a repository over HTTP; two aliases of one chart are fetched once', async () => {
    await sandbox.write(
      lockedChart(
        `http-${helm}`,
        [
          `{name: web, version: ^2, repository: ${http.url}, alias: one}`,
          `{name: web, version: ^2, repository: ${http.url}/, alias: two}`,
        ],
        ['2.0.0', '2.0.0'],
      ),
    );
    http.served.length = 0;
    const { staged, findings } = await sandbox.resolve(`http-${helm}`, { helm });
    expect(rules({ findings })).toEqual(['note resolve/content-not-locked']);
    expect(http.served.filter((served) => served.endsWith('.tgz'))).toEqual(['/charts/web-2.0.0.tgz']);
    expect(staged?.dependencies).toMatchObject([{ alias: 'one' }, { alias: 'two' }]);
    expect(sandbox.notes.join()).toContain(http.host);
    const manifest = await rendered(staged?.directory, helm);
    expect(manifest).toContain('app/charts/one/templates');
    expect(manifest).toContain('app/charts/two/templates');
  });

  test('a condition that is off is resolved all the same: helm wants it in charts/', async () => {
    await sandbox.write({
      ...lockedChart(
        `off-${helm}`,
        [`{name: web, version: 2.0.0, repository: "${oci}", condition: web.enabled}`],
        ['2.0.0'],
      ),
      [`off-${helm}/values.yaml`]: 'web: {enabled: false}\n',
    });
    const { staged } = await sandbox.resolve(`off-${helm}`, { helm });
    expect(staged?.dependencies).toHaveLength(1);
    expect(await rendered(staged?.directory, helm)).not.toContain('charts/web');
  });
});

describe.each(HELMS)('without a lock, with %s', (helm) => {
  test.each(['http', 'oci'])('the newest that the range admits, from %s, and a warning', async (kind) => {
    const repository = kind === 'http' ? http.url : oci;
    const folder = `fresh-${kind}-${helm}`;
    await sandbox.write(
      chartFiles(folder, 'app', '1.0.0', [`{name: web, version: ">=2 <3", repository: "${repository}"}`]),
    );
    const { staged, findings, contentLock } = await sandbox.resolve(folder, { helm });
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/no-lock',
        severity: 'warning',
        file: `${folder}/Chart.yaml`,
        line: 4,
        hint: expect.stringContaining('helm dependency update'),
      }),
    ]);
    expect(contentLock).toBeUndefined();
    expect(staged?.dependencies).toMatchObject([{ name: 'web', version: '2.1.0' }]);
    expect(staged?.readsCapabilities).toBe(true);
    expect(Object.keys(await sandbox.contents(staged?.directory ?? ''))).not.toContain('Chart.lock');
    await rendered(staged?.directory, helm);
  });
});

describe('file://', () => {
  test.each(HELMS)('of a file://, from where it is committed, with the inner ones of the network: %s', async (helm) => {
    await sandbox.write({
      ...lockedChart(`${helm}/app`, ['{name: lib, version: 0.x, repository: "file://../parts/lib"}'], ['0.3.0']),
      ...chartFiles(`${helm}/parts/lib`, 'lib', '0.3.0', [
        '{name: core, version: 1.0.0, repository: "file://../core"}',
      ]),
      ...lockedChart(`${helm}/parts/core`, [`{name: web, version: 2.0.0, repository: "${oci}"}`], ['2.0.0'], 'core'),
      [`${helm}/parts/lib/.helmignore`]: 'secret.txt\n',
      [`${helm}/parts/lib/secret.txt`]: 'x',
      [`${helm}/parts/core/templates/operation.yaml`]: '# {{ .Release.IsUpgrade }}\n',
    });
    const { staged, findings, contentLock } = await sandbox.resolve(`${helm}/app`, { helm });
    expect(rules({ findings })).toEqual(['note resolve/content-not-locked']);
    expect(findings[0]).toMatchObject({ file: `${helm}/parts/core/Chart.yaml`, line: 5 });
    expect(contentLock).toContain('name: "web"');
    expect(staged?.dependencies).toMatchObject([{ name: 'lib', version: '0.3.0', from: `file://${helm}/parts/lib` }]);
    expect(staged?.readsOperation).toBe(true);
    const names = Object.keys(await sandbox.contents(staged?.directory ?? ''));
    expect(names).toEqual(
      expect.arrayContaining([
        'charts/lib/Chart.yaml',
        'charts/lib/charts/core/Chart.yaml',
        'charts/lib/charts/core/charts/web-2.0.0.tgz',
      ]),
    );
    expect(names).not.toContain('charts/lib/secret.txt');
    expect(await rendered(staged?.directory, helm)).toContain(
      'app/charts/lib/charts/core/charts/web/templates/config.yaml',
    );
  });

  test('a circle is refused by name', async () => {
    await sandbox.write({
      ...chartFiles('circle/a', 'a', '1.0.0', ['{name: b, version: "*", repository: "file://../b"}']),
      ...chartFiles('circle/b', 'b', '1.0.0', ['{name: a, version: "*", repository: "file://../a"}']),
    });
    const { staged, findings } = await sandbox.resolve('circle/a');
    expect(staged).toBeUndefined();
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/cycle',
        message: 'a depends on itself: circle/a → circle/b → circle/a',
        file: 'circle/b/Chart.yaml',
        line: 5,
      }),
    ]);
  });

  test('nothing outside the repository is read, by .. or by a link', async () => {
    await sandbox.write({
      ...chartFiles('out/app', 'app', '1.0.0', [
        '{name: up, version: "*", repository: "file://../../../up"}',
        '{name: linked, version: "*", repository: "file://../linked"}',
        '{name: gone, version: "*", repository: "file://../gone"}',
        '{name: empty, version: "*", repository: "file://../empty"}',
        '{name: old, version: "^2", repository: "file://../old"}',
        '{name: other, version: "*", repository: "file://../old"}',
      ]),
      ...chartFiles('../up', 'up', '1.0.0'),
      ...chartFiles('out/old', 'old', '1.0.0'),
      'out/linked': { link: '../../up' },
      'out/empty/x': '',
    });
    const { findings } = await sandbox.resolve('out/app');
    expect(findings.map(({ rule, line }) => `${line} ${rule}`)).toEqual([
      '5 resolve/local-outside',
      '6 resolve/local-outside',
      '7 resolve/local-missing',
      '8 resolve/local-missing',
      '9 resolve/local-version',
      '10 resolve/wrong-chart',
    ]);
  });

  test('another version than the lock has', async () => {
    await sandbox.write({
      ...lockedChart('moved/app', ['{name: lib, version: ^1, repository: "file://../lib"}'], ['1.0.0']),
      ...chartFiles('moved/lib', 'lib', '1.1.0'),
    });
    const { findings } = await sandbox.resolve('moved/app');
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/lock-out-of-date',
        message: 'Chart.lock has lib 1.0.0, but moved/lib is 1.1.0',
        hint: 'Run: helm dependency update moved/app',
      }),
    ]);
    // As helm does.
    expect((await sandbox.helm(['dependency', 'build', 'moved/app'])).code).not.toBe(0);
  });

  test('by a mirror: the folder that holds charts by name', async () => {
    await sandbox.write({
      ...lockedChart(
        'offline/app',
        ['{name: redis, version: 17.x.x, repository: "https://charts.example.com/bitnami"}'],
        ['17.0.0'],
      ),
      ...chartFiles('offline/charts/redis', 'redis', '17.0.0'),
    });
    const { staged } = await sandbox.resolve('offline/app', {
      mirrors: [{ from: 'https://charts.example.com/bitnami', to: 'file://offline/charts' }],
    });
    expect(staged?.dependencies).toMatchObject([{ name: 'redis', from: 'file://offline/charts/redis' }]);
  });
});

describe('vendored', () => {
  const dependency = `{name: web, version: ^2, repository: "${CLOSED}"}`;

  test('archives and folders that are what the lock says are used, and no repository is asked', async () => {
    const { archive } = await packageOf('web', '2.0.0', { 'templates/reads.yaml': '# {{ .Capabilities }}' });
    await sandbox.write({
      ...lockedChart('vendored', [dependency, '{name: own, version: ">=1", repository: ""}'], ['2.0.0', '>=1']),
      'vendored/charts/web-2.0.0.tgz': archive,
      ...chartFiles('vendored/charts/own', 'own', '1.5.0'),
      ...chartFiles('vendored/charts/unlisted', 'unlisted', '9.0.0'),
    });
    const { staged, findings, contentLock } = await sandbox.resolve('vendored');
    expect(findings).toEqual([]);
    expect(contentLock).toBeUndefined();
    expect(staged?.dependencies).toMatchObject([
      { name: 'web', version: '2.0.0', from: 'vendored', sha256: expect.any(String) },
      { name: 'own', version: '1.5.0', from: 'vendored' },
      { name: 'unlisted', version: '9.0.0', from: 'vendored' },
    ]);
    expect(staged?.readsCapabilities).toBe(true);
    // `helm lint` calls a chart that isn't listed an error; that is for its stage to say.
    for (const helm of HELMS) {
      const render = await sandbox.helm(['template', 'x', staged?.directory ?? ''], helm);
      expect(render.stdout).toContain('app/charts/unlisted/templates');
    }
  });

  test('what is left of another version is not taken along: helm would load both', async () => {
    const [old, mine] = await Promise.all([packageOf('web', '2.0.0'), packageOf('web', '2.0.5')]);
    await sandbox.write({
      ...lockedChart('leftover', [dependency], ['2.0.5']),
      'leftover/charts/web-2.0.0.tgz': old.archive,
      'leftover/charts/web-2.0.5.tgz': mine.archive,
    });
    const { staged, findings } = await sandbox.resolve('leftover');
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/vendored-left-out',
        severity: 'note',
        message: 'leftover/charts/web-2.0.0.tgz is web 2.0.0 and was left out: web 2.0.5 (vendored) is used',
      }),
    ]);
    expect(
      Object.keys(await sandbox.contents(staged?.directory ?? '')).filter((name) => name.endsWith('.tgz')),
    ).toEqual(['charts/web-2.0.5.tgz']);
  });

  test('without a repository and not there', async () => {
    await sandbox.write({
      ...chartFiles('nowhere', 'app', '1.0.0', ['{name: own, version: ^2}', '{name: none, version: ^2}']),
      ...chartFiles('nowhere/charts/own', 'own', '1.5.0'),
    });
    const { findings } = await sandbox.resolve('nowhere');
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/not-vendored',
        message: 'own ^2 has no repository and is not in charts/; charts/own is 1.5.0',
        line: 5,
      }),
      expect.objectContaining({ rule: 'resolve/not-vendored', line: 6 }),
    ]);
  });

  test('a packed copy of a local chart that was changed since is used, and said', async () => {
    const { archive } = await packageOf('lib', '1.0.0', { 'templates/config.yaml': 'old: {{ .Release.Name }}\n' });
    await sandbox.write({
      ...lockedChart('copied/app', ['{name: lib, version: 1.0.0, repository: "file://../lib"}'], ['1.0.0']),
      ...chartFiles('copied/lib', 'lib', '1.0.0'),
      'copied/lib/values.yaml': 'replicas: 1\n',
      'copied/app/charts/lib-1.0.0.tgz': archive,
    });
    const { staged, findings } = await sandbox.resolve('copied/app');
    expect(staged?.dependencies).toMatchObject([{ from: 'vendored' }]);
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/vendored-stale',
        severity: 'warning',
        message: 'charts/lib-1.0.0.tgz is used for lib, though copied/lib has changed since: templates/config.yaml',
      }),
    ]);
  });
});

describe('chartship.lock', () => {
  async function lockedByContent(folder: string, change: (text: string) => string) {
    await sandbox.write(lockedChart(folder, [`{name: web, version: ^2, repository: "${oci}"}`], ['2.0.0']));
    const { contentLock = '' } = await sandbox.resolve(folder);
    await sandbox.write({ [`${folder}/chartship.lock`]: change(contentLock) });
    return { ...(await sandbox.resolve(folder)), text: contentLock };
  }

  test('the text that was given can be committed as it is', async () => {
    const { staged, findings, contentLock } = await lockedByContent('content/same', (text) => text);
    expect(findings).toEqual([]);
    expect(contentLock).toBeUndefined();
    expect(Object.keys(await sandbox.contents(staged?.directory ?? ''))).toContain('chartship.lock');
  });

  test('another content is refused with both sums', async () => {
    const { staged, findings, text } = await lockedByContent('content/changed', (given) =>
      given.replace(/sha256: "[^"]*"/, `sha256: "${'0'.repeat(64)}"`),
    );
    const sum = /sha256: "([0-9a-f]+)"/.exec(text)?.[1];
    expect(staged).toBeUndefined();
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/content-changed',
        severity: 'error',
        message: `web 2.0.0 from ${oci} has another content than content/changed/chartship.lock says: sha256 ${sum}, not ${'0'.repeat(64)}`,
        file: 'content/changed/chartship.lock',
        line: 4,
      }),
    ]);
  });

  test('an entry that is missing is given to be added; one too many is said', async () => {
    const { findings, text } = await lockedByContent('content/missing', (given) =>
      given.replace('name: "web"', 'name: "wed"'),
    );
    const entry = text.slice(text.indexOf('  - name')).trimEnd();
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/content-missing',
        severity: 'error',
        hint: expect.stringContaining(entry),
        file: 'content/missing/Chart.yaml',
        line: 5,
      }),
      expect.objectContaining({ rule: 'resolve/content-stale', severity: 'warning', line: 4 }),
    ]);
  });

  test('malformed', async () => {
    const { findings } = await lockedByContent('content/malformed', (given) =>
      given.replace('version: 1\n', 'version: 1\n\tx'),
    );
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/content-lock',
        file: 'content/malformed/chartship.lock',
        line: 3,
        column: expect.any(Number),
      }),
    ]);
  });
});

test('one name for two versions: in a package helm mixes them', async () => {
  await sandbox.write(
    lockedChart(
      'twins',
      [
        `{name: web, version: 2.0.x, repository: "${oci}"}`,
        `{name: web, version: 2.1.x, repository: "${oci}", alias: newer}`,
      ],
      ['2.0.0', '2.1.0'],
    ),
  );
  const { staged, findings } = await sandbox.resolve('twins');
  expect(staged).toBeUndefined();
  expect(rules({ findings })).toEqual(['error resolve/name-collision']);
  expect(findings[0]).toMatchObject({ line: 6 });
  // The reason for the rule, seen on the real helm.
  expect(await sandbox.helm(['dependency', 'build', 'twins', '--plain-http'])).toMatchObject({ code: 0 });
  expect(await sandbox.helm(['package', 'twins', '-d', sandbox.outside])).toMatchObject({ code: 0 });
  expect(await readArchive(await readFile(path.join(sandbox.outside, 'app-1.0.0.tgz')))).toMatchObject({ ok: false });
});

test('version and app-version are written into the copy alone, with comments and order as they are', async () => {
  await sandbox.write({
    ...chartFiles('numbered', 'app', '1.0.0'),
    'numbered/Chart.yaml': '# top\napiVersion: v2\nversion: 1.0.0 # the version\nname: app\nkeywords: [a,   b]\n',
  });
  const { staged } = await sandbox.resolve('numbered', { version: '2.0.0-rc.1+5', appVersion: '1.10' });
  expect(staged?.metadata).toMatchObject({ version: '2.0.0-rc.1+5', appVersion: '1.10' });
  expect((await sandbox.contents(staged?.directory ?? ''))['Chart.yaml']).toBe(
    '# top\napiVersion: v2\nversion: 2.0.0-rc.1+5 # the version\nname: app\nkeywords: [ a, b ]\nappVersion: "1.10"\n',
  );
  expect((await sandbox.contents('numbered'))['Chart.yaml']).toContain('version: 1.0.0 #');
  const shown = await sandbox.helm(['show', 'chart', staged?.directory ?? '']);
  expect(shown.stdout).toContain('appVersion: "1.10"');
});
