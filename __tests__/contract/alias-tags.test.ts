import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Location } from '../../src/domain/reference.ts';
import type { Registry } from '../../src/ports.ts';
import { moveAliases } from '../../src/stages/alias.ts';
import { packageOf } from '../support/archives.ts';
import { type Fault, faulty, refusal, startFaultProxy } from '../support/fault-proxy.ts';
import { registryClient, startTestRegistry, type TestRegistry, tool } from '../support/registry.ts';

/** Alias tags in a real registry: two runs at once, a registry that fails, and what helm makes of such tags. */

let temporary: string;
let server: TestRegistry;
let number = 0;
let location: Extract<Location, { kind: 'registry' }>;
beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'chartship-alias-'));
  server = await startTestRegistry();
});
afterAll(async () => {
  await server.stop();
  await rm(temporary, { recursive: true, force: true });
});
beforeEach(() => {
  location = { kind: 'registry', host: server.host, repository: `charts-${++number}/demo` };
});

const client = () => registryClient({ temporary });
const MINOR = '{{major}}.{{minor}}';

async function push(version: string, registry: Registry = client()): Promise<string> {
  const pushed = await registry.push(location, version, await packageOf('demo', version));
  if (!pushed.ok) throw new Error(pushed.fault.message);
  return pushed.value;
}

async function digestOf(tag: string): Promise<string | undefined> {
  const found = await client().manifest(location, tag);
  if (!found.ok) throw new Error(found.fault.message);
  return found.value?.digest;
}

const move = (version: string, digest: string, registry: Registry, at = location) =>
  moveAliases({ chart: 'demo', version, digest, location: at, registry: `oci://${at.host}` }, [MINOR], { registry });

describe('two releases at once', () => {
  test('the older one, which was looking before the newer was there and tags after it, puts the newer back', async () => {
    const [older, registry] = [await push('1.2.3'), client()];
    let newer: string | undefined;
    const late: Registry = {
      ...registry,
      tag: async (...args) => {
        if (newer === undefined) {
          newer = await push('1.2.4');
          expect(await move('1.2.4', newer, client())).toEqual({ findings: [], aliases: ['1.2'] });
        }
        return registry.tag(...args);
      },
    };
    const { findings, aliases } = await move('1.2.3', older, late);
    expect([findings.map(({ severity, rule }) => `${severity} ${rule}`), aliases]).toEqual([
      ['note publish/alias'],
      [],
    ]);
    expect(newer).toBeDefined();
    expect(await digestOf('1.2')).toBe(newer);
  });
});

describe('a registry that fails', () => {
  test.each<[string, (seen: { method: string; path: string }) => boolean]>([
    ['says no to the list of tags', ({ path }) => path.includes('/tags/list')],
    ['says no to the tag', ({ method }) => method === 'PUT'],
  ])('%s: an error that names the tag, and the tag stays', async (_what, matches) => {
    const before = await push('1.2.3');
    await move('1.2.3', before, client());
    const digest = await push('1.2.4');
    const proxy = await startFaultProxy(server.host, faulty(refusal(403, 'DENIED', 'denied'), matches));
    try {
      const { findings, aliases } = await move('1.2.4', digest, client(), { ...location, host: proxy.host });
      expect(aliases).toEqual([]);
      expect(findings).toMatchObject([{ severity: 'error', rule: 'publish/alias-failed', chart: 'demo' }]);
      expect(findings[0]?.message).toContain('the tag 1.2 of demo');
      expect(findings[0]?.message).toContain('refuses access (403)');
    } finally {
      await proxy.stop();
    }
    expect(await digestOf('1.2')).toBe(before);
  });
});

describe('a list of tags that lacks what was just published', () => {
  const unknown = refusal(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  test.each<[string, Fault]>([
    ['no such repository', unknown],
    ['a page', { kind: 'answer', status: 404, headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['nothing', { kind: 'answer', status: 200, body: '{"name":"demo","tags":[]}' }],
    ['null', { kind: 'answer', status: 200, body: 'null' }],
    ['an older one', { kind: 'answer', status: 200, body: '{"name":"demo","tags":["1.2.2"]}' }],
  ])('%s: the tag does not go back, and it is an error', async (_what, answer) => {
    const older = await push('1.2.3');
    const newer = await push('1.2.4');
    await move('1.2.4', newer, client());
    const proxy = await startFaultProxy(
      server.host,
      faulty(answer, ({ path }) => path.includes('/tags/list')),
    );
    try {
      const { findings, aliases } = await move('1.2.3', older, client(), { ...location, host: proxy.host });
      expect([aliases, proxy.uploads()]).toEqual([[], 0]);
      expect(findings).toMatchObject([{ severity: 'error', rule: 'publish/alias-failed', chart: 'demo' }]);
      expect(findings[0]?.message).toContain(proxy.host);
    } finally {
      await proxy.stop();
    }
    expect(await digestOf('1.2')).toBe(newer);
  });
});

test('a tag that is right already is not written again', async () => {
  const digest = await push('1.2.3');
  await move('1.2.3', digest, client());
  const proxy = await startFaultProxy(server.host, () => undefined);
  try {
    expect((await move('1.2.3', digest, client(), { ...location, host: proxy.host })).aliases).toEqual(['1.2']);
    expect(proxy.uploads()).toBe(0);
  } finally {
    await proxy.stop();
  }
});

describe.each(['helm', 'helm3'] as const)('%s', (name) => {
  const versionOf = async (...args: string[]): Promise<string | undefined> => {
    const reference = `oci://${location.host}/${location.repository}`;
    const env = { PATH: process.env.PATH, HOME: temporary };
    const { stdout } = await promisify(execFile)(
      tool(name),
      ['show', 'chart', `${reference}${args[0] ?? ''}`, '--plain-http', ...args.slice(1)],
      { env },
    );
    return /^version: (.+)$/m.exec(stdout)?.[1];
  };

  test('takes a range from the versions, whatever aliases there are, and an alias by its name', async () => {
    await push('1.2.3');
    const digest = await push('1.2.4');
    const version = { chart: 'demo', version: '1.2.4', digest, location, registry: '' };
    const { aliases } = await moveAliases(version, ['{{major}}', MINOR, 'latest'], { registry: client() });
    expect(aliases).toEqual(['1', '1.2', 'latest']);
    await push('1.3.0');
    expect(await versionOf('', '--version', '^1.0.0')).toBe('1.3.0');
    expect(await versionOf('', '--version', '~1.2.0')).toBe('1.2.4');
    expect(await versionOf('')).toBe('1.3.0');
    expect(await versionOf(':1.2')).toBe('1.2.4');
  });
});
