import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Cancelled } from '../../src/domain/errors.ts';
import { closedPort } from '../support/closed-port.ts';
import { type Cluster, clusterCommand, startCluster } from '../support/cluster.ts';
import {
  accessTo,
  administrator,
  kubeconfigFor,
  startApiProxy,
  statusOf,
  type TestAccess,
} from '../support/cluster-access.ts';
import { type Fault, faulty, type Script } from '../support/fault-proxy.ts';
import { until } from '../support/waiting.ts';

let cluster: Cluster;
let folder: string;
let there: Record<string, unknown>;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  await clusterCommand('prepare');
  cluster = await startCluster('e2e-kubernetes-faults', 1);
  const { server, ca } = administrator(cluster.kubeconfig);
  there = { server: server.href, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  for (const name of ['me', 'other']) await cluster.kubectl('create', 'serviceaccount', name);
  await cluster.kubectl(...'create rolebinding me --clusterrole=view --serviceaccount=default:me'.split(' '));
}, 900_000);
afterAll(() => cluster?.down(), 60_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartship-kubernetes-faults-'));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

async function access(...args: Parameters<typeof accessTo>): Promise<TestAccess> {
  const made = await accessTo(...args);
  closing.push(made.close);
  return made;
}

async function throughProxy(script: Script) {
  const proxy = await startApiProxy(cluster.kubeconfig, script);
  closing.push(proxy.stop);
  return { proxy, ...(await access(proxy.kubeconfig)) };
}

const token = async (): Promise<string> => (await cluster.kubectl('create', 'token', 'me')).trim();
const CONFIGMAP = { apiVersion: 'v1', kind: 'ConfigMap' };
const CA = { ...CONFIGMAP, namespace: 'default', name: 'kube-root-ca.crt' };
const seconds = async <T>(work: Promise<T>): Promise<{ readonly took: number; readonly of: T }> => {
  const started = performance.now();
  const of = await work;
  return { took: (performance.now() - started) / 1000, of };
};

describe('credentials', () => {
  test('that are wrong are said at once, and not again and again', async () => {
    const me = await access(kubeconfigFor(there, { token: 'wrong-token' }));
    const { took, of } = await seconds(me.cluster.version());
    const { of: got } = await seconds(me.cluster.get(CA));
    // Everybody may ask for the version, but not with a token that is none.
    for (const answer of [of, got]) {
      expect(answer).toEqual({
        ok: false,
        fault: {
          kind: 'unauthorized',
          message: `the API server ${me.cluster.host} doesn't accept the credentials (401)`,
        },
      });
    }
    expect(took).toBeLessThan(2);
    expect(me.masked).toContain('wrong-token');
  });

  test('of a file are read anew when they are no longer taken', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${await token()}\n`);
    const me = await access(kubeconfigFor(there, { tokenFile: file }));
    expect(await me.cluster.get(CA)).toMatchObject({ ok: true, value: { kind: 'ConfigMap' } });
    expect(me.masked).toContain(readFileSync(file, 'utf8').trim());
    writeFileSync(file, 'gone-token');
    // The one that was read is still good.
    expect(await me.cluster.get(CA)).toMatchObject({ ok: true });
    const late = await access(kubeconfigFor(there, { tokenFile: file }));
    expect(await late.cluster.get(CA)).toMatchObject({ ok: false, fault: { kind: 'unauthorized' } });
    writeFileSync(file, await token());
    expect(await late.cluster.get(CA)).toMatchObject({ ok: true });
    rmSync(file);
    const never = await access(kubeconfigFor(there, { tokenFile: file }));
    expect(await never.cluster.get(CA)).toMatchObject({
      ok: false,
      fault: { kind: 'unauthorized', message: expect.stringContaining("tokenFile can't be read (ENOENT)") },
    });
  });

  test('of a plugin are asked for once, and again after a 401 and when they run out', async () => {
    const asked = join(folder, 'asked');
    const plugin = join(folder, 'plugin');
    writeFileSync(
      plugin,
      `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" >> ${asked}\nenv > ${folder}/env\ncat ${folder}/credential\n`,
    );
    chmodSync(plugin, 0o755);
    const gives = (status: object): void =>
      writeFileSync(join(folder, 'credential'), JSON.stringify({ kind: 'ExecCredential', status }));
    const times = (): number => readFileSync(asked, 'utf8').trim().split('\n').length;
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      // Looked for in the kubeconfig's folder.
      command: './plugin',
      provideClusterInfo: true,
      env: [{ name: 'AWS_PROFILE', value: 'default' }],
    };
    const environment = {
      PATH: process.env.PATH,
      AWS_REGION: 'eu-1',
      INPUT_X: 'no',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'no',
    };
    const me = await access(kubeconfigFor(there, { exec }), { cwd: folder, environment });
    gives({ token: await token() });
    expect(await me.cluster.get(CA)).toMatchObject({ ok: true });
    expect(await me.cluster.get(CA)).toMatchObject({ ok: true });
    expect(times()).toBe(1);
    const info = JSON.parse(readFileSync(asked, 'utf8'));
    expect(info).toMatchObject({
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: there.server } },
    });
    const env = readFileSync(join(folder, 'env'), 'utf8');
    expect(env).toMatch(/^AWS_REGION=eu-1$/m);
    expect(env).toMatch(/^AWS_PROFILE=default$/m);
    expect(env).not.toMatch(/INPUT_X|ACTIONS_/);
    expect(me.masked).not.toContain('default');

    const late = await access(kubeconfigFor(there, { exec }), { cwd: folder, environment });
    gives({ token: 'expired-token' });
    expect(await late.cluster.get(CA)).toMatchObject({ ok: false, fault: { kind: 'unauthorized' } });
    expect(times()).toBe(3);
    gives({ token: await token(), expirationTimestamp: new Date(Date.now() + 11_000).toISOString() });
    expect(await late.cluster.get(CA)).toMatchObject({ ok: true });
    expect(times()).toBe(4);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await late.cluster.get(CA)).toMatchObject({ ok: true });
    expect(times()).toBe(5);
  });

  test.each([
    ['that fails', '#!/bin/sh\necho no session, log in first >&2\nexit 1\n', /failed: no session, log in first$/],
    ['that says nothing', '#!/bin/sh\n', /gave no JSON$/],
    ['that gives no token', '#!/bin/sh\necho {}\n', /gave no token and no certificate$/],
    ['that is not there', undefined, /could not be started: install it like this$/],
  ])('of a plugin %s', async (_, script, message) => {
    if (script !== undefined) {
      writeFileSync(join(folder, 'plugin'), script);
      chmodSync(join(folder, 'plugin'), 0o755);
    }
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './plugin',
      installHint: 'install it like this',
    };
    const me = await access(kubeconfigFor(there, { exec }), { cwd: folder });
    expect(await me.cluster.version()).toMatchObject({
      ok: false,
      fault: { kind: 'unauthorized', message: expect.stringMatching(message) },
    });
  });

  test('by certificates from a plugin', async () => {
    const { cert, key } = administrator(cluster.kubeconfig);
    const status = { clientCertificateData: cert, clientKeyData: key };
    writeFileSync(join(folder, 'credential'), JSON.stringify({ kind: 'ExecCredential', status }));
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'cat', args: [join(folder, 'credential')] };
    const me = await access(kubeconfigFor(there, { exec }));
    expect(await me.cluster.list({ apiVersion: 'v1', kind: 'Secret' }, undefined)).toMatchObject({ ok: true });
    expect(me.masked).toContain(key);
  });

  test('that act for somebody else', async () => {
    const { cert, key } = administrator(cluster.kubeconfig);
    const mine = {
      'client-certificate-data': Buffer.from(cert).toString('base64'),
      'client-key-data': Buffer.from(key).toString('base64'),
    };
    const me = await access(kubeconfigFor(there, { ...mine, as: 'somebody', 'as-groups': ['some', 'group'] }));
    expect(await me.cluster.get(CA)).toMatchObject({
      ok: false,
      fault: { kind: 'forbidden', message: expect.stringContaining('User "somebody" cannot get resource') },
    });
    const masters = await access(
      kubeconfigFor(there, { ...mine, as: 'somebody', 'as-groups': ['x', 'system:masters'] }),
    );
    expect(await masters.cluster.get(CA)).toMatchObject({ ok: true });
  });
});

