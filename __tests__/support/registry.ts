import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRegistry } from '../../src/adapters/oras.ts';
import { type Call, createRunner, type Run } from '../../src/adapters/process.ts';
import { createCredentials } from '../../src/adapters/registry-credentials.ts';
import type { Credential } from '../../src/domain/credential.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import type { Registry } from '../../src/ports.ts';

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

/** The pinned program that the tests were given; there is no other. */
export function tool(name: 'helm' | 'helm3' | 'oras' | 'referrers'): string {
  const tools = JSON.parse(process.env.CHARTSHIP_TOOLS ?? '{}') as Record<string, string>;
  const file = tools[name];
  if (file === undefined) throw new Error(`CHARTSHIP_TOOLS names no ${name}: run the tests by "npm test"`);
  return file;
}

/** Runs real programs with the project's own runner. */
export function testRun(milliseconds?: number): Run {
  const limits = { ...DEFAULT_LIMITS, ...(milliseconds !== undefined && { registryMilliseconds: milliseconds }) };
  return createRunner(limits, new AbortController().signal, process.env, 4).run;
}

export interface ClientOptions {
  readonly temporary: string;
  readonly given?: readonly Credential[];
  /** The hosts that a credential without a host is for. */
  readonly registries?: readonly string[];
  readonly milliseconds?: number;
  readonly environment?: NodeJS.ProcessEnv;
  /** Happens after each call of oras: what a disk or a network may do to its result. */
  readonly after?: (call: Call) => Promise<void>;
}

/** The registry adapter on the real oras, with what it ran, said and masked. */
export function registryClient(
  options: ClientOptions,
): Registry & { calls: Call[]; notes: string[]; masked: string[] } {
  const limits = { ...DEFAULT_LIMITS, registryMilliseconds: options.milliseconds ?? 10_000 };
  const { run } = createRunner(limits, new AbortController().signal, process.env, 4);
  const [calls, notes, masked]: [Call[], string[], string[]] = [[], [], []];
  const registry = createRegistry({
    oras: async () => tool('oras'),
    run: async (call) => {
      calls.push(call);
      const ran = await run(call);
      await options.after?.(call);
      return ran;
    },
    credentials: createCredentials({
      given: options.given ?? [],
      registries: options.registries ?? [],
      environment: options.environment ?? {},
      home: options.temporary,
      platform: process.platform,
      temporary: options.temporary,
      mask: (secret) => masked.push(secret),
    }),
    plainHttp: false,
    temporary: options.temporary,
    limits,
    note: (text) => notes.push(text),
  });
  return { ...registry, calls, notes, masked };
}
