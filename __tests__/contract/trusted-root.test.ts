import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { fetchTrustedRoot } from '../../src/adapters/trusted-root.ts';
import { EnvironmentError } from '../../src/domain/errors.ts';
import { startTufRepository, type TufRepository } from '../support/tuf-repository.ts';

/** Sigstore's own client of The Update Framework, against a repository on loopback that begins with keys of its own. */
let repository: TufRepository;
let base: string;
let notes: string[];
beforeEach(async () => {
  repository = await startTufRepository();
  base = mkdtempSync(join(tmpdir(), 'chartship-tuf-'));
  notes = [];
  writeFileSync(join(base, 'keys.json'), repository.keys);
});
afterEach(async () => {
  await repository.stop();
  rmSync(base, { recursive: true, force: true });
});

/** A trusted root by which it is known again. */
const rootOf = (name: string): string => JSON.stringify({ mediaType: name });

/** One run: its temporary folder is its own; the cache is the machine's. */
async function run(cache = join(base, 'cache')): Promise<string> {
  const temporary = mkdtempSync(join(base, 'run-'));
  const root = await fetchTrustedRoot({
    temporary,
    cache,
    note: (text) => notes.push(text),
    repository: { url: repository.url, keys: join(base, 'keys.json') },
  });
  return (TrustedRoot.toJSON(root) as { mediaType: string }).mediaType;
}

