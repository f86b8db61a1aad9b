import { describe, expect, test } from '@jest/globals';
import { all, type Foreign, one, PASSWORDS, pods, render } from './rendering.ts';

describe('network policies', () => {
  /** Whether a policy's peer takes in a pod of the release; `ipBlock` and other namespaces don't. */
  function takesIn(selector: Foreign, labels: Record<string, string>): boolean {
    const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
    const expressions = (selector.matchExpressions ?? []) as { key: string; operator: string; values: string[] }[];
    for (const { operator } of expressions) expect(operator).toBe('In');
    return equal && expressions.every(({ key, values }) => values.includes(labels[key] ?? ''));
  }

  /** Port of the pod `to` at which it may be reached by `from`, by the rules of Kubernetes: all policies of a pod add up. */
  async function paths(wanted: object): Promise<string[]> {
    const objects = await render({ ...wanted });
    const policies = all(objects, 'NetworkPolicy').map(({ spec }) => spec);
    const everyone = pods(objects).map(({ of, labels, spec }) => ({
      name: labels['app.kubernetes.io/component'] === 'agent' ? 'agent' : (of.split('/')[1] ?? '').replace('home-', ''),
      labels,
      ports: spec.containers.flatMap(({ ports = [] }: Foreign) => ports) as { name: string; containerPort: number }[],
    }));
    const allows = (direction: 'Ingress' | 'Egress', pod: Foreign, peer: Foreign, port: Foreign): boolean => {
      const own = policies.filter(
        (policy) => policy.policyTypes.includes(direction) && takesIn(policy.podSelector, pod.labels),
      );
      if (own.length === 0) return true;
      const [rules, side] = direction === 'Ingress' ? (['ingress', 'from'] as const) : (['egress', 'to'] as const);
      return own.some((policy) =>
        (policy[rules] ?? []).some(
          (rule: Foreign) =>
            (rule.ports === undefined ||
              rule.ports.some((one: Foreign) => [port.name, port.containerPort].includes(one.port))) &&
            (rule[side] === undefined ||
              rule[side].some(
                (one: Foreign) => one.podSelector && !one.namespaceSelector && takesIn(one.podSelector, peer.labels),
              )),
        ),
      );
    };
    const found = [];
    for (const from of everyone) {
      for (const to of everyone) {
        for (const port of to.ports) {
          if (from === to) continue;
          if (allows('Egress', from, to, port) && allows('Ingress', to, from, port)) {
            found.push(`${from.name} → ${to.name}:${port.containerPort}`);
          }
        }
      }
    }
    return found.sort();
  }

  const backup = { enabled: true, existingClaim: 'c' };

  test('let through what the release needs and nothing else', async () => {
    const values = { networkPolicy: { enabled: true, from: [] }, backup };
    const shown = await paths({ environment: 'dev', release: 'r', values });
    const postgresql = ['agent', 'r-backup', 'r-connection-test', 'r-migration-1', 'r-restore'];
    expect(shown).toEqual(
      [
        ...postgresql.map((from) => `${from} → r-postgresql:5432`),
        'agent → r-redis-master:6379',
        'r-connection-test → agent:8000',
        'r-connection-test → r-redis-master:6379',
      ].sort(),
    );
  });

  test('name who comes into a store', async () => {
    const values = { networkPolicy: { enabled: true }, backup };
    const clients = async (store: string) => {
      const { spec } = one(await render({ values }), 'NetworkPolicy', `agent-dev-${store}`);
      const [{ from }] = spec.ingress;
      return from[0].podSelector.matchExpressions[0].values.sort();
    };
    expect(await clients('postgresql')).toEqual(['agent', 'backup', 'migration', 'restore', 'test']);
    expect(await clients('redis')).toEqual(['agent', 'test']);
  });

  test('let replicas follow, and the pods of the namespace talk to the agent, by default', async () => {
    const shown = await paths({ environment: 'prod', release: 'r', values: { backup } });
    expect(shown).toEqual(
      expect.arrayContaining([
        'r-postgresql-read → r-postgresql-primary:5432',
        'r-redis-replicas → r-redis-master:6379',
        'agent → r-postgresql-primary:5432',
        'r-postgresql-read → agent:8000',
      ]),
    );
    expect(shown.filter((path) => path.endsWith('→ r-connection-test:8000'))).toEqual([]);
  });

  test('the hook of an upgrade reaches the database too', async () => {
    const shown = await paths({ environment: 'staging', release: 'r', upgrade: true });
    expect(shown).toContain('r-pre-upgrade → r-postgresql:5432');
  });

  test('without them everybody reaches everybody: the check above can fail', async () => {
    expect(await paths({ environment: 'dev', release: 'r' })).toContain('r-connection-test → r-postgresql:9187');
  });

  test('every pod of the chart is held in where it goes', async () => {
    const objects = await render({ environment: 'prod', values: { backup } });
    const held = all(objects, 'NetworkPolicy').filter(({ spec }) => spec.policyTypes.includes('Egress'));
    const own = pods(objects).filter(({ spec }) => spec.enableServiceLinks === false);
    expect(own).toHaveLength(5);
    for (const { of, labels } of own)
      expect([of, held.some(({ spec }) => takesIn(spec.podSelector, labels))]).toEqual([of, true]);
  });

  test('every pod that is held finds the name server, by UDP and TCP', async () => {
    const policies = all(await render({ environment: 'prod', values: { backup } }), 'NetworkPolicy');
    const dns = {
      ports: [
        { port: 53, protocol: 'UDP' },
        { port: 53, protocol: 'TCP' },
      ],
    };
    const withEgress = policies.filter(({ spec }) => spec.policyTypes.includes('Egress'));
    expect(
      withEgress
        .filter(({ spec }) => JSON.stringify(spec.egress).includes(JSON.stringify(dns)))
        .map(({ metadata }) => metadata.name),
    ).toEqual(['agent-prod', 'agent-prod-jobs']);
  });

  test('named ways out, and who else may come in', async () => {
    const model = { to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 443, protocol: 'TCP' }] };
    const peer = { namespaceSelector: { matchLabels: { name: 'ingress' } } };
    const networkPolicy = { enabled: true, from: [peer], storesFrom: [peer], metricsFrom: [], egress: { model } };
    const policies = all(await render({ values: { networkPolicy } }), 'NetworkPolicy');
    expect(one(policies, 'NetworkPolicy', 'agent-dev').spec.egress).toContainEqual(model);
    expect(one(policies, 'NetworkPolicy', 'agent-dev').spec.ingress[0].from).toContainEqual(peer);
    for (const store of ['postgresql', 'redis']) {
      const { ingress } = one(policies, 'NetworkPolicy', `agent-dev-${store}`).spec;
      expect(ingress).toHaveLength(1);
      expect(ingress[0].from).toContainEqual(peer);
    }
  });

  test('metrics are read from where values say', async () => {
    const values = { networkPolicy: { enabled: true }, redis: { metrics: { enabled: true } } };
    const policies = await render({ values });
    const monitoring = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };
    for (const [store, port] of [
      ['postgresql', 9187],
      ['redis', 9121],
    ] as const) {
      expect(one(policies, 'NetworkPolicy', `agent-dev-${store}`).spec.ingress).toContainEqual({
        ports: [{ port, protocol: 'TCP' }],
        from: [monitoring],
      });
    }
    expect(one(policies, 'NetworkPolicy', 'agent-dev').spec.ingress[0].from).toContainEqual(monitoring);
  });

  test('stores outside the release are reached by their ports, and have no policy', async () => {
    const values = {
      ...PASSWORDS,
      networkPolicy: { enabled: true },
      postgresql: { ...PASSWORDS.postgresql, enabled: false },
      externalPostgresql: { host: 'db', port: 6543 },
      redis: { ...PASSWORDS.redis, enabled: false },
      externalRedis: { host: 'cache', port: 7777 },
    };
    const policies = all(await render({ values }), 'NetworkPolicy');
    expect(policies.map(({ metadata }) => metadata.name)).toEqual(['agent-dev', 'agent-dev-jobs', 'agent-dev-test']);
    const { egress } = one(policies, 'NetworkPolicy', 'agent-dev').spec;
    expect(egress).toContainEqual({ ports: [{ port: 6543, protocol: 'TCP' }] });
    expect(egress).toContainEqual({ ports: [{ port: 7777, protocol: 'TCP' }] });
  });

  test.each([
    ['', 443],
    ['https://s3.example.test', 443],
    ['http://minio.storage', 80],
    ['http://minio.storage:9000', 9000],
    ['https://[2001:db8::1]:9443', 9443],
  ])('backups reach the S3 store %j at its port, %d', async (endpoint, port) => {
    const s3 = { bucket: 'b', existingSecret: 's', endpoint };
    const values = { networkPolicy: { enabled: true }, backup: { enabled: true, s3 } };
    const { spec } = one(await render({ values }), 'NetworkPolicy', 'agent-dev-backup');
    expect(spec.egress).toEqual([{ ports: [{ port, protocol: 'TCP' }] }]);
  });
});
