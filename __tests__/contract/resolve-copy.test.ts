import { execFileSync } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packageOf } from '../support/archives.ts';
import { chartFiles, createSandbox, rules, type Sandbox } from '../support/resolving.ts';

/** Links need rights on Windows, and pipes and /etc are not there. */
const onPosix = process.platform === 'win32' ? test.skip : test;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());

async function staged(chart: string, options: Parameters<Sandbox['resolve']>[1] = {}): Promise<string[]> {
  const result = await sandbox.resolve(chart, options);
  expect(result.findings).toEqual([]);
  return Object.keys(await sandbox.contents(result.staged?.directory ?? '')).sort();
}

describe('what is copied', () => {
  test('what helm would load: no .git, nothing of .helmignore, nothing of the report or of layouts', async () => {
    await sandbox.write({
      ...chartFiles('plain', 'app', '1.0.0'),
      'plain/.helmignore': '*.bak\n/docs/\n',
      'plain/.git/config': 'x',
      'plain/docs/a.txt': 'x',
      'plain/values.yaml.bak': 'x',
      'plain/chartship-report/report.json': '{}',
      'plain/layout/app/index.json': '{}',
      'plain/sub/.git/config': 'x',
      'plain/files/docs/kept.txt': 'x',
    });
    const exclude = ['chartship-report', 'layout', 'not-there'].map((name) => path.join(sandbox.root, 'plain', name));
    expect(await staged('plain', { exclude })).toEqual([
      '.helmignore',
      'Chart.yaml',
      'files/docs/kept.txt',
      'templates/config.yaml',
    ]);
  });

  test('the chart of a repository that is the chart itself', async () => {
    const alone = await createSandbox();
    try {
      await alone.write({ ...chartFiles('.', 'app', '1.0.0'), '.git/HEAD': 'x', 'chartship-report/x': 'x' });
      const result = await alone.resolve('.', { exclude: [path.join(alone.root, 'chartship-report')] });
      expect(Object.keys(await alone.contents(result.staged?.directory ?? '')).sort()).toEqual([
        'Chart.yaml',
        'templates/config.yaml',
      ]);
    } finally {
      await alone.close();
    }
  });

  test('the same bytes, BOM, CRLF and binaries too', async () => {
    await sandbox.write({
      ...chartFiles('bytes', 'app', '1.0.0'),
      'bytes/values.yaml': '\ufeffa: 1\r\n',
      'bytes/files/binary': Buffer.from([0, 255, 10, 13, 128]),
      'bytes/files/grün ß.txt': 'ä',
    });
    const { staged: copy } = await sandbox.resolve('bytes');
    expect(await sandbox.contents(copy?.directory ?? '')).toEqual(await sandbox.contents('bytes'));
  });

  test('two runs at once in one folder, each in a copy of its own', async () => {
    await sandbox.write(chartFiles('both', 'app', '1.0.0'));
    const before = await sandbox.contents('both');
    const results = await Promise.all([sandbox.resolve('both'), sandbox.resolve('both')]);
    const [one, two] = results.map((result) => result.staged?.directory);
    expect(one).toBeDefined();
    expect(one).not.toBe(two);
    expect(await sandbox.contents('both')).toEqual(before);
  });
});

describe('symbolic links', () => {
  onPosix('to something of the chart are copied as what they lead to', async () => {
    await sandbox.write({
      ...chartFiles('links', 'app', '1.0.0'),
      'links/values.yaml': 'a: 1\n',
      'links/values-dev.yaml': { link: 'values.yaml' },
      'links/files/a/b.txt': 'text',
      'links/more': { link: 'files/a' },
    });
    const { staged: copy } = await sandbox.resolve('links');
    const contents = await sandbox.contents(copy?.directory ?? '');
    expect(contents).toMatchObject({ 'values-dev.yaml': 'a: 1\n', 'more/b.txt': 'text' });
  });

  onPosix('out of the chart, in a circle, to nowhere: a finding each, and nothing is copied', async () => {
    await sandbox.write({
      ...chartFiles('bad', 'app', '1.0.0'),
      '../secret.txt': 'secret',
      'shared.yaml': 'a: 1',
      'bad/passwd': { link: '/etc/passwd' },
      'bad/up': { link: '../../secret.txt' },
      'bad/beside': { link: '../shared.yaml' },
      'bad/folder': { link: '..' },
      'bad/nowhere': { link: 'not-there' },
      'bad/self': { link: 'self' },
      'bad/files/loop': { link: '..' },
      'bad/.git/config': 'x',
      'bad/git': { link: '.git' },
      'bad/report/x': 'x',
      'bad/hidden': { link: 'report/x' },
    });
    const { findings, staged: copy } = await sandbox.resolve('bad', {
      exclude: [path.join(sandbox.root, 'bad/report')],
    });
    expect(copy).toBeUndefined();
    expect(findings.map(({ rule, file }) => `${rule} ${file}`)).toEqual([
      'resolve/link-outside bad/beside',
      'resolve/link-loop bad/files/loop',
      'resolve/link-outside bad/folder',
      'resolve/link-outside bad/git',
      'resolve/link-outside bad/hidden',
      'resolve/link-dangling bad/nowhere',
      'resolve/link-outside bad/passwd',
      'resolve/link-dangling bad/self',
      'resolve/link-outside bad/up',
    ]);
    expect(findings.find(({ file }) => file === 'bad/passwd')?.message).toContain('/etc/passwd');
    await sandbox.write({ 'bad/.helmignore': 'passwd\nup\nbeside\nfolder\nnowhere\nself\nloop\ngit\nhidden\n' });
    expect((await sandbox.resolve('bad', { exclude: [path.join(sandbox.root, 'bad/report')] })).findings).toEqual([]);
  });

  onPosix('that make endlessly many ways are given up', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `f${index}`);
    await sandbox.write(chartFiles('maze', 'app', '1.0.0'));
    for (const from of names) {
      for (const to of names) if (from !== to) await sandbox.write({ [`maze/${from}/${to}`]: { link: `../${to}` } });
    }
    const { findings } = await sandbox.resolve('maze');
    expect(findings.filter(({ message }) => message.includes('more than 200'))).toHaveLength(1);
  });

  onPosix('a .helmignore that leads out is not read', async () => {
    await sandbox.write({
      ...chartFiles('rules', 'app', '1.0.0'),
      '../rules.txt': '.helmignore\n',
      'rules/.helmignore': { link: '../../rules.txt' },
    });
    expect(rules(await sandbox.resolve('rules'))).toEqual(['error resolve/link-outside']);
  });
});

