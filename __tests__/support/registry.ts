import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TestRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  stop(): Promise<void>;
}

/** A real registry on a free port of loopback, with a folder of its own that goes when it stops. */
export async function startTestRegistry(options: { username?: string; password?: string } = {}): Promise<TestRegistry> {
  // @ts-expect-error a script of the repository, plain JavaScript
  const { startRegistry } = await import('../../scripts/registry.mjs');
  const storage = await mkdtemp(path.join(tmpdir(), 'chartship-registry-'));
  let users: string | undefined;
  if (options.username !== undefined && options.password !== undefined) {
    const { hash } = await import('bcryptjs');
    users = path.join(storage, 'htpasswd');
    await writeFile(users, `${options.username}:${await hash(options.password, 4)}\n`, { mode: 0o600 });
  }
  const registry = (await startRegistry({ storage, ...(users !== undefined && { users }) })) as TestRegistry;
  return {
    host: registry.host,
    stop: async () => {
      await registry.stop();
      await rm(storage, { recursive: true, force: true });
    },
  };
}
