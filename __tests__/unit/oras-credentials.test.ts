import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CredentialOptions, createCredentials, loginFiles } from '../../src/adapters/registry-credentials.ts';

let home: string;
let masked: string[];
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'chartship-home-'));
  masked = [];
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const credentials = (options: Partial<CredentialOptions> = {}) =>
  createCredentials({
    given: [],
    registries: [],
    environment: {},
    home,
    platform: 'linux',
    temporary: home,
    mask: (secret) => masked.push(secret),
    ...options,
  });
const base64 = (text: string) => Buffer.from(text).toString('base64');
const read = async (file: string) =>
  JSON.parse(await readFile(file, 'utf8')) as { auths: Record<string, { auth: string }> };
async function write(file: string, content: unknown): Promise<string> {
  const where = path.join(home, file);
  await mkdir(path.dirname(where), { recursive: true });
  await writeFile(where, typeof content === 'string' ? content : JSON.stringify(content));
  return where;
}

describe('given logins', () => {
  test('one without a host is for the registries of the request and for no other', async () => {
    const logins = credentials({
      given: [{ username: 'u', password: 'secret:1' }],
      registries: ['a.example', 'b.example:5000'],
    });
    const file = await logins.registryConfig('b.example:5000');
    expect(await read(file)).toEqual({
      auths: { 'a.example': { auth: base64('u:secret:1') }, 'b.example:5000': { auth: base64('u:secret:1') } },
    });
    expect(await logins.registryConfig('a.example')).toBe(file);
    const none = await logins.registryConfig('evil.example');
    expect(await read(none)).toEqual({ auths: {} });
    expect(logins.basic('evil.example')).toBeUndefined();
    expect(logins.basic('a.example')).toMatchObject({ username: 'u', password: 'secret:1' });
    expect(masked).toEqual(expect.arrayContaining(['secret:1', base64('u:secret:1')]));
  });

  test('one that names the host wins, in whatever order they come', async () => {
    const given = [
      { host: 'a.example', username: 'named', password: 'p1' },
      { username: 'all', password: 'p2' },
    ];
    const logins = credentials({ given, registries: ['a.example', 'b.example'] });
    expect(await read(await logins.registryConfig('a.example'))).toEqual({
      auths: { 'a.example': { auth: base64('named:p1') }, 'b.example': { auth: base64('all:p2') } },
    });
  });

  test('whether there is one for a host is known without asking anybody', async () => {
    const logins = credentials({ given: [{ host: 'a.example', username: 'u', password: 'p' }] });
    await write('.docker/config.json', {
      auths: { 'b.example': { auth: base64('u:p') } },
      credHelpers: { 'c.example': 'none' },
      // It may hold one for any host, or none.
      credsStore: 'desktop',
    });
    const hosts = ['a.example', 'b.example', 'c.example', 'd.example'];
    expect(await Promise.all(hosts.map((host) => logins.hasLogin(host)))).toEqual([true, true, true, false]);
  });

  test('what was found for a host, or not, is the same in the whole run', async () => {
    const logins = credentials();
    const none = await logins.registryConfig('a.example');
    await write('.docker/config.json', { auths: { 'a.example': { auth: base64('u:p') } } });
    expect(await logins.registryConfig('a.example')).toBe(none);
    expect(await logins.hasLogin('a.example')).toBe(false);
    expect(await logins.hasLogin('b.example')).toBe(false);
  });

  test('the file is for its owner alone', async () => {
    const file = await credentials({ given: [{ host: 'a', username: 'u', password: 'p' }] }).registryConfig('a');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
  });

  test('Docker Hub goes by its own key', async () => {
    const logins = credentials({ given: [{ username: 'u', password: 'p' }], registries: ['docker.io'] });
    expect(Object.keys((await read(await logins.registryConfig('registry-1.docker.io'))).auths)).toEqual([
      'https://index.docker.io/v1/',
    ]);
  });
});

describe('what a login left', () => {
  const auth = { auth: base64('me:from-login') };

  test('the file that names the host is taken, and its secret is masked', async () => {
    const docker = await write('.docker/config.json', { auths: { 'ghcr.io': auth } });
    const helm = await write('.config/helm/registry/config.json', {
      auths: { 'quay.io': { auth: base64('me:other') } },
    });
    const logins = credentials();
    expect(await logins.registryConfig('ghcr.io')).toBe(docker);
    expect(masked).toEqual([auth.auth, 'from-login']);
    expect(await logins.registryConfig('quay.io')).toBe(helm);
  });

  test("both name it: helm's own, as helm does; a given login before both", async () => {
    await write('.docker/config.json', { auths: { 'ghcr.io': auth } });
    const helm = await write('.config/helm/registry/config.json', { auths: { 'ghcr.io': auth } });
    expect(await credentials().registryConfig('ghcr.io')).toBe(helm);
    const given = await credentials({ given: [{ host: 'ghcr.io', username: 'u', password: 'p' }] }).registryConfig(
      'ghcr.io',
    );
    expect((await read(given)).auths).toEqual({ 'ghcr.io': { auth: base64('u:p') } });
  });

  test('older keys, helpers and stores', async () => {
    const docker = await write('.docker/config.json', {
      auths: { 'https://old.example/v1/': auth, 'empty.example': {} },
      credHelpers: { 'helper.example': 'ecr-login' },
    });
    const logins = credentials();
    for (const host of ['old.example', 'empty.example', 'helper.example'])
      expect(await logins.registryConfig(host)).toBe(docker);
    expect(await logins.registryConfig('other.example')).not.toBe(docker);
    await write('.docker/config.json', { credsStore: 'desktop' });
    expect(await credentials().registryConfig('other.example')).toBe(docker);
    expect(masked).toContain('from-login');
  });

  test.each(['{', '[]', 'null', '{"auths": 3}', '{"auths": null}'])(
    'a file that is none is as good as not there: %s',
    async (content) => {
      const docker = await write('.docker/config.json', content);
      expect(await credentials().registryConfig('ghcr.io')).not.toBe(docker);
    },
  );

  test.each<[NodeJS.Platform, NodeJS.ProcessEnv, string[]]>([
    ['linux', {}, ['/h/.config/helm/registry/config.json', '/h/.docker/config.json']],
    ['linux', { XDG_CONFIG_HOME: '/xdg' }, ['/xdg/helm/registry/config.json', '/h/.docker/config.json']],
    ['darwin', {}, ['/h/Library/Preferences/helm/registry/config.json', '/h/.docker/config.json']],
    ['linux', { HELM_CONFIG_HOME: '/hc', DOCKER_CONFIG: '/d' }, ['/hc/registry/config.json', '/d/config.json']],
    ['linux', { HELM_REGISTRY_CONFIG: '/r.json' }, ['/r.json', '/h/.docker/config.json']],
    ['win32', { APPDATA: '/appdata' }, ['/appdata/helm/registry/config.json', '/h/.docker/config.json']],
  ])('on %s with %j', (platform, environment, expected) => {
    expect(loginFiles({ platform, environment, home: '/h' }).map((file) => file.split(path.sep).join('/'))).toEqual(
      expected,
    );
  });
});
