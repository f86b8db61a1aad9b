import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Location, parseTarget, type Target } from '../../src/domain/reference.ts';
import { promote } from '../../src/stages/promote.ts';
import { packageOf } from '../support/archives.ts';
import { closedPort } from '../support/closed-port.ts';
import { type Fault, type Script, type Seen, startFaultProxy } from '../support/fault-proxy.ts';
import { startReferrersRegistry } from '../support/referrers-registry.ts';
import { registryClient, startTestRegistry, type TestRegistry } from '../support/registry.ts';

let temporary: string;
let from: TestRegistry;
let to: TestRegistry;
let api: Awaited<ReturnType<typeof startReferrersRegistry>>;
beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'chartship-promote-'));
  [from, to, api] = await Promise.all([startTestRegistry(), startTestRegistry(), startReferrersRegistry()]);
});
afterAll(async () => {
  await Promise.all([from.stop(), to.stop(), api.stop()]);
  await rm(temporary, { recursive: true, force: true });
});

const TYPE = 'application/vnd.example.note.v1';
let published: { name: string; version: string; reference: string; location: Location; digest: string };
let place = 0;
beforeEach(async () => {
  const client = registryClient({ temporary });
  const location: Location = { kind: 'registry', host: from.host, repository: `from-${++place}/demo` };
  const { fileName, archive, config, annotations } = await packageOf('demo', '1.0.0+b');
  const pushed = await client.push(location, '1.0.0_b', { fileName, archive, config, annotations });
  if (!pushed.ok) throw new Error(pushed.fault.message);
  await client.attach(location, pushed.value, { type: TYPE, annotations: { 'example.note': 'first' } });
  published = { name: 'demo', version: '1.0.0+b', reference: 'oci://…', location, digest: pushed.value };
});

function targetOf(text: string): Target {
  const target = parseTarget(text);
  if (target === undefined) throw new Error(`${text} is no target`);
  return target;
}

const run = (...texts: string[]) =>
  promote(published, texts.map(targetOf), { root: temporary }, { registry: registryClient({ temporary }) });
const notesAt = async (location: Location): Promise<unknown[]> => {
  const found = await registryClient({ temporary }).attached(location, published.digest, TYPE);
  return found.ok ? found.value.map(({ annotations }) => annotations['example.note']) : [found.fault];
};

describe.each<[string, () => [string, Location]]>([
  [
    'a registry',
    () => [`oci://${to.host}/to-${place}`, { kind: 'registry', host: to.host, repository: `to-${place}/demo` }],
  ],
  [
    'a registry with the referrers API',
    () => [`oci://${api.host}/to-${place}`, { kind: 'registry', host: api.host, repository: `to-${place}/demo` }],
  ],
  [
    'another path of the same registry',
    () => [`oci://${from.host}/to-${place}`, { kind: 'registry', host: from.host, repository: `to-${place}/demo` }],
  ],
  [
    'a layout',
    () => [`oci-layout:to ${place}`, { kind: 'layout', directory: path.join(temporary, `to ${place}`, 'demo') }],
  ],
])('to %s', (_, where) => {
  test('the very digest is copied with what is attached to it, once', async () => {
    const [target, location] = where();
    const { outcomes, findings } = await run(target);
    const { digest } = published;
    expect(findings).toEqual([]);
    const outcome = {
      chart: 'demo',
      version: '1.0.0+b',
      registry: target,
      reference: `${target}/demo@${digest}`,
      digest,
    };
    expect(outcomes).toEqual([{ ...outcome, outcome: 'pushed' }]);
    expect(await registryClient({ temporary }).manifest(location, '1.0.0_b')).toMatchObject({ value: { digest } });
    expect(await notesAt(location)).toEqual(['first']);

    // What is attached later comes along with the next run, which copies nothing else.
    await registryClient({ temporary }).attach(published.location, digest, {
      type: TYPE,
      annotations: { 'example.note': 'second' },
    });
    const again = await run(target);
    expect([again.outcomes, again.findings]).toEqual([[{ ...outcome, outcome: 'already-published' }], []]);
    expect(new Set(await notesAt(location))).toEqual(new Set(['first', 'second']));
  });

  test('something else under the version is refused and left as it is', async () => {
    const [target, location] = where();
    const { fileName, archive, config, annotations } = await packageOf('demo', '1.0.0+b', {
      'values.yaml': 'replicas: 2\n',
    });
    const other = await registryClient({ temporary }).push(location, '1.0.0_b', {
      fileName,
      archive,
      config,
      annotations,
    });
    const theirs = other.ok ? other.value : '';
    const { outcomes, findings } = await run(target);
    expect(outcomes).toEqual([{ chart: 'demo', version: '1.0.0+b', registry: target, outcome: 'refused' }]);
    expect(findings).toMatchObject([{ rule: 'publish/refused', severity: 'error' }]);
    expect(findings[0]?.message).toBe(`demo 1.0.0+b is in ${target} already, as ${theirs}, not as ${published.digest}`);
    expect(await registryClient({ temporary }).manifest(location, '1.0.0_b')).toMatchObject({
      value: { digest: theirs },
    });
  });
});

