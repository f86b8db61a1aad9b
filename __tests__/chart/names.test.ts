import { describe, expect, test } from '@jest/globals';
import { all, type Case, decoded, type KubernetesObject, one, PASSWORDS, refusal, render } from './rendering.ts';

function hosts(objects: readonly KubernetesObject[], secret: RegExp | string = /-secret$/): Record<string, string> {
  const urls = decoded(one(objects, 'Secret', secret));
  return {
    postgresql: new URL(urls['database-url'] ?? '').hostname,
    redis: new URL(urls['redis-url'] ?? '').hostname,
  };
}

/** The Service that leads to the one server of a store that is written to. */
function serviceOf(objects: readonly KubernetesObject[], store: 'postgresql' | 'redis', name: string): string {
  const component = store === 'postgresql' ? 'primary' : 'master';
  const found = all(objects, 'Service').filter(
    ({ spec, metadata }) =>
      spec.clusterIP !== 'None' &&
      !metadata.name.endsWith('-metrics') &&
      spec.selector['app.kubernetes.io/name'] === name &&
      spec.selector['app.kubernetes.io/component'] === component,
  );
  expect(found).toHaveLength(1);
  return found[0]?.metadata.name ?? '';
}

function expectNoDuplicates(objects: readonly KubernetesObject[]): void {
  const ids = objects.map(({ apiVersion, kind, metadata }) => `${apiVersion}/${kind}/${metadata.name}`);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
}

function expectNamesThatWork(objects: readonly KubernetesObject[]): void {
  for (const { kind, metadata } of objects) {
    const limit = ['StatefulSet', 'CronJob'].includes(kind) ? 52 : 63;
    expect({ kind, name: metadata.name, fits: metadata.name.length <= limit }).toMatchObject({ fits: true });
    // A Service's name is a DNS label, a Secret's may have dots.
    expect(metadata.name).toMatch(kind === 'Secret' ? /^[a-z][a-z0-9.-]*$/ : /^[a-z]([a-z0-9-]*[a-z0-9])?$/);
  }
}

const long = 'a'.repeat(53);
const short = { postgresql: { fullnameOverride: 'pg' }, redis: { fullnameOverride: 'cache' } };
const external = {
  postgresql: { enabled: false, auth: { password: 'x' } },
  externalPostgresql: { host: 'db.example.test' },
  redis: { enabled: false, auth: { password: 'y' } },
  externalRedis: { host: 'cache.example.test' },
};
const ODD: Record<string, Case> = {
  'the usual': {},
  'contains postgresql': { release: 'postgresql-of-mine' },
  'is postgresql': { release: 'postgresql' },
  'contains redis': { release: 'my-redis' },
  'is redis': { release: 'redis' },
  'contains task-api': { release: 'task-api' },
  'contains both': { release: 'redis-and-postgresql' },
  'as long as fits with replicas': { release: 'b'.repeat(33) },
  '53 characters': { release: long, values: short },
  '53 characters that contain postgresql': { release: `postgresql-${'c'.repeat(42)}`, values: short },
  'with a dot': { release: 'agent.v2', values: short },
  nameOverride: { values: { nameOverride: 'thinker' } },
  fullnameOverride: { values: { fullnameOverride: 'thinker' } },
  'nameOverride of the dependencies': {
    values: { postgresql: { nameOverride: 'db' }, redis: { nameOverride: 'cache' } },
  },
  'fullnameOverride of the dependencies': { values: short },
};
const architectures = ['standalone', 'replication'] as const;

function withArchitecture(wanted: Case, architecture: (typeof architectures)[number]): Case {
  const values = wanted.values as Record<string, object> | undefined;
  return {
    ...wanted,
    values: {
      ...values,
      postgresql: { ...values?.postgresql, architecture },
      redis: { ...values?.redis, architecture },
    },
  };
}

