import { existsSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
let silent: Server;

beforeAll(async () => {
  space = workspace();
  space.chart('demo');
  // A registry that takes connections and never answers.
  silent = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  silent.close();
  space.remove();
});

test('an interrupted run says what it did publish', async () => {
  const { port } = silent.address() as AddressInfo;
  const index = join(space.root, 'lay/demo/index.json');
  const { code, report } = await command(
    space,
    ['demo', '--registry', `oci-layout:lay,oci://127.0.0.1:${port}/charts`],
    {
      started: (pid) => {
        const look = setInterval(() => {
          if (!existsSync(index)) return;
          clearInterval(look);
          // The layout is read back once more before it is done with.
          setTimeout(() => process.kill(pid, 'SIGTERM'), 1_000);
        }, 20);
      },
    },
  );
  expect(code).toBe(143);
  expect(report?.status).toBe('cancelled');
  expect(report?.published).toEqual([expect.objectContaining({ registry: 'oci-layout:lay', outcome: 'pushed' })]);
});
