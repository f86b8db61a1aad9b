import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findContext, type KubeconfigSource } from '../../src/adapters/kubeconfig.ts';
import { RequestError } from '../../src/domain/errors.ts';
import { kubeconfigSecrets } from '../../src/domain/kubeconfig.ts';

let folder: string;
let masked: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartship-kubeconfig-'));
  masked = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function config(name: string, user: object = {}): string {
  return JSON.stringify({
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: `https://${name}` } }],
    users: [{ name, user }],
  });
}

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

async function found(rest: Partial<KubeconfigSource> = {}): Promise<string> {
  const source = {
    cwd: folder,
    environment: {},
    home: join(folder, 'home'),
    mask: (secret: string) => masked.push(secret),
  };
  try {
    return (await findContext({ ...source, ...rest })).name;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return error.message.replaceAll(folder, '');
  }
}

describe('the cluster that is meant', () => {
  test('is the one that was given, by path or content, before all others', async () => {
    write('home/.kube/config', config('home'));
    const environment = { KUBECONFIG: write('env', config('env')) };
    expect(await found({ environment, given: { content: config('content') } })).toBe('content');
    expect(await found({ environment, given: { path: write('given', config('given')) } })).toBe('given');
    expect(await found({ environment, given: { path: 'given' } })).toBe('given');
    expect(await found({ environment })).toBe('env');
    expect(await found()).toBe('home');
  });

  test('is of several files, of which some may be missing', async () => {
    const files = [join(folder, 'none'), write('a', config('a')), write('b', config('b'))];
    const environment = { KUBECONFIG: ['', ...files].join(delimiter) };
    expect(await found({ environment })).toBe('a');
    expect(await found({ environment, context: 'b' })).toBe('b');
    expect(await found({ environment, context: 'c' })).toMatch(/has no context "c"; it has .*a/);
  });

  test('is none where there is nothing, which is said with the places', async () => {
    expect(await found()).toBe('there is no kubeconfig: /home/.kube/config is not there');
    const environment = { KUBECONFIG: [join(folder, 'x'), join(folder, 'y')].join(delimiter) };
    expect(await found({ environment })).toBe('there is no kubeconfig: /x and /y are not there');
    expect(await found({ given: { path: 'x' } })).toBe('kubeconfig /x is not there');
  });

  test('is refused where the file is a folder, or nonsense', async () => {
    mkdirSync(join(folder, 'folder'));
    expect(await found({ given: { path: 'folder' } })).toBe("/folder can't be read (EISDIR)");
    expect(await found({ given: { path: write('bad', 'a: [') } })).toBe('/bad is no YAML');
    expect(await found({ given: { content: 'x: {' } })).toBe('kubeconfig is no YAML');
  });
});

describe('secrets', () => {
  test('of the content, and of the files it names, are masked before anything is done', async () => {
    write('token', 'token-of-a-file\n');
    write('key.pem', '-----BEGIN KEY-----\nkey-of-a-file\n');
    await found({
      given: {
        content: config('a', {
          token: 'token-s3cret',
          password: 'password-s3cret',
          tokenFile: 'token',
          'client-key': 'key.pem',
        }),
      },
    });
    expect(masked).toEqual(
      expect.arrayContaining([
        'token-s3cret',
        'password-s3cret',
        'token-of-a-file',
        '-----BEGIN KEY-----\nkey-of-a-file',
      ]),
    );
  });

  test('are what is secret, not a profile, a region or an address', () => {
    const text = `
clusters: [{ name: a, cluster: { server: "https://a", proxy-url: "http://me:pr0xy%2Fpass@proxy.example:3128" } }]
users:
  - name: a
    user:
      client-key-data: ${Buffer.from('the key').toString('base64')}
      auth-provider: { name: oidc, config: { id-token: id-s3cret, client-id: not-secret, idp-issuer-url: "https://not-secret" } }
      exec:
        command: aws
        env:
          - { name: AWS_PROFILE, value: default }
          - { name: AWS_SECRET_ACCESS_KEY, value: key-s3cret }
`;
    expect(kubeconfigSecrets(text).sort()).toEqual(
      [Buffer.from('the key').toString('base64'), 'the key', 'id-s3cret', 'key-s3cret', 'pr0xy/pass'].sort(),
    );
  });
});
