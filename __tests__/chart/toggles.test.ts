import { describe, expect, test } from '@jest/globals';
import { kubeconform } from '../support/kubeconform.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';
import {
  type Case,
  containers,
  ENVIRONMENTS,
  type KubernetesObject,
  manifest,
  one,
  pods,
  prepare,
  render,
  selects,
} from './rendering.ts';
import { APART, merged, TOGGLES } from './toggles.ts';

const names = Object.keys(TOGGLES);
const { minors } = kubernetesSchemas();

/** Kinds of operators, which Kubernetes' own schemas don't have. */
const FOREIGN = /^(?:external-secrets\.io|monitoring\.coreos\.com|gateway\.networking\.k8s\.io)\//;

/** What holds whatever is switched on or off. */
function expectSound(objects: readonly KubernetesObject[]): void {
  const ids = objects.map(({ apiVersion, kind, metadata }) => `${apiVersion}/${kind}/${metadata.name}`);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);

  const deployment = one(objects, 'Deployment');
  const { name, labels } = deployment.metadata;
  const service = one(objects, 'Service', name);
  for (const selector of [service.spec.selector, deployment.spec.selector.matchLabels]) {
    expect(
      pods(objects)
        .filter((pod) => selects(selector, pod))
        .map(({ of }) => of),
    ).toEqual([`Deployment/${name}`]);
  }
  for (const { metadata } of objects) {
    expect(metadata.namespace).toBe('home');
    expect(metadata.labels).toMatchObject({
      app: 'task-api',
      'app.kubernetes.io/instance': labels['app.kubernetes.io/instance'],
    });
  }
  expect(deployment.spec.replicas).toBeGreaterThanOrEqual(1);

  // What pods refer to by name is rendered too, or was named in the values.
  const made = new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  for (const { metadata } of objects.filter(({ kind }) => kind === 'ExternalSecret'))
    made.add(`Secret/${metadata.name}`);
  const given = new Set(['Secret/mine', 'Secret/s3', 'Secret/llm', 'ConfigMap/ca', 'PersistentVolumeClaim/backups']);
  for (const pod of pods(objects)) {
    for (const volume of pod.spec.volumes ?? []) {
      const reference =
        (volume.secret && `Secret/${volume.secret.secretName}`) ??
        (volume.configMap && `ConfigMap/${volume.configMap.name}`) ??
        (volume.persistentVolumeClaim && `PersistentVolumeClaim/${volume.persistentVolumeClaim.claimName}`);
      if (reference)
        expect([pod.of, reference, made.has(reference) || given.has(reference)]).toEqual([pod.of, reference, true]);
    }
    for (const container of containers(pod)) {
      const security = { ...pod.spec.securityContext, ...container.securityContext };
      expect(security).toMatchObject({
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
      const mounts = (container.volumeMounts ?? []).map(({ mountPath }: { mountPath: string }) => mountPath);
      expect(new Set(mounts).size).toBe(mounts.length);
      const variables = (container.env ?? []).map(({ name }: { name: string }) => name);
      expect(new Set(variables).size).toBe(variables.length);
      for (const { valueFrom } of container.env ?? []) {
        const secret = valueFrom?.secretKeyRef && `Secret/${valueFrom.secretKeyRef.name}`;
        if (secret) expect([pod.of, secret, made.has(secret) || given.has(secret)]).toEqual([pod.of, secret, true]);
      }
    }
  }
}

/** The documents of cases that Kubernetes' own schemas are for, each once, with the first case that has it. */
async function documentsOf(cases: readonly Case[]): Promise<Map<string, Case>> {
  const found = new Map<string, Case>();
  for (const wanted of cases) {
    for (const text of (await manifest(wanted)).split(/^---$/m)) {
      const apiVersion = /^apiVersion: (.+)$/m.exec(text)?.[1];
      if (apiVersion !== undefined && !FOREIGN.test(apiVersion) && !found.has(text)) found.set(text, wanted);
    }
  }
  return found;
}

describe.each(ENVIRONMENTS)('%s, as install and as upgrade', (environment) => {
  const casesOf = (toggle?: string): Case[] =>
    [false, true].map((upgrade) => ({
      environment,
      upgrade,
      values: toggle === undefined ? {} : TOGGLES[toggle],
      // A representative part by Helm 3.
      helm: upgrade && (toggle === undefined || names.indexOf(toggle) % 3 === 0) ? 'helm3' : 'helm',
    }));
  const cases = [undefined, ...names].flatMap(casesOf);
  prepare(cases);

  test.each(names)('is sound with the toggle: %s', async (toggle) => {
    for (const wanted of casesOf(toggle)) expectSound(await render(wanted));
  });

  // The chart reads nothing of the cluster's version, so one manifest is for all of them: see below.
  test.each(minors)('is what Kubernetes %s takes, with each toggle', async (minor) => {
    const documents = await documentsOf(cases);
    const { resources } = await kubeconform([...documents.keys()].join('---'), minor);
    expect(resources).toHaveLength(documents.size);
    const wanted = [...documents.values()];
    const faults = resources.flatMap(({ status, kind, name, msg }, index) =>
      status === 'statusValid' ? [] : [{ kind, name, msg, case: wanted[index] }],
    );
    expect(faults).toEqual([]);
  });
});

test('the chart renders alike for every version of Kubernetes', async () => {
  const values = { global: { taskApi: { existingSecret: 'mine' } } };
  const all = await Promise.all(
    minors.map((minor) => manifest({ environment: 'prod', values, kubeVersion: `${minor}.0` })),
  );
  expect(new Set(all).size).toBe(1);
});

describe('pairs of toggles', () => {
  const pairs = names.flatMap((first, index) => names.slice(index + 1).map((second) => [first, second] as const));
  const together = pairs.filter((pair) => !APART.some((apart) => apart.every((name) => pair.includes(name))));
  const caseOf = ([first, second]: readonly [string, string], index: number): Case => ({
    environment: ENVIRONMENTS[index % 3] ?? 'dev',
    upgrade: index % 2 === 1,
    values: merged(TOGGLES[first], TOGGLES[second]),
  });
  prepare(together.map(caseOf));

  test.each(together.map((pair, index) => [...pair, index] as const))('%s, %s', async (first, second, index) => {
    expectSound(await render(caseOf([first, second], index)));
  });
});
