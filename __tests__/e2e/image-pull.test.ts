import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pushPause } from '../support/answering-registry.ts';
import { type Cluster, clusterCommand, startCluster } from '../support/cluster.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { isPossible: kindIsPossible } = await import('../../scripts/cluster/kind.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG && !kindIsPossible();

(isOurs ? describe : describe.skip)('images from a registry of the test', () => {
  let cluster: Cluster;
  let registry: TestRegistry;
  let image: string;
  let folder: string;

  beforeAll(async () => {
    await clusterCommand('prepare');
    cluster = await startCluster('e2e-pull', 1);
    registry = await startTestRegistry();
    folder = mkdtempSync(join(tmpdir(), 'chartship-e2e-pull-'));
    image = await pushPause(folder, registry.host);
  }, 900_000);
  afterAll(async () => {
    await cluster?.down();
    await registry?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const serve = (port: string | number): Promise<string> =>
    clusterCommand('registry', String(port), '--name', cluster.name);

  /** Runs a pod of an image until it runs or is said to wait for something; what it says. */
  async function outcome(name: string, reference: string): Promise<string> {
    await cluster.kubectl('run', name, `--image=${reference}`, '--restart=Never');
    for (let tries = 0; tries < 300; tries++) {
      const { status } = await cluster.get('pod', name);
      if (status.phase === 'Running') return 'Running';
      const waiting = status.containerStatuses?.[0]?.state?.waiting;
      if (waiting?.reason === 'ErrImagePull') return waiting.message;
      await wait(100);
    }
    throw new Error(`nothing came of ${name}`);
  }

  test('one that is there is pulled by a node, one that is not is not found', async () => {
    await serve(registry.host.split(':')[1] ?? '');
    expect(await outcome('there', image)).toBe('Running');
    expect(await outcome('absent', 'registry.test/absent:1')).toMatch(/not found/);
  }, 60_000);

  test.each([
    [401, /401|authorization failed|unauthorized/i],
    [429, /429 Too Many Requests/],
  ])(
    'a registry that answers %i is heard by the nodes',
    async (status, said) => {
      const server = await answering(status);
      try {
        await serve((server.address() as AddressInfo).port);
        expect(await outcome(`answer-${status}`, `registry.test/refused:${status}`)).toMatch(said);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    },
    60_000,
  );
});

async function answering(status: number): Promise<Server> {
  const server = createServer((_request, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