describe.each(architectures)('the stores of %s', (architecture) => {
  test.each(Object.entries(ODD))('are where the URLs say: a release whose name %s', async (_name, wanted) => {
    const objects = await render(withArchitecture(wanted, architecture));
    const values = wanted.values as Record<string, { nameOverride?: string }> | undefined;
    expect(hosts(objects)).toEqual({
      postgresql: serviceOf(objects, 'postgresql', values?.postgresql?.nameOverride ?? 'postgresql'),
      redis: serviceOf(objects, 'redis', values?.redis?.nameOverride ?? 'redis'),
    });
    const config = one(objects, 'ConfigMap', /-config$/).data;
    expect({ postgresql: config.POSTGRES_HOST, redis: config.REDIS_HOST }).toEqual(hosts(objects));
    expectNoDuplicates(objects);
    expectNamesThatWork(objects);
  });
});

test('Helm 3 finds the stores alike', async () => {
  for (const name of ['the usual', '53 characters', 'is postgresql', 'nameOverride of the dependencies']) {
    const wanted = withArchitecture(ODD[name] ?? {}, 'replication');
    expect(hosts(await render({ ...wanted, helm: 'helm3' }))).toEqual(hosts(await render(wanted)));
  }
});

test('another port of a dependency is in the URLs', async () => {
  const values = {
    postgresql: { primary: { service: { ports: { postgresql: 6543 } } } },
    redis: { master: { service: { ports: { redis: 7777 } } } },
  };
  const urls = decoded(one(await render({ values }), 'Secret'));
  expect([new URL(urls['database-url'] ?? '').port, new URL(urls['redis-url'] ?? '').port]).toEqual(['6543', '7777']);
});

test('stores outside the release', async () => {
  const objects = await render({ values: external });
  expect(hosts(objects)).toEqual({ postgresql: 'db.example.test', redis: 'cache.example.test' });
  expect(all(objects, 'StatefulSet')).toEqual([]);
});

test('an IPv6 address is in brackets in URLs alone', async () => {
  const values = {
    ...external,
    externalPostgresql: { host: '[2001:db8::1]' },
    externalRedis: { host: '[2001:db8::2]' },
    backup: { enabled: true, existingClaim: 'c' },
  };
  const objects = await render({ values });
  expect(hosts(objects)).toEqual({ postgresql: '[2001:db8::1]', redis: '[2001:db8::2]' });
  // libpq takes it plain.
  const [backup] = one(objects, 'CronJob', /-backup$/).spec.jobTemplate.spec.template.spec.containers;
  expect(backup.env).toContainEqual({ name: 'PGHOST', value: '2001:db8::1' });
});

