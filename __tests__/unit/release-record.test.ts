import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/domain/kube-object.ts';
import { asFailed, asSuperseded, decodeRecord, revisionsOf, withManifest } from '../../src/domain/release-record.ts';

/** As helm writes it: `info` comes before everything that a chart or a value has a say in. */
const record = (info: object, rest: object = {}): string =>
  JSON.stringify({ name: 'a', info: { first_deployed: 't', deleted: '', ...info }, chart: {}, manifest: '', ...rest });

function secret(text: string, labels: Record<string, string> = {}, revision = 2): KubeObject {
  const release = Buffer.from(Buffer.from(gzipSync(text)).toString('base64')).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `sh.helm.release.v1.a.v${revision}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { owner: 'helm', name: 'a', status: 'deployed', version: String(revision), ...labels },
    },
    data: { release },
  };
}

const textOf = (change: object | undefined): string => {
  const { release } = (change as { data: { release: string } }).data;
  return gunzipSync(Buffer.from(Buffer.from(release, 'base64').toString(), 'base64')).toString();
};

describe('revisions', () => {
  const ours = { 'chartship.dev/verdict': 'healthy', 'chartship.dev/revision': '2', 'chartship.dev/run': 'r' };

  test('newest first, by number', () => {
    const secrets = [secret('', {}, 9), secret('', {}, 10), secret('', {}, 1)];
    expect(revisionsOf(secrets).map(({ revision }) => revision)).toEqual([10, 9, 1]);
  });

  test.each<[string, Record<string, string>, object | undefined]>([
    ['ours', ours, { verdict: 'healthy', run: 'r', content: '' }],
    ['inherited by a later revision of plain helm', { ...ours, version: '3' }, undefined],
    ['plain', {}, undefined],
    ['an unknown verdict', { ...ours, 'chartship.dev/verdict': 'great' }, undefined],
  ])('labels: %s', (_, labels, expected) => {
    expect(revisionsOf([secret('', labels)])[0]?.ours).toEqual(expected);
  });

  test.each([{ owner: 'somebody' }, { version: 'x' }, { version: '0' }, { version: '1.5' }])('%j is none', (labels) => {
    expect(revisionsOf([secret('', labels as Record<string, string>)])).toEqual([]);
  });

  test('a status that nobody knows', () => {
    expect(revisionsOf([secret('', { status: 'fresh' })])[0]?.status).toBe('unknown');
  });
});

describe('records', () => {
  test('of helm 4 and helm 3', () => {
    const hooks = [{ name: 't', kind: 'Pod', manifest: 'm', events: ['test'], delete_policies: ['hook-succeeded'] }];
    const four = record(
      { status: 'deployed', description: 'd' },
      { manifest: 'x: 1', hooks, apply_method: 'ssa', chart: { metadata: { name: 'c' } } },
    );
    expect(decodeRecord(secret(four))).toEqual({
      chart: 'c',
      manifest: 'x: 1',
      description: 'd',
      serverSide: true,
      hooks: [{ name: 't', kind: 'Pod', manifest: 'm', events: ['test'], deletePolicies: ['hook-succeeded'] }],
    });
    expect(decodeRecord(secret(record({})))).toMatchObject({ chart: '', hooks: [], serverSide: false });
  });

  test.each<[string, KubeObject]>([
    ['no data', { ...secret(''), data: undefined }],
    ['no base64 of gzip', { ...secret(''), data: { release: 'AAAA' } }],
    ['no JSON', secret('no')],
    ['a list', secret('[]')],
    ['larger than is read', secret(JSON.stringify('x'.repeat(65 * 1024 * 1024)))],
  ])('not one: %s', (_, damaged) => {
    expect(decodeRecord(damaged)).toBeUndefined();
  });
});

describe('marked as failed', () => {
  test('in one place, and nothing else is written anew', () => {
    const text = record(
      { description: 'Preparing "upgrade"', status: 'pending-upgrade' },
      { config: { big: 12345678901234567n.toString(), note: '"status":"pending-upgrade"' } },
    ).replace('"12345678901234567"', '12345678901234567');
    const changed = asFailed(secret(text), 'cut "off"');
    expect(changed).toMatchObject({ metadata: { labels: { status: 'failed' } } });
    expect(textOf(changed)).toBe(
      text
        .replace('"status":"pending-upgrade"', '"status":"failed"')
        .replace('"description":"Preparing \\"upgrade\\""', '"description":"cut \\"off\\""'),
    );
    expect(textOf(changed)).toContain('12345678901234567');
  });

  test('what is not pending is left alone', () => {
    expect(asFailed(secret(record({ status: 'deployed' })), '')).toBeUndefined();
    expect(asFailed({ ...secret(''), data: {} }, '')).toBeUndefined();
  });
});

test('given another manifest', () => {
  const changed = withManifest(
    secret(record({ status: 'pending-install' }, { hooks: [{ name: 'h' }] })),
    'new: 1',
    'failed',
  );
  expect(JSON.parse(textOf(changed))).toMatchObject({
    name: 'a',
    info: { status: 'failed', first_deployed: 't' },
    manifest: 'new: 1',
    hooks: [{ name: 'h' }],
  });
});

test('marked as superseded, in one place', () => {
  const text = record({ status: 'deployed' }, { config: { note: '"status":"deployed"' } });
  const changed = asSuperseded(secret(text));
  expect(changed).toMatchObject({ metadata: { labels: { status: 'superseded' } } });
  expect(textOf(changed)).toBe(text.replace('"status":"deployed"', '"status":"superseded"'));
  expect(asSuperseded(secret(record({ status: 'failed' })))).toBeUndefined();
});
