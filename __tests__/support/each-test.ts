import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type GitHubServer, startGitHub } from './github-server.ts';
import { startTestRegistry } from './registry.ts';
import { type Workspace, workspace } from './scenario.ts';

/** What is made anew for each test of a file and cleared away after it. The functions are called at the file's top. */

/** GitHub's API; a request or an answer that its description doesn't allow fails the test. */
export function githubOfEachTest(): Omit<GitHubServer, 'stop'> {
  let server: GitHubServer;
  beforeEach(async () => {
    server = await startGitHub();
  });
  afterEach(async () => {
    await server.stop();
    expect(server.faults).toEqual([]);
  });
  return current(() => server, ['url', 'asked', 'faults', 'state', 'trouble']);
}

export interface PublishingSpace {
  /** Of the registry, which all tests of the file share. */
  readonly host: string;
  /** Counts what is written to it, for those who come by it. */
  readonly proxy: FaultProxy;
  /** With a small chart in `chart`. */
  readonly space: Workspace;
  /** The path in the registry that is the test's own. */
  readonly place: string;
}

/** A chart to publish and a place in a real registry. */
export function publishingSpaceOfEachTest(): PublishingSpace {
  let registry: Awaited<ReturnType<typeof startTestRegistry>>;
  let made: PublishingSpace;
  let number = 0;
  beforeAll(async () => {
    registry = await startTestRegistry();
  });
  afterAll(() => registry.stop());
  beforeEach(async () => {
    const space = workspace();
    space.chart('chart');
    const proxy = await startFaultProxy(registry.host, () => undefined);
    made = { host: registry.host, proxy, space, place: `charts-${++number}` };
  });
  afterEach(async () => {
    made.space.remove();
    await made.proxy.stop();
  });
  return current(() => made, ['host', 'proxy', 'space', 'place']);
}

/** An object that stands for whatever is the one of the test that runs. */
function current<T extends object>(get: () => T, keys: readonly (keyof T & string)[]): T {
  const properties = keys.map((key) => {
    const set = (value: T[typeof key]): void => {
      get()[key] = value;
    };
    return [key, { get: () => get()[key], set, enumerable: true }];
  });
  return Object.defineProperties({}, Object.fromEntries(properties)) as T;
}
