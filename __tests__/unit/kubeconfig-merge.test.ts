import { describe, expect, test } from '@jest/globals';
import {
  chooseContext,
  KubeconfigFault,
  kubeconfigOf,
  mergeKubeconfigs,
  parseKubeconfig,
} from '../../src/adapters/kubeconfig-merge.ts';

const file = (name: string, rest = ''): string => `
apiVersion: v1
kind: Config
current-context: ${name}
contexts:
  - name: ${name}
    context: { cluster: ${name}, user: ${name} }
clusters:
  - name: ${name}
    cluster: { server: "https://${name}.example:6443", certificate-authority: pki/ca.crt }
users:
  - name: ${name}
    user:
      client-certificate: pki/me.crt
      client-key: /abs/me.key
      tokenFile: token
${rest}`;

describe('a kubeconfig', () => {
  test('has paths relative to itself', () => {
    const { cluster, user } = chooseContext(parseKubeconfig(file('a'), '/home/me/.kube'), undefined);
    expect(cluster).toEqual({ server: 'https://a.example:6443', 'certificate-authority': '/home/me/.kube/pki/ca.crt' });
    expect(user).toEqual({
      'client-certificate': '/home/me/.kube/pki/me.crt',
      'client-key': '/abs/me.key',
      tokenFile: '/home/me/.kube/token',
    });
  });

  test.each([
    ['aws', 'aws'],
    ['./bin/plugin', '/home/me/.kube/bin/plugin'],
    ['/opt/plugin', '/opt/plugin'],
  ])('has its plugin %s at %s', (command, found) => {
    const text = `users: [{ name: a, user: { exec: { command: "${command}" } } }]`;
    expect(parseKubeconfig(text, '/home/me/.kube').users.get('a')).toEqual({ exec: { command: found } });
  });

  test('of several files: the first of a name counts, and the first current context', () => {
    const other = file('a').replaceAll('https://a.example', 'https://other.example');
    const merged = mergeKubeconfigs([
      parseKubeconfig('current-context: ""', '/x'),
      parseKubeconfig(file('a'), '/one'),
      parseKubeconfig(other, '/two'),
      parseKubeconfig(file('b'), '/three'),
    ]);
    expect(merged.current).toBe('a');
    expect(chooseContext(merged, undefined).cluster.server).toBe('https://a.example:6443');
    expect(chooseContext(merged, 'b').cluster['certificate-authority']).toBe('/three/pki/ca.crt');
  });

  test('is reduced to the one context', () => {
    const both = mergeKubeconfigs([parseKubeconfig(file('a'), '/a'), parseKubeconfig(file('b'), '/b')]);
    const written = kubeconfigOf(chooseContext(both, 'b'));
    expect(written).not.toContain('a.example');
    expect(chooseContext(parseKubeconfig(written, '/elsewhere'), undefined)).toEqual(chooseContext(both, 'b'));
  });

  test('keeps what it has beside, such as a plugin’s own settings', () => {
    const text = `{"current-context":"a","contexts":[{"name":"a","context":{"cluster":"a","user":"a"}}],"users":[],
      "clusters":[{"name":"a","cluster":{"server":"https://a","extensions":[{"name":"x","extension":{"y":1}}]}}]}`;
    const { cluster, user } = chooseContext(parseKubeconfig(text, '/'), undefined);
    expect(cluster.extensions).toEqual([{ name: 'x', extension: { y: 1 } }]);
    expect(user).toEqual({});
  });

  test.each([
    ['a: [', undefined, /^is no YAML$/],
    ['just a text', undefined, /^is no kubeconfig/],
    ['clusters: {}', undefined, /clusters is no list/],
    ['users: [{ user: {} }]', undefined, /a user without a name/],
    ['', undefined, /^has no current context, and none was asked for; it has none$/],
    [file('a'), 'b', /^has no context "b"; it has a$/],
    [file('a').replace('cluster: a,', 'cluster: z,'), undefined, /^has no cluster for the context "a"$/],
    [file('a').replace('https:', 'ftp:'), undefined, /^names no server for the context "a"$/],
  ])('that can’t be used is refused (%#)', (text, context, message) => {
    const use = () => chooseContext(parseKubeconfig(text, '/'), context);
    expect(use).toThrow(KubeconfigFault);
    expect(use).toThrow(message);
  });

  test('is not quoted where it is no YAML', () => {
    expect(() => parseKubeconfig('users:\n  - token: s3cret-value\n bad', '/')).toThrow(/^(?!.*s3cret)/s);
  });
});