describe('the way to the API server', () => {
  test('a certificate of nobody we know is not taken, and said at once', async () => {
    const me = await access(kubeconfigFor({ server: there.server }, { token: await token() }));
    const { took, of } = await seconds(me.cluster.version());
    expect(of).toMatchObject({
      ok: false,
      fault: { kind: 'unreachable', message: expect.stringContaining('certificate') },
    });
    expect(took).toBeLessThan(2);
    const careless = await access(
      kubeconfigFor({ server: there.server, 'insecure-skip-tls-verify': true }, { token: await token() }),
    );
    expect(await careless.cluster.get(CA)).toMatchObject({ ok: true });
  });

  test('a name in the certificate can be asked for', async () => {
    const named = async (name: string) =>
      await (await access(kubeconfigFor({ ...there, 'tls-server-name': name }, { token: await token() }))).cluster.get(
        CA,
      );
    expect(await named('kubernetes.default.svc')).toMatchObject({ ok: true });
    expect(await named('somewhere.else')).toMatchObject({ ok: false, fault: { kind: 'unreachable' } });
  });

  test('a port where nobody listens', async () => {
    const me = await access(kubeconfigFor({ server: `https://127.0.0.1:${await closedPort()}` }));
    const { took, of } = await seconds(me.cluster.version());
    expect(of).toEqual({
      ok: false,
      fault: { kind: 'unreachable', message: `the API server ${me.cluster.host} can't be reached: connection refused` },
    });
    expect(took).toBeLessThan(11);
  }, 20_000);

  test('one that never answers', async () => {
    const { cluster: silent } = await throughProxy(() => ({ kind: 'silence' }));
    const { took, of } = await seconds(silent.version());
    expect(of).toMatchObject({
      ok: false,
      fault: { kind: 'unreachable', message: expect.stringContaining('no answer in time') },
    });
    expect(took).toBeGreaterThan(9);
    expect(took).toBeLessThan(11);
  }, 20_000);

  test('one that cuts connections for some seconds is waited for', async () => {
    const started = performance.now();
    const { cluster: shaky } = await throughProxy(() =>
      performance.now() - started < 3_000 ? { kind: 'cut' } : undefined,
    );
    const { took, of } = await seconds(shaky.get(CA));
    expect(of).toMatchObject({ ok: true, value: { kind: 'ConfigMap' } });
    expect(took).toBeGreaterThan(2.5);
  });

  test('one that is stopped in the middle and goes on 12 s later is waited for', async () => {
    const me = await access({ path: cluster.kubeconfig });
    expect(await me.cluster.get(CA)).toMatchObject({ ok: true });
    await clusterCommand('kill', 'kube-apiserver', 'STOP', '--name', cluster.name);
    const going = seconds(me.cluster.get(CA));
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await clusterCommand('kill', 'kube-apiserver', 'CONT', '--name', cluster.name);
    const { took, of } = await going;
    expect(of).toMatchObject({ ok: true });
    expect(took).toBeGreaterThan(11);
    expect(took).toBeLessThan(25);
  }, 60_000);

  test('one that is gone for 20 s and comes back is waited for', async () => {
    const me = await access({ path: cluster.kubeconfig });
    const watching = me.cluster.watch([CONFIGMAP], 'default', () => undefined);
    closing.push(() => watching.close());
    await until('it is connected', () => watching.connected);
    await clusterCommand('kill', 'kube-apiserver', '--name', cluster.name);
    const going = seconds(me.cluster.get(CA));
    await until('it says so', () => !watching.connected, 10);
    await new Promise((resolve) => setTimeout(resolve, 18_000));
    await clusterCommand('start', 'kube-apiserver', '--name', cluster.name);
    expect((await going).of).toMatchObject({ ok: true });
    await until('the watch is back', () => watching.connected, 20);
  }, 90_000);

  test('a proxy of the kubeconfig is gone through', async () => {
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request, socket: Socket, head) => {
      asked.push(request.url ?? '');
      const [host, port] = (request.url ?? '').split(':');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        onward.write(head);
        onward.pipe(socket).pipe(onward);
      });
      for (const end of [onward, socket]) end.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const { port } = proxy.address() as AddressInfo;
    const me = await access(
      kubeconfigFor({ ...there, 'proxy-url': `http://127.0.0.1:${port}` }, { token: await token() }),
    );
    expect(await me.cluster.get(CA)).toMatchObject({ ok: true });
    const watching = me.cluster.watch([CONFIGMAP], 'default', () => undefined);
    await until('it is connected', () => watching.connected);
    watching.close();
    expect(new Set(asked)).toEqual(new Set([me.cluster.host]));
  });
});