/** The one error, as it is told. */
async function refused(cache?: string): Promise<{ readonly message: string; readonly hint: string | undefined }> {
  const error = await run(cache).then(
    (name) => new Error(`there is a root, ${name}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof EnvironmentError)) throw error;
  const host = new URL(repository.url).host;
  expect(error.message).toContain(`Sigstore's trusted root could not be had from ${host}: `);
  expect(error.hint).toMatch(/Or give the root as a file: trusted-root\.$/);
  return { message: error.message.split(`from ${host}: `)[1] ?? '', hint: error.hint };
}

test('is fetched, its signatures checked from the first keys on, and its host told', async () => {
  repository.show({ version: 1, target: rootOf('one') });
  expect(await run()).toBe('one');
  expect(notes).toEqual([`requests go to ${new URL(repository.url).host} for Sigstore's trusted root`]);
  expect(repository.seen).toEqual([
    '2.root.json',
    'timestamp.json',
    '1.snapshot.json',
    '1.targets.json',
    expect.stringMatching(/^targets\/[0-9a-f]{64}\.trusted_root\.json$/),
  ]);
});

test('is asked for anew by the next run, which fetches only what has changed', async () => {
  repository.show({ version: 1, target: rootOf('one') });
  await run();
  repository.seen.length = 0;
  expect(await run()).toBe('one');
  expect(repository.seen).toEqual(['2.root.json', 'timestamp.json']);
  repository.show({ version: 2, target: rootOf('two') });
  expect(await run()).toBe('two');
});

test('goes along when its repository changes its keys', async () => {
  repository.show({ version: 1, target: rootOf('one') });
  await run();
  repository.rotate();
  repository.show({ version: 2, target: rootOf('two') });
  expect(await run()).toBe('two');
  // Who begins now comes along the chain, too.
  expect(await run(join(base, 'another cache'))).toBe('two');
});

describe('is refused', () => {
  test.each(['timestamp', 'snapshot', 'targets'] as const)('with %s expired', async (expired) => {
    repository.show({ version: 1, target: rootOf('one'), ends: { role: expired, inSeconds: -60 } });
    const { message, hint } = await refused();
    expect(message).toMatch(new RegExp(`^what it has is out of date: .*${expired}\\.json is expired$`));
    expect(hint).toMatch(/^Set this machine's clock, if it is wrong; /);
  });

  test.each(['timestamp', 'snapshot', 'targets'] as const)('with %s signed by another key', async (forged) => {
    repository.show({ version: 1, target: rootOf('one'), forged });
    expect((await refused()).message).toMatch(
      new RegExp(`^what it has is not signed by whom it must be: .*${forged} was signed by 0/1 keys$`),
    );
  });

  test('with a root that the keys before it did not sign', async () => {
    const other = await startTufRepository();
    other.rotate();
    await other.stop();
    repository.show({ version: 1, target: rootOf('one') });
    repository.answers.set('2.root.json', { status: 200, body: other.keys });
    expect((await refused()).message).toBe('what it has is not signed by whom it must be: root was signed by 0/1 keys');
  });

  test('when it goes back to an older version than was seen; what was seen stays', async () => {
    repository.show({ version: 2, target: rootOf('two') });
    await run();
    repository.show({ version: 1, target: rootOf('one') });
    expect((await refused()).message).toBe(
      'what it has is older than what it must have: New timestamp version 1 is less than current version 2',
    );
    expect((await refused()).message).toContain('older');
    // Who never saw the newer one can't know.
    expect(await run(join(base, 'another cache'))).toBe('one');
  });

  test('when its parts are not of one time', async () => {
    repository.show({ version: 1, target: rootOf('one'), mixed: true });
    expect((await refused()).message).toMatch(
      /^what it has is older than what it must have: .*Snapshot version doesn't match timestamp$/,
    );
  });

  test('when the file is another one than is vouched for', async () => {
    repository.show({ version: 1, target: rootOf('one') });
    await run(join(base, 'another cache'));
    const file = repository.seen.at(-1) ?? '';
    for (const body of [rootOf('two'), rootOf('a longer one')]) {
      repository.answers.set(file, { status: 200, body });
      expect((await refused()).message).toMatch(/^a file is not the one that is vouched for: /);
    }
  });

  test('when what it answers is nothing of the kind', async () => {
    repository.show({ version: 1, target: rootOf('one') });
    repository.answers.set('timestamp.json', { status: 200, body: '<html>Please log in</html>' });
    expect((await refused()).message).toMatch(/JSON/);
  });
});

describe('where the repository can’t be reached', () => {
  test('without anything that was seen there is none, and the host is named', async () => {
    await repository.stop();
    const { message, hint } = await refused();
    expect(message).toMatch(/ECONNREFUSED 127\.0\.0\.1:\d+$/);
    expect(hint).toMatch(/^Let the host be reached\./);
    await repository.listen();
  }, 20_000);

  test('what was seen last goes on, and is told', async () => {
    repository.show({ version: 1, target: rootOf('one') });
    await run();
    await repository.stop();
    expect(await run()).toBe('one');
    expect(notes.at(-1)).toMatch(
      /^127\.0\.0\.1:\d+ could not be reached \(.*ECONNREFUSED.*\): Sigstore's trusted root is the one that was seen last$/,
    );
    await repository.listen();
  }, 20_000);

  test('nor gives anything but faults, it goes on, too', async () => {
    repository.show({ version: 1, target: rootOf('one') });
    await run();
    for (const path of ['2.root.json', 'timestamp.json']) repository.answers.set(path, { status: 503, body: '' });
    expect(await run()).toBe('one');
    expect(notes.at(-1)).toMatch(/could not be reached \(Failed to download \(503\)\)/);
  }, 20_000);

  test.each(['2.snapshot.json', '2.targets.json', 'the file'])(
    'in the middle of a newer state, at %s, the last one goes on whole',
    async (which) => {
      repository.show({ version: 1, target: rootOf('one') });
      await run();
      repository.show({ version: 2, target: rootOf('two') });
      await run(join(base, 'another cache'));
      const path = which === 'the file' ? (repository.seen.at(-1) ?? '') : which;
      repository.answers.set(path, { status: 503, body: '' });
      expect(await run()).toBe('one');
      expect(notes.at(-1)).toMatch(/could not be reached \(.*Failed to download.*\): .* the one that was seen last$/);
      expect((await refused(join(base, 'a third cache'))).message).toMatch(/Failed to download/);
      repository.answers.clear();
      expect(await run()).toBe('two');
      // Older ones are older.
      repository.show({ version: 1, target: rootOf('one') });
      expect((await refused()).message).toMatch(/^what it has is older/);
    },
    60_000,
  );

  test('and a newer state that is forged is refused, whatever was seen last', async () => {
    repository.show({ version: 1, target: rootOf('one') });
    await run();
    for (const forged of ['snapshot', 'targets'] as const) {
      repository.show({ version: 2, target: rootOf('two'), forged });
      expect((await refused()).message).toMatch(/^what it has is not signed by whom it must be/);
    }
  });

  test('what was seen last and is out of date is refused', async () => {
    repository.show({ version: 1, target: rootOf('one'), ends: { role: 'timestamp', inSeconds: 3 } });
    expect(await run()).toBe('one');
    await repository.stop();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect((await refused()).message).toMatch(/ECONNREFUSED.*; and the one that was seen last is out of date$/);
    await repository.listen();
  }, 20_000);
});

describe('the cache', () => {
  type Kept = Record<string, string>;
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
  test.each<[string, (kept: Kept) => string]>([
    ['is cut off', () => '{"root.json":'],
    ['is empty', () => ''],
    ['is {}', () => '{}'],
    ['is []', () => '[]'],
    ['is null', () => 'null'],
    ['has a root that is no text', (kept) => JSON.stringify({ ...kept, 'root.json': 1 })],
    ['has an empty root', (kept) => JSON.stringify({ ...kept, 'root.json': '' })],
    ['has a root that is no JSON', (kept) => JSON.stringify({ ...kept, 'root.json': 'AAAA' })],
    ['has a root that is {}', (kept) => JSON.stringify({ ...kept, 'root.json': encoded({}) })],
    ['has something else for a root', (kept) => JSON.stringify({ ...kept, 'root.json': kept['targets.json'] })],
    [
      'has a root that nobody signed',
      (kept) => {
        const root = JSON.parse(Buffer.from(kept['root.json'] ?? '', 'base64').toString());
        return JSON.stringify({ ...kept, 'root.json': encoded({ ...root, signatures: [] }) });
      },
    ],
    ['has nothing but a root', (kept) => JSON.stringify({ 'root.json': kept['root.json'] })],
    ['has a timestamp that is none', (kept) => JSON.stringify({ ...kept, 'timestamp.json': 'AAAA' })],
    ['has a file that is another', (kept) => JSON.stringify({ ...kept, 'targets/trusted_root.json': 'AAAA' })],
  ])('that %s is as good as none, and is written anew', async (_, broken) => {
    repository.show({ version: 1, target: rootOf('one') });
    await run();
    const [name = ''] = readdirSync(join(base, 'cache'));
    const file = join(base, 'cache', name);
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, broken(kept));
    expect(await run()).toBe('one');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(kept);
  });

  test('that can’t be written to is no fault', async () => {
    repository.show({ version: 1, target: rootOf('one') });
    writeFileSync(join(base, 'a file'), '');
    expect(await run(join(base, 'a file'))).toBe('one');
  });

  test('is used by several runs at once', async () => {
    repository.show({ version: 1, target: rootOf('one') });
    expect(new Set(await Promise.all(Array.from({ length: 8 }, () => run())))).toEqual(new Set(['one']));
    repository.show({ version: 2, target: rootOf('two') });
    expect(new Set(await Promise.all(Array.from({ length: 8 }, () => run())))).toEqual(new Set(['two']));
    expect(readdirSync(join(base, 'cache'))).toHaveLength(1);
  });
});
