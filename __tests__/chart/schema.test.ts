import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { repository } from '../support/scenario.ts';
import { type Foreign, helm, manifest, one, prepare, refusal, render } from './rendering.ts';
import { paths, schema } from './values.ts';

describe('values.schema.json', () => {
  test('is a valid schema of a draft that it names', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    expect(new Ajv({ strict: false }).validateSchema(schema)).toBe(true);
  });

  test('describes every key', () => {
    const undescribed: string[] = [];
    const look = (node: Foreign, path: string): void => {
      if (node === null || typeof node !== 'object') return;
      for (const [key, property] of Object.entries({ ...node.properties, ...node.definitions } as Record<
        string,
        Foreign
      >)) {
        if (!property.description && !property.$ref) undescribed.push(`${path}/${key}`);
        look(property, `${path}/${key}`);
      }
      if (node.items) look(node.items, `${path}/[]`);
    };
    look(schema, '');
    expect(undescribed).toEqual([]);
    expect(paths.length).toBeGreaterThan(120);
  });

  test("is closed for the chart's own keys and open for the dependencies' and for global", () => {
    const open: string[] = [];
    const look = (node: Foreign, path: string): void => {
      for (const [key, property] of Object.entries((node.properties ?? {}) as Record<string, Foreign>)) {
        if (property.properties && property.additionalProperties !== false) open.push(`${path}${key}`);
        else look(property, `${path}${key}.`);
      }
    };
    look(schema, '');
    expect(open.sort()).toEqual(['agent.env', 'global', 'organizationLabels', 'postgresql', 'redis']);
    expect(schema.additionalProperties).toBe(false);
  });
});

test('every value is documented in the README, with its default', () => {
  const table = readFileSync(join(repository, 'chart/README.md'), 'utf8');
  expect(paths.map((path) => path.join('.')).filter((path) => !table.includes(`| \`${path}\` | `))).toEqual([]);
});

describe('refused by the schema', () => {
  test.each([
    ["the seed's example", { agent: { replicaCount: 50 } }, /\/agent\/replicaCount.*maximum: got 50, want 10/],
    ['no agent', { agent: { replicaCount: 0 } }, /\/agent\/replicaCount.*minimum: got 0, want 1/],
    ['a number as text', { agent: { replicaCount: '3' } }, /\/agent\/replicaCount.*got string, want integer/],
    ['half an agent', { agent: { replicaCount: 1.5 } }, /\/agent\/replicaCount.*got number, want integer/],
    [
      'no request for memory',
      { agent: { resources: { requests: { memory: null } } } },
      /requests.*missing property 'memory'/,
    ],
    ['no requests', { agent: { resources: { requests: null } } }, /\/agent\/resources.*missing property 'requests'/],
    ['an unknown key', { agent: { replicas: 3 } }, /\/agent.*additional properties 'replicas' not allowed/],
    ['an unknown key at the top', { agnet: {} }, /additional properties 'agnet' not allowed/],
    ['an unknown key of global', { global: { taskApi: { secret: 'x' } } }, /taskApi.*'secret' not allowed/],
    ['Sentinel', { redis: { sentinel: { enabled: true } } }, /\/redis\/sentinel\/enabled/],
    ['a port out of range', { agent: { service: { port: 70000 } } }, /\/agent\/service\/port/],
    ['a name that is none', { fullnameOverride: 'Not_A_Name' }, /\/fullnameOverride.*does not match pattern/],
    ['root', { podSecurityContext: { runAsUser: 0 } }, /\/podSecurityContext\/runAsUser/],
    ["a volume of the chart's own", { agent: { extraVolumes: [{ name: 'tmp' }] } }, /extraVolumes\/0/],
    ['credentials in a URL', { backup: { s3: { endpoint: 'https://a:b@s3' } } }, /\/backup\/s3\/endpoint/],
    ['a nested variable', { agent: { env: { A: { b: 1 } } } }, /\/agent\/env\/A/],
  ])('%s', async (_name, values, message) => {
    for (const program of ['helm', 'helm3'] as const) {
      expect((await refusal({ values, helm: program })).replaceAll('\n', ' ')).toMatch(message);
    }
  });
});

describe('null takes a default away, and then', () => {
  /** What a template can do without; the rest is refused by its name, never by a template that fails. */
  const optional = new Set([
    'podSecurityContext.runAsUser',
    'podSecurityContext.runAsGroup',
    'podSecurityContext.fsGroup',
  ]);
  const own = paths.filter(([top, key]) => !['postgresql', 'redis', 'global'].includes(top ?? '') && key !== 'env');
  prepare(own.map((path) => ({ set: [`${path.join('.')}=null`] })));

  test.each(own.map((path) => [path.join('.'), path] as const))('%s is missed by name', async (name, path) => {
    const wanted = { set: [`${name}=null`] };
    if (optional.has(name)) await render(wanted);
    else expect(await refusal(wanted)).toContain(`missing property '${path.at(-1)}'`);
  });

  test.each([
    'postgresql',
    'redis',
    'global',
    'postgresql.auth',
    'redis.master',
    'postgresql.primary',
    'agent',
    'agent.env',
  ])('%s is missed or done without, and no template fails', async (name) => {
    const { code, stderr } = await helm('helm', ['template', 'r', '.', '--set', `${name}=null`]);
    expect({ code, stderr }).not.toMatchObject({ stderr: expect.stringMatching(/nil pointer|executing|panic/) });
  });
});

test('numbers and booleans of --set are texts in the configuration', async () => {
  const set = ['agent.env.WORKER_THREADS=8', 'agent.env.DEBUG=true'];
  const { data } = one(await render({ set }), 'ConfigMap', /-config$/);
  expect(data).toMatchObject({ WORKER_THREADS: '8', DEBUG: 'true' });
});

test('all contradictions are said at once', async () => {
  const values = {
    agent: { preStopSeconds: 30, env: { REDIS_URL: 'x' } },
    autoscaling: { enabled: true, minReplicas: 5 },
    postgresql: { enabled: false },
    externalRedis: { host: 'x' },
    ingress: { enabled: true },
    backup: { enabled: true },
  };
  for (const program of ['helm', 'helm3'] as const) {
    const said = await refusal({ values, helm: program });
    const faults = said.match(/^- .+$/gm) ?? [];
    expect(faults.length).toBeGreaterThanOrEqual(8);
  }
});

test('the environments lint strictly with both Helms', async () => {
  for (const program of ['helm', 'helm3'] as const) {
    for (const environment of ['dev', 'staging', 'prod']) {
      const args = [
        'lint',
        'task-api',
        '--strict',
        '--quiet',
        '--values',
        join(repository, `chart/values-${environment}.yaml`),
      ];
      expect(await helm(program, args)).toEqual({ code: 0, stdout: '', stderr: '' });
    }
  }
});

test('a rendered manifest has no empty document and nothing undefined', async () => {
  for (const environment of ['dev', 'prod'] as const) {
    expect(await manifest({ environment })).not.toMatch(/<no value>|%!|<nil>|\n {4,}null\n/);
  }
});
