import { describe, expect, test } from '@jest/globals';
import { type Case, type Foreign, PASSWORDS, prepare, refusal, render } from './rendering.ts';
import { defaultAt, nested, paths } from './values.ts';

/** Another valid value for those where the rule below finds none. */
const OTHER: Record<string, unknown> = {
  'agent.image.digest': `sha256:${'1'.repeat(64)}`,
  'agent.image.pullPolicy': 'Always',
  'agent.extraEnv': [{ name: 'OTHER', value: 'x' }],
  'agent.affinity': { nodeAffinity: {} },
  'agent.service.type': 'NodePort',
  imagePullSecrets: ['other'],
  'global.imagePullSecrets': ['other'],
  tolerations: [{ key: 'other' }],
  'externalSecret.secretStoreRef.kind': 'ClusterSecretStore',
  'externalSecret.refreshInterval': '5m',
  'metrics.serviceMonitor.interval': '5m',
  'metrics.serviceMonitor.scrapeTimeout': '5m',
  'migration.imagePullPolicy': 'Always',
  'backup.imagePullPolicy': 'Always',
  'migration.extraEnv': [{ name: 'OTHER', value: 'x' }],
  'backup.extraEnv': [{ name: 'OTHER', value: 'x' }],
  'autoscaling.maxReplicas': 9,
  'backup.schedule': '@daily',
  'autoscaling.behavior': { scaleUp: {} },
  'podDisruptionBudget.maxUnavailable': 2,
  'podDisruptionBudget.minAvailable': 1,
  'networkPolicy.from': [],
  'networkPolicy.metricsFrom': [],
  'networkPolicy.storesFrom': [{ namespaceSelector: {} }],
  'networkPolicy.egress': { other: { ports: [{ port: 1 }] } },
  'ingress.hosts': [{ host: 'other' }],
  'ingress.tls': [{ secretName: 'other' }],
  'httpRoute.parentRefs': [{ name: 'other' }],
  'httpRoute.hostnames': ['other'],
  'httpRoute.path': '/other',
  'backup.s3.endpoint': 'https://other',
  'externalPostgresql.sslMode': 'require',
  'postgresql.auth.existingSecret': undefined,
  'redis.auth.existingSecret': undefined,
  'postgresql.architecture': 'replication',
  'redis.architecture': 'standalone',
};

/** What must be on for a value to matter. */
const CONTEXT: Record<string, Foreign> = {
  default: { postgresql: { architecture: 'replication' } },
  externalSecret: { externalSecret: { enabled: true, key: 'k', secretStoreRef: { name: 's' } } },
  autoscaling: { autoscaling: { enabled: true, minReplicas: 2 }, agent: { replicaCount: 5 } },
  podDisruptionBudget: { agent: { replicaCount: 5 } },
  networkPolicy: { networkPolicy: { enabled: true } },
  ingress: { ingress: { enabled: true, hosts: [{ host: 'h' }] } },
  httpRoute: { httpRoute: { enabled: true, parentRefs: [{ name: 'g' }] } },
  metrics: {
    metrics: { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true } },
  },
  backup: { backup: { enabled: true, s3: { bucket: 'b', existingSecret: 's' } } },
  'backup.existingClaim': { backup: { enabled: true, existingClaim: 'c' } },
  'backup.alertAfterHours': {
    backup: { enabled: true, existingClaim: 'c' },
    metrics: { prometheusRule: { enabled: true } },
  },
  externalPostgresql: {
    postgresql: { enabled: false, auth: { password: 'x' } },
    externalPostgresql: { host: 'h' },
  },
  externalRedis: { redis: { enabled: false, auth: { password: 'x' } }, externalRedis: { host: 'h' } },
  'postgresql.architecture': {},
};

/** What goes with another value, where it can't be alone. */
const ALONG: Record<string, Foreign> = {
  'podDisruptionBudget.minAvailable': { podDisruptionBudget: { maxUnavailable: '' } },
  'postgresql.enabled': { externalPostgresql: { host: 'h' } },
  'redis.enabled': { externalRedis: { host: 'h' } },
};

function otherValue(path: readonly string[]): unknown {
  const name = path.join('.');
  if (name in OTHER) return OTHER[name];
  const value = defaultAt(path);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return /^[0-9.]+(m|Mi|Gi|k)?$/.test(value) ? '7Gi' : 'other';
  if (Array.isArray(value)) return [{ name: 'other', mountPath: '/other', emptyDir: {} }];
  if (path.at(-1) === 'resources' || path.at(-1) === 'requests') {
    const amounts = { cpu: '77m', memory: '77Mi' };
    return path.at(-1) === 'requests' ? amounts : { requests: amounts };
  }
  return { other: 'other' };
}

function merged(base: Foreign, over: Foreign): Foreign {
  if (over === null || typeof over !== 'object' || Array.isArray(over)) return over;
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) result[key] = merged(base?.[key], value);
  return result;
}

/** The same but for one value; `undefined` where there is no other that is valid. */
function pairOf(path: readonly string[]): { before: Case; after: Case } | undefined {
  const name = path.join('.');
  const other = otherValue(path);
  if (other === undefined) return undefined;
  const isSecretElsewhere = path[0] === 'externalSecret' || name === 'global.taskApi.existingSecret';
  const found = CONTEXT[name] ?? CONTEXT[path[0] ?? ''] ?? CONTEXT.default;
  const context = merged(isSecretElsewhere ? {} : PASSWORDS, found);
  const before = name.endsWith('.enabled') ? merged(context, nested(path, defaultAt(path))) : context;
  return {
    before: { values: before },
    after: { values: merged(merged(context, nested(path, other)), ALONG[name] ?? {}) },
  };
}

describe('every value has an effect', () => {
  prepare(paths.flatMap((path) => Object.values(pairOf(path) ?? {})));

  test.each(paths.map((path) => [path.join('.'), path] as const))('%s', async (name, path) => {
    const pair = pairOf(path);
    // Which Secret the dependencies use is checked against the agent's.
    if (pair === undefined) expect(await refusal({ values: nested(path, 'other') })).toContain(`${name} names another`);
    else expect(await render(pair.after)).not.toEqual(await render(pair.before));
  });
});
