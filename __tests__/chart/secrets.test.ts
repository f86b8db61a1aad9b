import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository } from '../support/scenario.ts';
import {
  all,
  containers,
  decoded,
  ENVIRONMENTS,
  manifest,
  one,
  PASSWORDS,
  pods,
  refusal,
  render,
  valuesOf,
} from './rendering.ts';

const EXISTING = { global: { taskApi: { existingSecret: 'mine' } } };
const OPERATOR = { externalSecret: { enabled: true, key: 'prod/agent', secretStoreRef: { name: 'vault' } } };

describe('generated', () => {
  test('one Secret with all keys, kept on uninstall, of random passwords', async () => {
    const secret = one(await render(), 'Secret');
    expect(secret.metadata.name).toBe('agent-dev-secret');
    expect(secret.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    const data = decoded(secret);
    const keys = ['password', 'postgres-password', 'redis-password', 'replication-password'];
    expect(Object.keys(data).sort()).toEqual([...keys, 'database-url', 'redis-url'].sort());
    for (const key of keys) expect(data[key]).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(new Set(keys.map((key) => data[key])).size).toBe(keys.length);
    expect(new URL(data['database-url'] ?? '').password).toBe(data.password);
    expect(new URL(data['redis-url'] ?? '').password).toBe(data['redis-password']);
  });

  test('is generated once a render: the hook of an upgrade carries the same', async () => {
    const objects = await render({ upgrade: true });
    const [main, carried] = ['agent-dev-secret', 'agent-dev-pre-upgrade'].map((name) =>
      decoded(one(objects, 'Secret', name)),
    );
    expect(carried).toEqual({ 'database-url': main?.['database-url'] });
  });

  test('nothing of it is in an annotation, which would restart the pods at every upgrade', async () => {
    const annotations = async (helm: 'helm' | 'helm3') =>
      pods(await render({ environment: 'prod', helm })).map((pod) => pod.annotations);
    expect(await annotations('helm')).toEqual(await annotations('helm3'));
  });

  test('secret.keep: false lets it go', async () => {
    const secret = one(await render({ values: { secret: { keep: false } } }), 'Secret');
    expect(secret.metadata.annotations).toBeUndefined();
  });
});

describe('given at deploy time', () => {
  test('are what the Secret has', async () => {
    expect(decoded(one(await render({ values: PASSWORDS }), 'Secret'))).toMatchObject({
      password: 'Kanarie-user',
      'postgres-password': 'Kanarie-admin',
      'replication-password': 'Kanarie-replica',
      'redis-password': 'Kanarie-redis',
    });
  });

  test.each([' p@:/%#?+&="\'\\x', 'ünï', '%20', '"quoted"', '- a: b', '1e6', 'null', '0'])(
    'a password %j arrives as it is, and percent-encoded in the URLs',
    async (password) => {
      const values = { postgresql: { auth: { password } }, redis: { auth: { password } } };
      for (const upgrade of [false, true]) {
        const objects = await render({ values, upgrade });
        const data = decoded(one(objects, 'Secret', 'agent-dev-secret'));
        expect(data).toMatchObject({ password, 'redis-password': password });
        const urls = [data['database-url'], data['redis-url']];
        if (upgrade) urls.push(decoded(one(objects, 'Secret', /pre-upgrade/))['database-url']);
        for (const url of urls) {
          expect(url).toMatch(/^[a-z]+:\/\/[A-Za-z0-9._~%:-]*@[a-z0-9.-]+:\d+\/[a-z0-9_]*$/);
          expect(decodeURIComponent(new URL(url ?? '').password)).toBe(password);
        }
      }
    },
  );

  test('so are odd users and databases', async () => {
    const values = { postgresql: { auth: { username: 'a b@c', database: 'x/y?z' } } };
    const url = new URL(decoded(one(await render({ values }), 'Secret'))['database-url'] ?? '');
    expect(decodeURIComponent(url.username)).toBe('a b@c');
    expect(decodeURIComponent(url.pathname)).toBe('/x/y?z');
  });

  test('Redis without a password has none in its URL', async () => {
    const values = { redis: { auth: { enabled: false } } };
    expect(decoded(one(await render({ values }), 'Secret'))['redis-url']).toBe('redis://agent-dev-redis-master:6379/0');
  });
});

test.each(['helm', 'helm3'] as const)('%s renders the same bytes twice where nothing is generated', async (helm) => {
  for (const values of [PASSWORDS, EXISTING, OPERATOR]) {
    for (const upgrade of [false, true]) {
      const once = await manifest({ values, upgrade, helm });
      // Another set of arguments for the same thing: a second run of helm.
      expect(await manifest({ values, upgrade, helm, set: ['nameOverride='] })).toBe(once);
    }
  }
});

test('an existing Secret is used by agent, jobs, test and both stores, and none is made', async () => {
  for (const upgrade of [false, true]) {
    const values = { ...EXISTING, backup: { enabled: true, existingClaim: 'c' } };
    const objects = await render({ environment: 'prod', values, upgrade });
    expect(all(objects, 'Secret')).toEqual([]);
    const used = JSON.stringify(pods(objects)).match(/"(?:secretKeyRef":\{[^}]*"name|secretName)":"[^"]+"/g) ?? [];
    expect(new Set(used.map((text) => text.split('"').at(-2)))).toEqual(new Set(['mine']));
    const reading = pods(objects).filter((pod) => JSON.stringify(pod.spec).includes('"mine"'));
    expect(reading).toHaveLength(pods(objects).length);
  }
});

describe('by the External Secrets Operator', () => {
  test('an ExternalSecret makes the Secret that everything uses', async () => {
    const objects = await render({ environment: 'prod', values: OPERATOR });
    expect(all(objects, 'Secret')).toEqual([]);
    const { metadata, spec } = one(objects, 'ExternalSecret');
    expect(metadata.name).toBe('agent-prod-secret');
    expect(spec).toMatchObject({
      secretStoreRef: { name: 'vault', kind: 'SecretStore' },
      dataFrom: [{ extract: { key: 'prod/agent' } }],
      target: { name: 'agent-prod-secret', deletionPolicy: 'Retain', template: { engineVersion: 'v2' } },
    });
    const encoded = (key: string) => `{{ index . "${key}" | urlquery | replace "+" "%20" }}`;
    expect(spec.target.template.data).toEqual({
      password: '{{ index . "password" }}',
      'postgres-password': '{{ index . "postgres-password" }}',
      'replication-password': '{{ index . "replication-password" }}',
      'redis-password': '{{ index . "redis-password" }}',
      'database-url': `postgresql://agent_user:${encoded('password')}@agent-prod-postgresql-primary:5432/agent_db`,
      'redis-url': `redis://:${encoded('redis-password')}@agent-prod-redis-master:6379/0`,
    });
  });

  test('asks for no property that nothing needs', async () => {
    const values = { ...OPERATOR, redis: { auth: { enabled: false } } };
    const { spec } = one(await render({ values }), 'ExternalSecret');
    expect(Object.keys(spec.target.template.data).sort()).toEqual([
      'database-url',
      'password',
      'postgres-password',
      'redis-url',
    ]);
  });
});

describe('refused', () => {
  test.each([
    ['two origins', { ...EXISTING, ...OPERATOR }, /externalSecret\.enabled and global\.taskApi\.existingSecret/],
    [
      'an operator that knows nothing',
      { externalSecret: { enabled: true } },
      /set externalSecret\.secretStoreRef\.name/,
    ],
    ['a password beside an existing Secret', { ...EXISTING, ...PASSWORDS }, /postgresql\.auth\.password has no effect/],
    [
      'a password beside the operator',
      { ...OPERATOR, ...PASSWORDS },
      /redis\.auth\.password has no effect.*externalSecret/,
    ],
    [
      "a store's own Secret",
      { postgresql: { auth: { existingSecret: 'other' } } },
      /postgresql\.auth\.existingSecret names another Secret than the agent's, agent-dev-secret/,
    ],
    [
      "Redis' own Secret",
      { redis: { auth: { existingSecret: 'other' } } },
      /redis\.auth\.existingSecret names another/,
    ],
    ["the dependency's global", { global: { postgresql: { auth: { password: 'x' } } } }, /global\.postgresql holds/],
    [
      'an external store without its password',
      { postgresql: { enabled: false }, externalPostgresql: { host: 'db' } },
      /give postgresql\.auth\.password/,
    ],
    [
      'an external Redis likewise',
      { redis: { enabled: false }, externalRedis: { host: 'r' } },
      /give redis\.auth\.password/,
    ],
  ] as const)('%s', async (_name, values, message) => {
    expect(await refusal({ values })).toMatch(message);
  });
});

test('no values file has a password, and no ConfigMap a secret', async () => {
  for (const file of ['values.yaml', ...ENVIRONMENTS.map((name) => `values-${name}.yaml`)]) {
    const found = JSON.stringify(valuesOf(file)).match(/"[^"]*(?:[pP]assword|[tT]oken|[aA]ccessKey)"\s*:\s*"[^"]+"/g);
    expect({ file, found }).toEqual({ file, found: null });
    expect(readFileSync(join(repository, 'chart', file), 'utf8')).not.toMatch(/change-this|password-ok/);
  }
  for (const environment of ENVIRONMENTS) {
    const objects = await render({ environment, values: PASSWORDS });
    const secrets = Object.values(decoded(one(objects, 'Secret')));
    const rest = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
    expect(secrets.filter((secret) => rest.includes(secret))).toEqual([]);
  }
});

test('the agent has the URLs as environment and as read-only files, and nothing of the administration', async () => {
  const agent = pods(await render()).find(({ of }) => of === 'Deployment/agent-dev');
  const [container] = agent?.spec.containers ?? [];
  const from = (key: string) => ({ secretKeyRef: { name: 'agent-dev-secret', key } });
  expect(container.env).toEqual([
    { name: 'DATABASE_URL', valueFrom: from('database-url') },
    { name: 'REDIS_URL', valueFrom: from('redis-url') },
  ]);
  expect(container.volumeMounts).toContainEqual({
    name: 'secrets',
    mountPath: '/etc/task-api/secrets',
    readOnly: true,
  });
  expect(agent?.spec.volumes).toContainEqual({
    name: 'secrets',
    secret: {
      secretName: 'agent-dev-secret',
      defaultMode: 0o440,
      items: [
        { key: 'database-url', path: 'database-url' },
        { key: 'redis-url', path: 'redis-url' },
      ],
    },
  });
});

test('no secret is an argument of a program', async () => {
  const values = {
    ...PASSWORDS,
    backup: { enabled: true, s3: { bucket: 'b', existingSecret: 's3' } },
  };
  for (const pod of pods(await render({ values }))) {
    for (const { command = [], args = [], env = [] } of containers(pod)) {
      expect(JSON.stringify([command, args])).not.toMatch(
        /\$\(?(?:DATABASE_URL|REDIS_URL|PGPASSWORD|POSTGRES_PASSWORD)/,
      );
      for (const { name, value } of env) {
        if (/PASSWORD|SECRET|_URL$/.test(name)) expect(name === 'AGENT_URL' ? undefined : value).toBeUndefined();
      }
    }
  }
});
