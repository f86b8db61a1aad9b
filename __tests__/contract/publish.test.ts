import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTarget, type Target } from '../../src/domain/reference.ts';
import type { ChartPackage } from '../../src/domain/staged.ts';
import type { Registry } from '../../src/ports.ts';
import { publish } from '../../src/stages/publish.ts';
import { archiveOf, packageOf } from '../support/archives.ts';
import { type Fault, faulty, refusal, type Script, startFaultProxy } from '../support/fault-proxy.ts';
import {
  type ClientOptions,
  registryClient,
  startTestRegistry,
  type TestRegistry,
  testRun,
  tool,
} from '../support/registry.ts';

let temporary: string;
let open: TestRegistry;
let guarded: TestRegistry;

beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'chartship-publish-'));
  [open, guarded] = await Promise.all([
    startTestRegistry(),
    startTestRegistry({ username: 'user', password: 'p@ss:word/%#' }),
  ]);
});
afterAll(async () => {
  await Promise.all([open.stop(), guarded.stop()]);
  await rm(temporary, { recursive: true, force: true });
});

const client = (options: Partial<ClientOptions> = {}) => registryClient({ temporary, ...options });
const target = (text: string): Target => {
  const parsed = parseTarget(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};
const at = (host: string) => target(`oci://${host}/charts`);
let number = 0;
/** A name of its own for each test: they share the registries. */
const fresh = (what: string) => `${what}-${++number}`;

async function ship(pkg: ChartPackage, targets: readonly Target[], registry: Registry = client()) {
  const { findings, outcomes } = await publish(pkg, targets, { root: temporary }, { registry });
  const [finding] = findings;
  const [outcome] = outcomes;
  if (outcome === undefined) throw new Error('no outcome');
  return { findings, outcomes, finding, outcome };
}

async function tagDigest(
  host: string,
  name: string,
  tag: string,
  registry: Registry = client(),
): Promise<string | undefined> {
  const answer = await registry.manifest({ kind: 'registry', host, repository: `charts/${name}` }, tag);
  if (!answer.ok) throw new Error(answer.fault.message);
  return answer.value?.digest;
}

async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.each([
  ['a registry', () => at(open.host)],
  ['a layout', () => target(`oci-layout:layouts with blanks: and a colon/${number}`)],
])('into %s', (_, place) => {
  test('new, again, other files, and again', async () => {
    const name = fresh('chart');
    const to = place();
    const pkg = await packageOf(name, '1.0.0+build.5');
    const first = await ship(pkg, [to]);
    expect(first.findings).toEqual([]);
    expect(first.outcome).toEqual({
      chart: name,
      version: '1.0.0+build.5',
      registry: to.text,
      reference: `${to.text}/${name}@${first.outcome.digest}`,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      outcome: 'pushed',
    });

    const again = await ship(pkg, [to]);
    expect(again.findings).toEqual([]);
    expect(again.outcome).toEqual({ ...first.outcome, outcome: 'already-published' });

    const files = { 'values.yaml': 'replicas: 2\n', 'templates/new.yaml': 'a: 1\n', 'templates/config.yaml': '' };
    const other = await ship(await packageOf(name, '1.0.0+build.5', files), [to]);
    expect(other.outcome).toEqual({ chart: name, version: '1.0.0+build.5', registry: to.text, outcome: 'refused' });
    expect(other.findings).toEqual([
      {
        stage: 'publish',
        rule: 'publish/refused',
        severity: 'error',
        chart: name,
        message: `${name} 1.0.0+build.5 is in ${to.text} already, with other files: changed templates/config.yaml, values.yaml; added templates/new.yaml`,
        hint: 'Raise "version" in Chart.yaml: what is published is never overwritten.',
      },
    ]);
    expect((await ship(pkg, [to])).outcome).toEqual({ ...first.outcome, outcome: 'already-published' });
  });

  test('the manifest digest does not depend on when or where it was pushed', async () => {
    const pkg = await packageOf('steady', '1.0.0', {
      'Chart.yaml': 'apiVersion: v2\nname: steady\nversion: 1.0.0\ndescription: é\n',
    });
    const { outcome } = await ship(pkg, [place()]);
    expect(outcome.digest).toBe('sha256:24f80d2f878d92f5942214ace18f328da4e809b499c353bcdc407f151ee1f4fd');
  });

  test('the same chart, twice at once: both succeed with one digest', async () => {
    const pkg = await packageOf(fresh('twin'), '1.0.0');
    const to = place();
    const both = await Promise.all([ship(pkg, [to]), ship(pkg, [to], client())]);
    expect(both.flatMap(({ findings }) => findings)).toEqual([]);
    expect(new Set(both.map(({ outcome }) => outcome.digest)).size).toBe(1);
  });

  test('eight versions at once: none is lost', async () => {
    const name = fresh('many');
    const to = place();
    const packages = await Promise.all(
      Array.from({ length: 8 }, (_, index) => packageOf(name, `1.0.${index}`, { a: `${index}` })),
    );
    const first = await Promise.all(packages.map((pkg) => ship(pkg, [to], client())));
    expect(first.map(({ outcome }) => outcome.outcome)).toEqual(Array(8).fill('pushed'));
    const again = await Promise.all(packages.map((pkg) => ship(pkg, [to])));
    expect(again.map(({ outcome }) => outcome)).toEqual(
      first.map(({ outcome }) => ({ ...outcome, outcome: 'already-published' })),
    );
  });

  test('another writer between the look and the push: its content stays, and it is said', async () => {
    const name = fresh('race');
    const to = place();
    const theirs = await packageOf(name, '1.0.0', { 'values.yaml': 'theirs: true\n' });
    const ours = await packageOf(name, '1.0.0', { 'values.yaml': 'ours: true\n' });
    const registry = client();
    const late: Registry = {
      ...registry,
      push: async (...args) => {
        await ship(theirs, [to]);
        return registry.push(...args);
      },
    };
    const { outcome, finding } = await ship(ours, [to], late);
    expect(outcome.outcome).toBe('failed');
    expect(finding?.rule).toBe('publish/race');
    expect(finding?.message).toContain('somebody else wrote');
    expect((await ship(theirs, [to])).outcome.outcome).toBe('already-published');
  });
});

test('a digest of one place is the digest of the other', async () => {
  const pkg = await packageOf(fresh('same'), '2.0.0');
  const { outcomes } = await ship(pkg, [at(open.host), target('oci-layout:same')]);
  expect(outcomes[0]?.digest).toBe(outcomes[1]?.digest);
});

test('more than twenty files that differ are counted', async () => {
  const name = fresh('long');
  const files = Object.fromEntries(
    Array.from({ length: 25 }, (_, index) => [`files/${String(index).padStart(2, '0')}`, 'x']),
  );
  await ship(await packageOf(name, '1.0.0'), [at(open.host)]);
  const { finding } = await ship(await packageOf(name, '1.0.0', files), [at(open.host)]);
  expect(finding?.message).toMatch(/added files\/00, .*files\/19; and 5 more$/);
});

describe('what helm push put there', () => {
  test.each(['helm', 'helm3'] as const)(
    'by %s, the same files: already published, nothing uploaded',
    async (program) => {
      const name = fresh(program);
      const pkg = await packageOf(name, '1.0.0');
      // The same files as helm would pack them: another order, other times, a Chart.yaml as a person writes it.
      const file = path.join(temporary, pkg.fileName);
      await writeFile(
        file,
        await archiveOf(
          { name: `${name}/values.yaml`, content: 'replicas: 1\n' },
          {
            name: `${name}/templates/config.yaml`,
            content: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n',
          },
          { name: `${name}/Chart.yaml`, content: `# A comment\nname: ${name}\nversion: "1.0.0"\napiVersion: v2\n` },
        ),
      );
      const pushed = await testRun()({
        file: tool(program),
        args: ['push', file, `oci://${open.host}/charts`, '--plain-http'],
        milliseconds: 20_000,
      });
      expect([pushed.code, pushed.stderr + new TextDecoder().decode(pushed.stdout)]).toEqual([
        0,
        expect.stringContaining('Digest: sha256:'),
      ]);
      const digest = await tagDigest(open.host, name, '1.0.0');

      const proxy = await startFaultProxy(open.host, () => undefined);
      try {
        const { outcome, findings } = await ship(pkg, [at(proxy.host)]);
        expect(findings).toEqual([]);
        expect(outcome).toMatchObject({ outcome: 'already-published', digest });
        expect(proxy.uploads()).toBe(0);
        const other = await ship(await packageOf(name, '1.0.0', { 'values.yaml': '' }), [at(proxy.host)]);
        expect(other.finding?.message).toContain('with other files: changed values.yaml');
        expect(proxy.uploads()).toBe(0);
        expect(await tagDigest(open.host, name, '1.0.0')).toBe(digest);
      } finally {
        await proxy.stop();
      }
    },
  );

  test('something that is no chart under the version is refused', async () => {
    const name = fresh('image');
    const file = path.join(temporary, 'x.txt');
    await writeFile(file, 'x');
    const args = ['push', `${open.host}/charts/${name}:1.0.0`, '--plain-http', 'x.txt'];
    await testRun()({ file: tool('oras'), args, cwd: temporary, milliseconds: 20_000 });
    const { finding } = await ship(await packageOf(name, '1.0.0'), [at(open.host)]);
    expect(finding?.rule).toBe('publish/refused');
    expect(finding?.message).toContain('as something that is no Helm chart');
  });

  test.each([
    ['no gzip', async () => new TextEncoder().encode('hello'), 'with an archive that is no gzip archive'],
    ['a way out', () => archiveOf({ name: 'c/../../x' }), 'with an archive that holds a path that leads outside'],
  ])('an archive with %s is refused', async (_, archive, said) => {
    const pkg = await packageOf(fresh('broken'), '1.0.0');
    const location = { kind: 'registry', host: open.host, repository: `charts/${pkg.name}` } as const;
    await client().push(location, '1.0.0', { ...pkg, archive: await archive() });
    const { finding } = await ship(pkg, [at(open.host)]);
    expect(finding?.message).toContain(said);
  });
});

describe('two registries of which one is down', () => {
  test('the report says which has it, and the next run completes it', async () => {
    const name = fresh('half');
    const pkg = await packageOf(name, '1.0.0');
    const server = await startTestRegistry();
    await server.stop();
    const down = at(server.host);
    const { outcomes, findings } = await ship(pkg, [at(open.host), down]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['pushed', 'failed']);
    expect(outcomes[1]?.digest).toBeUndefined();
    expect(findings).toHaveLength(1);
    expect(findings[0]?.rule).toBe('publish/unreachable');
    expect(findings[0]?.message).toContain(`${server.host} cannot be reached: connection refused`);
    expect(findings[0]?.hint).toBe(
      `Has ${name} 1.0.0: oci://${open.host}/charts. Not known to have ${name} 1.0.0: ${down.text}. The next run does what is missing and leaves the rest as it is.`,
    );

    const back = await startTestRegistry();
    try {
      const next = await ship(pkg, [at(open.host), at(back.host)]);
      expect(next.outcomes.map(({ outcome }) => outcome)).toEqual(['already-published', 'pushed']);
      expect(next.findings).toEqual([]);
    } finally {
      await back.stop();
    }
  });
});

describe('logins', () => {
  const right = { username: 'user', password: 'p@ss:word/%#' };

  test('the right password, for this registry alone', async () => {
    const pkg = await packageOf(fresh('private'), '1.0.0');
    const registry = client({ given: [right], registries: [guarded.host] });
    const { outcomes, findings } = await ship(pkg, [at(guarded.host), at(open.host)], registry);
    expect(findings).toEqual([]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['pushed', 'pushed']);
    expect(registry.masked).toEqual(
      expect.arrayContaining([right.password, Buffer.from('user:p@ss:word/%#').toString('base64')]),
    );
    expect(JSON.stringify(registry.calls)).not.toContain('p@ss');
    expect(JSON.stringify(registry.calls)).not.toContain(Buffer.from('user:p@ss:word/%#').toString('base64'));
    expect(registry.notes.sort()).toEqual(
      [guarded.host, open.host].map((host) => `requests go to the registry ${host}`).sort(),
    );
  });

  test('a wrong password, no password, a password for another host', async () => {
    const pkg = await packageOf(fresh('locked'), '1.0.0');
    const wrong = await ship(
      pkg,
      [at(guarded.host)],
      client({ given: [{ ...right, password: 'wrong-one' }], registries: [guarded.host] }),
    );
    const none = await ship(pkg, [at(guarded.host)]);
    const another = await ship(pkg, [at(guarded.host)], client({ given: [{ ...right, host: 'ghcr.io' }] }));
    expect([wrong, none, another].map(({ outcome }) => outcome.outcome)).toEqual(['failed', 'failed', 'failed']);
    expect([wrong, none, another].map(({ finding }) => finding?.rule)).toEqual(
      Array(3).fill('publish/unauthenticated'),
    );
    expect(wrong.finding?.message).toContain(`${guarded.host} does not accept the login (401)`);
    expect(wrong.finding?.message).not.toContain('wrong-one');
    expect(none.finding?.message).toContain(`${guarded.host} wants a login, and there is none for it`);
    expect(none.finding?.hint).toContain('registry-username');
  });
});

describe('faults', () => {
  const reading = ({ method }: { method: string }) => method === 'GET' || method === 'HEAD';
  const writing = (seen: { method: string }) => !reading(seen);

  async function through(script: Script, options: Partial<ClientOptions> = {}) {
    const proxy = await startFaultProxy(open.host, script);
    const started = performance.now();
    try {
      const pkg = await packageOf(fresh('fault'), '1.0.0');
      const shipped = await ship(pkg, [at(proxy.host)], client({ milliseconds: 3_000, ...options }));
      const there = await tagDigest(open.host, pkg.name, '1.0.0');
      return {
        ...shipped,
        host: proxy.host,
        there,
        uploads: proxy.uploads(),
        requests: proxy.seen.length,
        seconds: (performance.now() - started) / 1000,
      };
    } finally {
      await proxy.stop();
    }
  }

  const denied = refusal(403, 'DENIED', 'permission_denied: write_package');
  test.each<[string, Fault, (seen: { method: string }) => boolean, string, string]>([
    ['403 to the look', denied, reading, 'publish/denied', 'refuses access (403)'],
    ['403 to the upload', denied, writing, 'publish/denied', 'refuses access (403)'],
    [
      '401 without a login',
      { kind: 'answer', status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
      reading,
      'publish/unauthenticated',
      'wants a login',
    ],
    ['cut at the look', { kind: 'cut' }, reading, 'publish/unreachable', 'closed the connection in the middle'],
    [
      'cut in the middle of the upload',
      { kind: 'cut' },
      writing,
      'publish/unreachable',
      'closed the connection in the middle',
    ],
    [
      'a login page',
      { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
      reading,
      'publish/failed',
      'does not answer like a registry',
    ],
    [
      'redirects without end',
      { kind: 'answer', status: 302, headers: { location: '/login' } },
      reading,
      'publish/failed',
      'does not answer like a registry',
    ],
  ])('%s: one finding, at once, and nothing is said to be absent', async (_, fault, matches, rule, said) => {
    const { outcome, findings, host, there, uploads, requests, seconds } = await through(faulty(fault, matches));
    expect(outcome.outcome).toBe('failed');
    expect(outcome.digest).toBeUndefined();
    expect(findings.map((each) => each.rule)).toEqual([rule]);
    expect(findings[0]?.message).toContain(`${host} ${said}`);
    expect(there).toBeUndefined();
    if (matches === reading) expect(uploads).toBe(0);
    expect(requests).toBeLessThan(15);
    expect(seconds).toBeLessThan(2.5);
  });

  test.each<[string, (seen: { method: string }) => boolean]>([
    ['the look', reading],
    ['the upload', writing],
  ])('silence at %s is bounded', async (_, matches) => {
    const { findings, host, seconds, there } = await through(faulty({ kind: 'silence' }, matches), {
      milliseconds: 1_500,
    });
    expect(findings.map(({ rule }) => rule)).toEqual(['publish/timeout']);
    expect(findings[0]?.message).toContain(`${host} did not answer within 1.5 s`);
    expect(seconds).toBeLessThan(5);
    expect(there).toBeUndefined();
  });

  test('429 once with Retry-After, 500 twice: retried, and published', async () => {
    const [limited, sick] = await Promise.all([
      through(faulty(refusal(429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': '1' }), reading, 1)),
      through(faulty({ kind: 'answer', status: 500 }, writing, 2)),
    ]);
    expect([limited.outcome.outcome, sick.outcome.outcome]).toEqual(['pushed', 'pushed']);
    expect(limited.seconds).toBeGreaterThan(1);
    expect([...limited.findings, ...sick.findings]).toEqual([]);
    expect(sick.there).toBe(sick.outcome.digest);
  });

  test('429 and 500 without end are told apart from a silence', async () => {
    const [limited, sick] = await Promise.all([
      through(faulty(refusal(429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': '1' })), { milliseconds: 12_000 }),
      through(faulty({ kind: 'answer', status: 500 }), { milliseconds: 12_000 }),
    ]);
    expect(limited.findings.map(({ rule }) => rule)).toEqual(['publish/rate-limited']);
    expect(sick.findings.map(({ rule }) => rule)).toEqual(['publish/server-error']);
    expect([limited.there, sick.there]).toEqual([undefined, undefined]);
  }, 30_000);

  test('a closed port', async () => {
    const host = `127.0.0.1:${await closedPort()}`;
    const { outcome, findings } = await ship(await packageOf('closed', '1.0.0'), [at(host)]);
    expect(outcome.outcome).toBe('failed');
    expect(findings.map(({ rule }) => rule)).toEqual(['publish/unreachable']);
    expect(findings[0]?.message).toContain(`${host} cannot be reached: connection refused`);
  });

  test('what cannot be read back is not called pushed', async () => {
    let written = false;
    const script: Script = ({ method, path: where }) => {
      if (method === 'PUT' && where.endsWith('/manifests/1.0.0')) written = true;
      return written && method === 'GET' ? { kind: 'answer', status: 403 } : undefined;
    };
    const { outcome, findings } = await through(script);
    expect(outcome.outcome).toBe('failed');
    expect(findings[0]?.message).toContain('It was uploaded, but could not be read back.');
  });

  test('a blob that was changed on its way is not compared', async () => {
    const pkg = await packageOf(fresh('changed'), '1.0.0');
    await ship(await packageOf(pkg.name, '1.0.0', { a: '1' }), [at(open.host)]);
    const body = 'x'.repeat(300);
    const script = faulty({ kind: 'answer', status: 200, headers: { 'content-length': '300' }, body }, (seen) =>
      seen.path.includes('/blobs/'),
    );
    const proxy = await startFaultProxy(open.host, script);
    try {
      const { findings } = await ship(pkg, [at(proxy.host)]);
      expect(findings.map(({ rule }) => rule)).toEqual(['publish/corrupt']);
      expect(findings[0]?.message).toContain('is there already, but could not be compared');
    } finally {
      await proxy.stop();
    }
  });
});

test('a layout that is something else, or nothing that can be written, is a clear failure and stays as it is', async () => {
  const pkg = await packageOf('c', '1.0.0');
  await writeFile(path.join(temporary, 'file'), 'precious');
  const { finding } = await ship(pkg, [target('oci-layout:file')]);
  expect(finding?.rule).toBe('publish/failed');
  expect(await readFile(path.join(temporary, 'file'), 'utf8')).toBe('precious');
});
