import type { Foreign } from './rendering.ts';

const external = { auth: { password: 'Kanarie-outside' }, enabled: false };

/** Everything that can be switched, with the values that it can't be without. */
export const TOGGLES: Record<string, Foreign> = {
  autoscaling: { autoscaling: { enabled: true, minReplicas: 1 } },
  'no budget': { podDisruptionBudget: { enabled: false } },
  networkPolicy: { networkPolicy: { enabled: true, egress: { api: { ports: [{ port: 443, protocol: 'TCP' }] } } } },
  'no networkPolicy': { networkPolicy: { enabled: false } },
  ingress: {
    ingress: {
      enabled: true,
      className: 'nginx',
      hosts: [{ host: 'agent.example.test' }],
      tls: [{ secretName: 't', hosts: ['agent.example.test'] }],
    },
  },
  httpRoute: { httpRoute: { enabled: true, parentRefs: [{ name: 'gateway' }], hostnames: ['agent.example.test'] } },
  monitoring: {
    metrics: { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true } },
  },
  'backup to a volume': { backup: { enabled: true, existingClaim: 'backups' } },
  'backup to S3': {
    backup: { enabled: true, s3: { bucket: 'b', existingSecret: 's3', endpoint: 'http://minio:9000' } },
  },
  'existing Secret': { global: { taskApi: { existingSecret: 'mine' } } },
  externalSecret: { externalSecret: { enabled: true, key: 'k', secretStoreRef: { name: 'vault' } } },
  'external PostgreSQL': { postgresql: external, externalPostgresql: { host: 'db.example.test', sslMode: 'require' } },
  'external Redis': { redis: external, externalRedis: { host: 'cache.example.test', tls: true } },
  'no Redis password': { redis: { auth: { enabled: false } } },
  'no migration': { migration: { enabled: false } },
  'replicated stores': { postgresql: { architecture: 'replication' }, redis: { architecture: 'replication' } },
  'single stores': { postgresql: { architecture: 'standalone' }, redis: { architecture: 'standalone' } },
  'no volumes': {
    postgresql: { primary: { persistence: { enabled: false } } },
    redis: { master: { persistence: { enabled: false } } },
  },
  exporters: { postgresql: { metrics: { enabled: true } }, redis: { metrics: { enabled: true } } },
  'no exporters': { postgresql: { metrics: { enabled: false } } },
  'another service account': { serviceAccount: { create: false, name: 'mine', automount: true } },
  scheduling: {
    priorityClassName: 'high',
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'gpu', operator: 'Exists' }],
    agent: { affinity: { podAntiAffinity: {} } },
    imagePullSecrets: ['registry'],
  },
  extras: {
    agent: {
      extraEnv: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'llm', key: 'token' } } }],
      extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
      extraVolumeMounts: [{ name: 'ca', mountPath: '/ca' }],
      podLabels: { tier: 'web' },
      podAnnotations: { note: 'x' },
      service: { type: 'LoadBalancer', annotations: { a: 'b' } },
      preStopSeconds: 0,
    },
  },
  'other names': { nameOverride: 'thinker', postgresql: { nameOverride: 'db' }, redis: { fullnameOverride: 'cache' } },
};

/** Two that say opposite things, or that one release can't have: refused, or one of them without meaning. */
export const APART: readonly (readonly [string, string])[] = [
  ['networkPolicy', 'no networkPolicy'],
  ['backup to a volume', 'backup to S3'],
  ['existing Secret', 'externalSecret'],
  ['existing Secret', 'external PostgreSQL'],
  ['existing Secret', 'external Redis'],
  ['externalSecret', 'external PostgreSQL'],
  ['externalSecret', 'external Redis'],
  ['replicated stores', 'single stores'],
  ['exporters', 'no exporters'],
];

export function merged(base: Foreign, over: Foreign): Foreign {
  if (over === null || typeof over !== 'object' || Array.isArray(over)) return over;
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) result[key] = merged(base?.[key], value);
  return result;
}