test('TLS to stores outside the release', async () => {
  const values = {
    ...external,
    externalPostgresql: { host: 'db.example.test', sslMode: 'verify-full' },
    externalRedis: { host: 'cache.example.test', tls: true },
  };
  const urls = decoded(one(await render({ values }), 'Secret'));
  expect(urls['database-url']).toMatch(/\?sslmode=verify-full$/);
  expect(urls['redis-url']).toMatch(/^rediss:\/\//);
});

describe('the full name', () => {
  test.each([
    ['the release', {}, 'agent-dev'],
    ['with another that the dependency takes', { release: 'postgresql' }, 'postgresql-task-api'],
    ['nameOverride', { values: { nameOverride: 'thinker' } }, 'agent-dev-thinker'],
    ['fullnameOverride', { values: { fullnameOverride: 'thinker' } }, 'thinker'],
    ['53 characters', { release: long, values: short }, long],
  ] as [string, Case, string][])('%s', async (_name, wanted, expected) => {
    const objects = await render(wanted);
    expect(one(objects, 'Deployment').metadata.name).toBe(expected);
    expect(all(objects, 'Service', expected)).toHaveLength(1);
  });

  test('a long one is cut before its suffixes, and two that differ at the end stay apart', async () => {
    const names = async (end: string) => {
      const values = { fullnameOverride: `${'n'.repeat(62)}${end}`, backup: { enabled: true, existingClaim: 'c' } };
      const objects = await render({ values: { ...values, ...PASSWORDS } });
      expectNamesThatWork(objects);
      const own = objects.filter(({ metadata }) => metadata.labels['app.kubernetes.io/part-of'] === 'task-api');
      expectNoDuplicates(own);
      return own.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    };
    const [first, second] = await Promise.all([names('a'), names('b')]);
    expect(first.filter((name) => second.includes(name))).toEqual(['Secret/agent-dev-secret']);
    for (const suffix of ['-config', '-migration-1', '-connection-test', '-backup', '-restore']) {
      expect(first.filter((name) => name.endsWith(suffix))).toHaveLength(1);
    }
  });

  test.each([
    [63 - '-connection-test'.length, 'Pod', '-connection-test'],
    [52 - '-restore'.length, 'CronJob', '-restore'],
  ] as const)('at the boundary of %d characters %s%s is whole, one further it is cut', async (length, kind, suffix) => {
    const name = async (fullnameOverride: string) => {
      const values = { fullnameOverride, backup: { enabled: true, existingClaim: 'c' } };
      return one(await render({ values }), kind, new RegExp(`${suffix}$`)).metadata.name;
    };
    expect(await name('n'.repeat(length))).toBe(`${'n'.repeat(length)}${suffix}`);
    const cut = await name('n'.repeat(length + 1));
    expect(cut).toMatch(new RegExp(`^n+-[0-9a-f]{8}${suffix}$`));
    expect(cut).toHaveLength(length + suffix.length);
  });
});

describe('a name that is too long for the pods of a StatefulSet is refused', () => {
  test.each([
    ['postgresql', 41, { postgresql: { architecture: 'standalone' }, redis: { fullnameOverride: 'cache' } }],
    ['postgresql', 33, { postgresql: { architecture: 'replication' }, redis: { fullnameOverride: 'cache' } }],
    ['redis', 39, { redis: { architecture: 'standalone' }, postgresql: { fullnameOverride: 'pg' } }],
    ['redis', 37, { redis: { architecture: 'replication' }, postgresql: { fullnameOverride: 'pg' } }],
  ])('%s: over %d characters of the release (%j)', async (store, most, values) => {
    expectNamesThatWork(await render({ release: 'r'.repeat(most), values }));
    expect(await refusal({ release: 'r'.repeat(most + 1), values })).toMatch(
      new RegExp(`has 53 characters, and 52 are the most that work: .*set ${store}.fullnameOverride`),
    );
  });
});

test('a primary by another name is measured by that', async () => {
  const wanted = (name: string): Case => ({
    values: { postgresql: { architecture: 'replication', primary: { name } } },
  });
  expectNamesThatWork(await render(wanted('writer')));
  expect(await refusal(wanted('w'.repeat(32)))).toMatch(/agent-dev-postgresql-w+ has 53 characters/);
});

describe('a name that no Service can have is refused', () => {
  test.each([
    [{ release: 'agent.v2' }, /agent\.v2-postgresql is none for a Service.*set postgresql\.fullnameOverride/],
    [{ release: '1agent' }, /1agent-redis-replicas is none for a Service.*set redis\.fullnameOverride/],
    [{ release: '1agent', values: short }, /the full name 1agent doesn't begin with a letter/],
    [{ values: { nameOverride: 'postgresql' } }, /agent-dev-postgresql is that of a store's Service too/],
    [{ values: { fullnameOverride: 'agent-dev-redis-master' } }, /is that of a store's Service too/],
  ] as [Case, RegExp][])('%j', async (wanted, message) => {
    expect(await refusal(wanted)).toMatch(message);
  });
});

test.each(['true', 'null', 'no', 'e1'])('a release that is called %s stays a text', async (release) => {
  const own = (await render({ release, values: { ...short, networkPolicy: { enabled: true } } })).filter(
    ({ metadata }) => metadata.labels['app.kubernetes.io/part-of'] === 'task-api',
  );
  expect(own.length).toBeGreaterThan(6);
  for (const { metadata } of own) {
    expect(typeof metadata.name).toBe('string');
    expect(metadata.labels['app.kubernetes.io/instance']).toBe(release);
  }
  const { spec } = one(own, 'Deployment', release);
  expect(spec.selector.matchLabels['app.kubernetes.io/instance']).toBe(release);
  expect(spec.template.spec.serviceAccountName).toBe(release);
});
