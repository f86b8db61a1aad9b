import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packageOf } from '../support/archives.ts';
import { type HttpRepository, startHttpRepository } from '../support/http-repository.ts';
import { chartFiles, createSandbox, rules, type Sandbox } from '../support/resolving.ts';

let sandbox: Sandbox;
let repository: HttpRepository;
beforeAll(async () => {
  sandbox = await createSandbox();
  const charts = await Promise.all([
    packageOf('web', '2.1.0'),
    packageOf('web', '2.0.0'),
    packageOf('web', '1.4.2'),
    packageOf('store', '1.0.0+build.5'),
  ]);
  repository = await startHttpRepository(charts);
  await sandbox.write(chartFiles('lib', 'lib', '0.3.0'));
});
afterAll(async () => {
  await repository.stop();
  await sandbox.close();
});

/** Shapes of dependencies; REPO stands for the repository. */
const SHAPES: Record<string, string[]> = {
  'a range': ['{name: web, version: 2.x.x, repository: REPO}'],
  'signs that Go escapes in JSON': ['{name: web, version: ">=2.0.0 <3.0.0 || >=9 <10", repository: REPO}'],
  'an ampersand in a condition': ['{name: web, version: ^2, repository: REPO, condition: "a.b,x&y"}'],
  'an alias, twice': [
    '{name: web, version: 2.0.0, repository: REPO, alias: first}',
    '{name: web, version: 2.0.0, repository: REPO, alias: second}',
  ],
  'tags and a condition': [
    '{name: web, version: ~2.0, repository: REPO, condition: web.enabled, tags: [front, "b<c>"]}',
  ],
  'import-values as texts and as maps': [
    '{name: web, version: "2", repository: REPO, import-values: [data, {parent: my.thing, child: its.thing, a: 1, Z: true, nothing: null}]}',
  ],
  'a local chart and one of the repository': [
    '{name: lib, version: "0.x", repository: "file://../lib"}',
    '{name: web, version: "*", repository: REPO/}',
  ],
  'build metadata': ['{name: store, version: 1.0.0+build.5, repository: REPO}'],
  'letters beyond ASCII and odd blanks': [
    '{name: web, version: "^2", repository: REPO, condition: "grün.ärger\\u2028x\\u00a0y\\u200bz"}',
  ],
  enabled: ['{name: web, version: "^2", repository: REPO, enabled: true}'],
};

describe.each(['helm', 'helm3'] as const)('the lock that %s writes', (helm) => {
  test.each(Object.entries(SHAPES))('is understood: %s', async (title, shape) => {
    const folder = `${helm}-${title.replace(/[^a-z]+/gi, '-')}`;
    await sandbox.write(
      chartFiles(
        folder,
        'app',
        '1.0.0',
        shape.map((item) => item.replace('REPO', repository.url)),
      ),
    );
    const updated = await sandbox.helm(['dependency', 'update', folder], helm);
    expect(updated).toMatchObject({ code: 0 });
    await removeCharts(folder);

    const fresh = await sandbox.resolve(folder, { helm });
    expect(rules(fresh).filter((rule) => !rule.startsWith('note'))).toEqual([]);
    expect(fresh.staged).toBeDefined();

    // Any change that helm would see makes it out of date.
    const file = path.join(sandbox.root, folder, 'Chart.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      text.includes('tags:') ? text.replace('front', 'back') : text.replace('- {', '- {tags: [new], '),
    );
    const built = await sandbox.helm(['dependency', 'build', folder], helm);
    expect(built.stderr).toContain('out of sync');
    expect(rules(await sandbox.resolve(folder, { helm }))).toEqual(['error resolve/lock-out-of-date']);
  });
});

test('a lock that is out of date names each dependency that differs, at its line, and what to run', async () => {
  await sandbox.write(
    chartFiles('stale', 'app', '1.0.0', [
      `{name: web, version: 2.0.0, repository: ${repository.url}}`,
      `{name: store, version: 1.0.0+build.5, repository: ${repository.url}}`,
    ]),
  );
  expect(await sandbox.helm(['dependency', 'update', 'stale'])).toMatchObject({ code: 0 });
  await removeCharts('stale');
  await sandbox.write(
    chartFiles('stale', 'app', '1.0.0', [
      `{name: web, version: ^1.0.0, repository: ${repository.url}}`,
      `{name: store, version: 1.0.0+build.5, repository: "http://elsewhere.example/charts"}`,
      `{name: lib, version: 0.3.0, repository: "file://../lib"}`,
    ]),
  );
  const { findings, staged } = await sandbox.resolve('stale', {
    mirrors: [{ from: 'http://elsewhere.example/charts', to: repository.url }],
  });
  expect(staged).toBeUndefined();
  expect(findings).toEqual([
    expect.objectContaining({
      rule: 'resolve/lock-out-of-date',
      severity: 'error',
      message: 'Chart.lock has web 2.0.0, which ^1.0.0 does not admit',
      hint: 'Run: helm dependency update stale',
      chart: 'app',
      file: 'stale/Chart.yaml',
      line: 5,
    }),
    expect.objectContaining({
      message: `Chart.lock has store from ${repository.url}, not from http://elsewhere.example/charts`,
      line: 6,
    }),
    expect.objectContaining({ message: 'lib 0.3.0 is not in Chart.lock', line: 7 }),
  ]);
});

describe.each(['helm', 'helm3'] as const)('a chart of apiVersion v1 with %s', (helm) => {
  test('has its dependencies and lock in files of their own', async () => {
    const folder = `older-${helm}`;
    await sandbox.write({
      [`${folder}/Chart.yaml`]: 'apiVersion: v1\nname: older\nversion: 1.0.0\n',
      [`${folder}/requirements.yaml`]: `dependencies:\n  - name: web\n    version: ^2\n    repository: ${repository.url}\n`,
    });
    expect(await sandbox.helm(['dependency', 'update', folder], helm)).toMatchObject({ code: 0 });
    await removeCharts(folder);
    const { staged, findings } = await sandbox.resolve(folder, { helm });
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(staged?.dependencies).toMatchObject([{ name: 'web', version: '2.1.0' }]);
    const rendered = await sandbox.helm(['template', 'x', staged?.directory ?? ''], helm);
    expect(rendered).toMatchObject({ code: 0, stdout: expect.stringContaining('older/charts/web/templates') });

    await sandbox.write({
      [`${folder}/requirements.yaml`]: `dependencies:\n  - name: web\n    version: ^1\n    repository: ${repository.url}\n`,
    });
    expect((await sandbox.resolve(folder, { helm })).findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/lock-out-of-date',
        message: 'requirements.lock has web 2.1.0, which ^1 does not admit',
        file: `${folder}/requirements.yaml`,
        line: 2,
      }),
    ]);
  });
});

async function removeCharts(folder: string): Promise<void> {
  const { rm } = await import('node:fs/promises');
  await rm(path.join(sandbox.root, folder, 'charts'), { recursive: true, force: true });
}