describe('answers that pass', () => {
  const refusal = (status: number, headers: Record<string, string> = {}): Fault => ({
    kind: 'answer',
    status,
    headers,
    body: statusOf(status, 'TooManyRequests', 'the server has received too many requests'),
  });

  test.each([429, 502, 503, 504])('%i, twice, is tried again', async (status) => {
    const script = faulty(refusal(status), ({ path }) => path.includes('configmaps/'), 2);
    const { cluster: busy, proxy } = await throughProxy(script);
    expect(await busy.get(CA)).toMatchObject({ ok: true });
    expect(proxy.seen.filter(({ path }) => path.includes('configmaps/'))).toHaveLength(3);
  });

  test('Retry-After is kept to', async () => {
    const { cluster: busy } = await throughProxy(faulty(refusal(429, { 'retry-after': '2' }), undefined, 1));
    const { took, of } = await seconds(busy.get(CA));
    expect(of).toMatchObject({ ok: true });
    expect(took).toBeGreaterThan(1.9);
    expect(took).toBeLessThan(4);
  });

  test('429 that stays is given up, and said as what it is', async () => {
    const { cluster: busy } = await throughProxy((seen) =>
      seen.path.includes('configmaps/') ? refusal(429) : undefined,
    );
    const { took, of } = await seconds(busy.get(CA));
    expect(of).toEqual({ ok: false, fault: { kind: 'busy', message: 'the server has received too many requests' } });
    expect(took).toBeLessThan(31);
  }, 40_000);

  test('a load balancer has words of its own', async () => {
    const body = '<html><h1>Bad gateway</h1> secret inside</html>';
    const { cluster: odd } = await throughProxy(() => ({ kind: 'answer', status: 500, body }));
    expect(await odd.version()).toEqual({
      ok: false,
      fault: { kind: 'other', message: `the API server ${odd.host} answered 500` },
    });
    const { cluster: mad } = await throughProxy(() => ({ kind: 'answer', status: 200, body }));
    expect(await mad.version()).toMatchObject({ ok: true, value: '' });
    expect(await mad.get(CA)).toMatchObject({ ok: false, fault: { kind: 'unknown-kind' } });
  });

  test('what was written before the answer was lost is a conflict the second time', async () => {
    const script = faulty({ kind: 'lost' }, ({ method }) => method === 'POST', 1);
    const { cluster: shaky } = await throughProxy(script);
    const once = { ...CONFIGMAP, metadata: { name: 'once', namespace: 'default' } };
    expect(await shaky.create(once)).toEqual({
      ok: false,
      fault: { kind: 'conflict', message: 'configmaps "once" already exists' },
    });
  });
});