test('to where it is already nothing is written', async () => {
  const proxy = await startFaultProxy(from.host, () => undefined);
  const through: Location = { kind: 'registry', host: proxy.host, repository: `from-${place}/demo` };
  try {
    const target = targetOf(`oci://${proxy.host}/from-${place}`);
    const registry = registryClient({ temporary });
    const { outcomes } = await promote(
      { ...published, location: through },
      [target],
      { root: temporary },
      { registry },
    );
    expect(outcomes).toMatchObject([{ outcome: 'already-published', digest: published.digest }]);
    expect([proxy.seen.length > 0, proxy.uploads()]).toEqual([true, 0]);
  } finally {
    await proxy.stop();
  }
});

test('of several places each has its outcome, and what failed is named with its host', async () => {
  const down = `oci://127.0.0.1:${await closedPort()}/charts`;
  const up = `oci://${to.host}/several-${place}`;
  const { outcomes, findings } = await run(down, up);
  expect(outcomes.map(({ registry, outcome }) => [registry, outcome])).toEqual([
    [down, 'failed'],
    [up, 'pushed'],
  ]);
  expect(findings).toMatchObject([{ rule: 'publish/unreachable', message: expect.stringContaining(down) }]);
  expect(findings[0]?.hint).toContain(`Has demo 1.0.0+b: ${up}.`);
});

