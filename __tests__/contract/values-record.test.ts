import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Location, parseTarget } from '../../src/domain/reference.ts';
import { RECORD_TYPE, type ValuesRecord } from '../../src/domain/values-record.ts';
import { publish } from '../../src/stages/publish.ts';
import { attachRecord, readRecords } from '../../src/stages/values-record.ts';
import { packageOf } from '../support/archives.ts';
import { type Fault, type Script, type Seen, startFaultProxy } from '../support/fault-proxy.ts';
import { registryClient, startTestRegistry, type TestRegistry } from '../support/registry.ts';

let temporary: string;
let registry: TestRegistry;
beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'chartship-record-'));
  registry = await startTestRegistry();
});
afterAll(async () => {
  await registry.stop();
  await rm(temporary, { recursive: true, force: true });
});

const record = (digit: string): ValuesRecord =>
  new Map([['prod', [{ named: '../x.yaml', path: 'x.yaml', sha256: digit.repeat(64) }]]]);

describe.each<[string, () => Location]>([
  ['a registry', () => ({ kind: 'registry', host: registry.host, repository: 'charts/demo' })],
  ['a layout', () => ({ kind: 'layout', directory: path.join(temporary, 'layout: of one') })],
])('in %s', (_, place) => {
  test('records are attached to a digest once each, and leave the chart and its tag as they are', async () => {
    const client = registryClient({ temporary });
    const location = place();
    const { fileName, archive, config, annotations } = await packageOf('demo', '1.0.0');
    const pushed = await client.push(location, '1.0.0', { fileName, archive, config, annotations });
    if (!pushed.ok) throw new Error(pushed.fault.message);
    const digest = pushed.value;
    expect(await readRecords(location, digest, client)).toEqual({ ok: true, value: [] });
    for (const digit of ['a', 'b', 'a']) {
      expect(await attachRecord(record(digit), location, digest, client)).toBeUndefined();
    }
    const found = await readRecords(location, digest, client);
    expect(found.ok && new Set(found.value)).toEqual(new Set([record('a'), record('b')]));
    expect(found.ok && found.value).toHaveLength(2);
    expect(await client.manifest(location, '1.0.0')).toMatchObject({ ok: true, value: { digest } });
    expect(client.calls.filter(({ args }) => args[0] === 'attach')).toHaveLength(2);
    const other = await client.attached(location, digest, `${RECORD_TYPE}.other`);
    expect(other).toEqual({ ok: true, value: [] });
  });
});

test('eight at once into one layout: none is lost, and a chart can still be added', async () => {
  const location: Location = { kind: 'layout', directory: path.join(temporary, 'shared') };
  const { fileName, archive, config, annotations } = await packageOf('demo', '1.0.0');
  const artifact = { fileName, archive, config, annotations };
  const client = registryClient({ temporary });
  const pushed = await client.push(location, '1.0.0', artifact);
  if (!pushed.ok) throw new Error(pushed.fault.message);
  const digits = [...'12345678'];
  const faults = await Promise.all(
    digits.map((digit) => attachRecord(record(digit), location, pushed.value, registryClient({ temporary }))),
  );
  expect(faults).toEqual(digits.map(() => undefined));
  const found = await readRecords(location, pushed.value, client);
  expect(found.ok && found.value).toHaveLength(8);
  expect((await client.push(location, '2.0.0', artifact)).ok).toBe(true);
  const index = JSON.parse(await readFile(path.join(temporary, 'shared', 'index.json'), 'utf8'));
  expect(
    index.manifests.filter(({ artifactType }: { artifactType?: string }) => artifactType === RECORD_TYPE),
  ).toHaveLength(8);
});

describe('a list of referrers', () => {
  async function publishThrough(script: Script) {
    const proxy = await startFaultProxy(registry.host, script);
    try {
      const target = parseTarget(`oci://${proxy.host}/charts`);
      if (target === undefined) throw new Error('no target');
      const options = { root: temporary, record: record('a') };
      const client = registryClient({ temporary });
      return await publish(await packageOf('listed', '1.0.0'), [target], options, { registry: client });
    } finally {
      await proxy.stop();
    }
  }
  const isList = ({ method, path: where }: Seen): boolean => method === 'PUT' && /manifests\/sha256-/.test(where);

  test('that may not be written is a failed publish, which the next run completes', async () => {
    const refused = await publishThrough((seen) => (isList(seen) ? { kind: 'answer', status: 403 } : undefined));
    expect(refused.outcomes).toMatchObject([{ outcome: 'failed' }]);
    expect(refused.findings[0]?.message).toMatch(/It is there as sha256:\w{64}, but without a record/);
    const { outcomes, findings } = await publishThrough(() => undefined);
    expect([outcomes[0]?.outcome, findings]).toEqual(['already-published', []]);
    const location: Location = { kind: 'registry', host: registry.host, repository: 'charts/listed' };
    const found = await readRecords(location, outcomes[0]?.digest ?? '', registryClient({ temporary }));
    expect(found).toEqual({ ok: true, value: [record('a')] });
  });

  test('that another writer replaced is written again', async () => {
    let times = 0;
    const lost = (seen: Seen): Fault | undefined =>
      isList(seen) && ++times === 1 ? { kind: 'answer', status: 201 } : undefined;
    const { findings } = await publishThrough(lost);
    expect(findings).toEqual([]);
  });
});

test('a digest that is not there is a fault', async () => {
  const client = registryClient({ temporary });
  const absent = `sha256:${'0'.repeat(64)}`;
  const nowhere: Location = { kind: 'registry', host: registry.host, repository: 'charts/none' };
  expect((await readRecords(nowhere, absent, client)).ok).toBe(false);
});