describe('after an interruption', () => {
  test('a call still goes through, and one that waits ends within three seconds', async () => {
    let dead = false;
    const { cluster: ours, cancel } = await throughProxy(() => (dead ? { kind: 'silence' } : undefined));
    expect(await ours.get(CA)).toMatchObject({ ok: true });
    dead = true;
    const waiting = seconds(ours.get(CA));
    await new Promise((resolve) => setTimeout(resolve, 500));
    cancel(new Cancelled('SIGTERM'));
    expect((await waiting).took).toBeLessThan(4);
    dead = false;
    expect(await ours.get(CA)).toMatchObject({ ok: true });
    dead = true;
    const { took, of } = await seconds(ours.get(CA));
    expect(of).toMatchObject({ ok: false, fault: { kind: 'unreachable' } });
    expect(took).toBeLessThan(4);
  }, 20_000);
});

describe('discovery', () => {
  test('of an API server that does not aggregate, with one group away', async () => {
    const plain = {
      '/api': await cluster.kubectl('get', '--raw', '/api'),
      '/apis': await cluster.kubectl('get', '--raw', '/apis'),
    };
    expect(plain['/apis']).toContain('"kind":"APIGroupList"');
    const { cluster: old } = await throughProxy(({ path }) => {
      if (path === '/api' || path === '/apis') return { kind: 'answer', status: 200, body: plain[path] };
      return path === '/apis/apps/v1' ? { kind: 'answer', status: 503 } : undefined;
    });
    const admin = await access({ path: cluster.kubeconfig });
    const [kinds, all] = [await old.kinds(), await admin.cluster.kinds()];
    if (!kinds.ok || !all.ok) throw new Error('no kinds');
    const sorted = (of: typeof all.value): string[] => of.map((kind) => JSON.stringify(kind)).sort();
    expect(sorted(kinds.value)).toEqual(sorted(all.value.filter(({ apiVersion }) => apiVersion !== 'apps/v1')));
  });
});