describe('a registry that goes wrong in between', () => {
  async function through(script: Script) {
    const proxy = await startFaultProxy(to.host, script);
    try {
      return { ...(await run(`oci://${proxy.host}/between-${place}`)), host: proxy.host };
    } finally {
      await proxy.stop();
    }
  }
  const isManifest = ({ method, path: where }: Seen): boolean => method === 'PUT' && /manifests\/sha256:/.test(where);
  const isList = ({ method, path: where }: Seen): boolean => method === 'PUT' && /manifests\/sha256-/.test(where);

  test('that refuses to be written to is named, not the one that is copied from', async () => {
    const { outcomes, findings, host } = await through((seen) =>
      isManifest(seen) ? { kind: 'answer', status: 403 } : undefined,
    );
    expect(outcomes).toMatchObject([{ outcome: 'failed' }]);
    expect(findings).toMatchObject([{ rule: 'publish/denied', message: expect.stringContaining(`: ${host} refuses`) }]);
  });

  test('that loses the list of what is attached is a failure, which tells what is missing', async () => {
    const { outcomes, findings } = await through((seen): Fault | undefined =>
      isList(seen) ? { kind: 'answer', status: 201 } : undefined,
    );
    expect(outcomes).toMatchObject([{ outcome: 'failed' }]);
    expect(findings[0]?.message).toMatch(
      /does not list 1 of the 1 artifacts attached to sha256:\w{64} \(sha256:\w{64}\)/,
    );
  });

  test('another writer that was faster is found out', async () => {
    let theirs = '';
    const location: Location = { kind: 'registry', host: to.host, repository: `between-${place}/demo` };
    const { fileName, archive, config, annotations } = await packageOf('demo', '1.0.0+b', { 'values.yaml': 'a: 1\n' });
    let looks = 0;
    const proxy = await startFaultProxy(to.host, (seen) => {
      if (/manifests\/1\.0\.0_b$/.test(seen.path)) looks += 1;
      return undefined;
    });
    const client = registryClient({
      temporary,
      after: async ({ args }) => {
        if (args[0] !== 'cp') return;
        const pushed = await registryClient({ temporary }).push(location, '1.0.0_b', {
          fileName,
          archive,
          config,
          annotations,
        });
        theirs = pushed.ok ? pushed.value : '';
      },
    });
    try {
      const target = targetOf(`oci://${proxy.host}/between-${place}`);
      const { findings } = await promote(published, [target], { root: temporary }, { registry: client });
      expect(looks).toBeGreaterThan(1);
      expect(findings).toMatchObject([{ rule: 'publish/race', message: expect.stringContaining(theirs) }]);
      expect(await client.manifest(location, '1.0.0_b')).toMatchObject({ value: { digest: theirs } });
    } finally {
      await proxy.stop();
    }
  });
});

test('a source that is down is named', async () => {
  const host = `127.0.0.1:${await closedPort()}`;
  const location: Location = { kind: 'registry', host, repository: 'from/demo' };
  const target = targetOf(`oci://${to.host}/nothing-${place}`);
  const registry = registryClient({ temporary });
  const { findings } = await promote({ ...published, location }, [target], { root: temporary }, { registry });
  expect(findings).toMatchObject([{ rule: 'publish/unreachable' }]);
  expect(findings[0]?.message).toContain(`: ${host} cannot be reached`);
});

test('each place is asked with its own login, which is in no argument', async () => {
  const [one, other] = await Promise.all([
    startTestRegistry({ username: 'reader', password: 'secret-of-the-reader' }),
    startTestRegistry({ username: 'writer', password: 'secret-of-the-writer' }),
  ]);
  try {
    const client = registryClient({
      temporary,
      given: [
        { host: one.host, username: 'reader', password: 'secret-of-the-reader' },
        { host: other.host, username: 'writer', password: 'secret-of-the-writer' },
      ],
    });
    const first = targetOf(`oci://${one.host}/charts`);
    await promote(published, [first], { root: temporary }, { registry: client });
    const location: Location = { kind: 'registry', host: one.host, repository: 'charts/demo' };
    const second = targetOf(`oci://${other.host}/charts`);
    const { outcomes } = await promote({ ...published, location }, [second], { root: temporary }, { registry: client });
    expect(outcomes).toMatchObject([{ outcome: 'pushed', digest: published.digest }]);
    expect(client.calls.filter(({ args }) => args[0] === 'cp')).toHaveLength(2);
    expect(JSON.stringify(client.calls)).not.toContain('secret-of');
  } finally {
    await Promise.all([one.stop(), other.stop()]);
  }
});

test('what a registry with the referrers API has comes along to one without', async () => {
  const middle = targetOf(`oci://${api.host}/middle-${place}`);
  const registry = registryClient({ temporary });
  await promote(published, [middle], { root: temporary }, { registry });
  const location: Location = { kind: 'registry', host: api.host, repository: `middle-${place}/demo` };
  const last = targetOf(`oci://${to.host}/last-${place}`);
  const { findings } = await promote({ ...published, location }, [last], { root: temporary }, { registry });
  expect(findings).toEqual([]);
  expect(await notesAt({ kind: 'registry', host: to.host, repository: `last-${place}/demo` })).toEqual(['first']);
});