test('a .helmignore that helm refuses', async () => {
  await sandbox.write({ ...chartFiles('refused', 'app', '1.0.0'), 'refused/.helmignore': '# comment\n**/x\n' });
  expect((await sandbox.resolve('refused')).findings).toEqual([
    expect.objectContaining({ rule: 'resolve/helmignore', file: 'refused/.helmignore', line: 2 }),
  ]);
});

onPosix('a pipe is neither read nor waited for', async () => {
  await sandbox.write(chartFiles('pipe', 'app', '1.0.0'));
  execFileSync('mkfifo', [path.join(sandbox.root, 'pipe/fifo')]);
  expect((await sandbox.resolve('pipe')).findings).toEqual([
    expect.objectContaining({ rule: 'resolve/irregular-file', file: 'pipe/fifo' }),
  ]);
});

describe('bounds', () => {
  async function sparse(file: string, bytes: number): Promise<void> {
    await mkdir(path.dirname(path.join(sandbox.root, file)), { recursive: true });
    const handle = await open(path.join(sandbox.root, file), 'w');
    await handle.truncate(bytes);
    await handle.close();
  }
  const MiB = 1024 * 1024;

  test('a file that helm refuses in a package', async () => {
    await sandbox.write(chartFiles('large', 'app', '1.0.0'));
    await sparse('large/files/dump.sql', 6 * MiB);
    expect((await sandbox.resolve('large')).findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/too-large',
        file: 'large/files/dump.sql',
        hint: 'Add it to large/.helmignore.',
      }),
    ]);
  });

  test('too many bytes, with the folder that has most', async () => {
    await sandbox.write(chartFiles('huge', 'app', '1.0.0'));
    for (let index = 0; index < 30; index += 1) await sparse(`huge/.terraform/${index}`, 4 * MiB);
    expect((await sandbox.resolve('huge')).findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/too-large',
        message: expect.stringContaining('huge/.terraform'),
        hint: expect.stringContaining('.helmignore'),
      }),
    ]);
  });

  onPosix('too many files, with the folder that has most', async () => {
    await sandbox.write(chartFiles('many', 'app', '1.0.0'));
    execFileSync('sh', ['-c', 'mkdir node_modules && cd node_modules && seq 20001 | xargs touch'], {
      cwd: path.join(sandbox.root, 'many'),
    });
    expect((await sandbox.resolve('many')).findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/too-large',
        message: expect.stringContaining('most of them in many/node_modules'),
      }),
    ]);
  });
});

describe("the chart's .helmignore and its dependencies", () => {
  const parts = (folder: string) => ({
    ...chartFiles(`${folder}/app`, 'app', '1.0.0', ['{name: lib, version: 1.0.0, repository: "file://../lib"}']),
    ...chartFiles(`${folder}/lib`, 'lib', '1.0.0'),
    [`${folder}/lib/README.md`]: 'x',
  });

  test.each(['helm', 'helm3'] as const)(
    'a local chart that it reaches into is put there as an archive: %s',
    async (helm) => {
      const folder = `reach-${helm}`;
      await sandbox.write({ ...parts(folder), [`${folder}/app/.helmignore`]: '*.md\n' });
      const { staged: copy, findings } = await sandbox.resolve(`${folder}/app`, { helm });
      expect(findings).toEqual([]);
      expect(Object.keys(await sandbox.contents(copy?.directory ?? ''))).toContain('charts/lib-1.0.0.tgz');
      const render = await sandbox.helm(['template', 'x', copy?.directory ?? ''], helm);
      expect(render.stdout).toContain('app/charts/lib/templates/config.yaml');
    },
  );

  test('archives that it hides are a finding, since helm would call them missing', async () => {
    await sandbox.write({ ...parts('hide'), 'hide/app/.helmignore': '*.md\n*.tgz\n' });
    const { findings } = await sandbox.resolve('hide/app');
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/ignored-dependency',
        message: expect.stringContaining('charts/lib-1.0.0.tgz'),
        file: 'hide/app/Chart.yaml',
        line: 5,
      }),
    ]);
  });

  test('a vendored archive that it hides is not there', async () => {
    const { archive } = await packageOf('web', '1.0.0');
    await sandbox.write({
      ...chartFiles('hidden', 'app', '1.0.0', ['{name: web, version: 1.0.0, repository: ""}']),
      'hidden/charts/web-1.0.0.tgz': archive,
      'hidden/.helmignore': 'charts/*.tgz\n',
    });
    expect(rules(await sandbox.resolve('hidden'))).toEqual(['error resolve/not-vendored']);
  });
});