describe('watching', () => {
  const KINDS = [CONFIGMAP, { apiVersion: 'v1', kind: 'Event' }];
  const names = (watching: ReturnType<TestAccess['cluster']['watch']>): string[] =>
    watching
      .current(CONFIGMAP)
      .map(({ metadata }) => metadata.name)
      .filter((name) => name !== 'kube-root-ca.crt')
      .sort();
  let count = 0;
  let namespace: string;
  beforeEach(async () => {
    namespace = `watched-${++count}`;
    await cluster.kubectl('create', 'namespace', namespace);
  });
  const make = (name: string) => cluster.kubectl('create', 'configmap', name, '-n', namespace);

  test('tells of what comes, changes and goes', async () => {
    const me = await access({ path: cluster.kubeconfig });
    await make('before');
    let told = 0;
    const watching = me.cluster.watch(KINDS, namespace, () => {
      told += 1;
    });
    closing.push(() => watching.close());
    expect(watching.connected).toBe(false);
    await until('it is connected', () => watching.connected);
    expect(names(watching)).toEqual(['before']);
    expect(watching.current(CONFIGMAP)[0]?.metadata.managedFields).toBeUndefined();
    const before = told;
    await make('later');
    await until('the later one is known', () => names(watching).length === 2, 2);
    await cluster.kubectl('delete', 'configmap', 'before', '-n', namespace);
    await until('the one before is gone', () => names(watching).join() === 'later', 2);
    expect(told).toBeGreaterThan(before);
    watching.close();
    const end = told;
    await make('too-late');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([told, names(watching)]).toEqual([end, ['later']]);
  });

  test('goes on after it was cut, with what came meanwhile', async () => {
    let dead = false;
    const { cluster: ours, proxy } = await throughProxy(() => (dead ? { kind: 'cut' } : undefined));
    const watching = ours.watch(KINDS, namespace, () => undefined);
    closing.push(() => watching.close());
    await until('it is connected', () => watching.connected);
    dead = true;
    proxy.cut();
    await until('it says so', () => !watching.connected, 2);
    expect(watching.fault).toMatchObject({ kind: 'unreachable' });
    await make('meanwhile');
    await cluster.kubectl('create', 'configmap', 'gone-again', '-n', namespace);
    await cluster.kubectl('delete', 'configmap', 'gone-again', '-n', namespace);
    dead = false;
    await until('it is back', () => watching.connected && watching.fault === undefined);
    await until('what came meanwhile is known', () => names(watching).join() === 'meanwhile', 2);
  }, 40_000);

  test('notices that nothing is heard any more', async () => {
    const me = await access({ path: cluster.kubeconfig });
    const watching = me.cluster.watch(KINDS, namespace, () => undefined);
    closing.push(() => watching.close());
    await until('it is connected', () => watching.connected);
    await clusterCommand('kill', 'kube-apiserver', 'STOP', '--name', cluster.name);
    try {
      await until('it says so', () => !watching.connected, 15);
    } finally {
      await clusterCommand('kill', 'kube-apiserver', 'CONT', '--name', cluster.name);
    }
    await until('it is back', () => watching.connected, 30);
    await make('after');
    await until('it tells of what comes', () => names(watching).includes('after'), 5);
  }, 90_000);

  test('begins anew when the API server no longer knows where it was (410)', async () => {
    const gone = statusOf(410, 'Expired', 'too old resource version: 1 (2)');
    let watches = 0;
    const { cluster: ours, proxy } = await throughProxy(({ path }) => {
      if (!path.includes('/configmaps?watch=true')) return undefined;
      watches += 1;
      if (watches === 1) return { kind: 'answer', status: 200, body: `{"type":"ERROR","object":${gone}}\n` };
      return watches === 2 ? { kind: 'answer', status: 410, body: gone } : undefined;
    });
    const watching = ours.watch([CONFIGMAP], namespace, () => undefined);
    closing.push(() => watching.close());
    await until('there is a third watch', () => watches === 3);
    expect(proxy.seen.filter(({ path }) => path.includes('/configmaps?limit='))).toHaveLength(3);
    await make('after');
    await until('it tells of what comes', () => names(watching).includes('after'), 5);
    expect(watching.connected).toBe(true);
  });

  test('says what it may not see, and what is not served', async () => {
    const me = await access(kubeconfigFor(there, { token: await token() }));
    const kinds = [CONFIGMAP, { apiVersion: 'v1', kind: 'Secret' }, { apiVersion: 'x.test/v1', kind: 'None' }];
    const watching = me.cluster.watch(kinds, 'default', () => undefined);
    closing.push(() => watching.close());
    await until('it is connected', () => watching.connected);
    expect(watching.blind).toEqual(kinds.slice(1));
    expect(watching.current(CONFIGMAP)).not.toEqual([]);
  });

  test('says when the credential ran out', async () => {
    let out = false;
    const { cluster: ours, proxy } = await throughProxy(() =>
      out ? { kind: 'answer', status: 401, body: statusOf(401, 'Unauthorized', 'Unauthorized') } : undefined,
    );
    const watching = ours.watch([CONFIGMAP], namespace, () => undefined);
    closing.push(() => watching.close());
    await until('it is connected', () => watching.connected);
    out = true;
    proxy.cut();
    await until('it says so', () => watching.fault?.kind === 'unauthorized', 10);
    expect(watching.connected).toBe(false);
  });
});
