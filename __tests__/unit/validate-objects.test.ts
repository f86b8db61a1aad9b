import { expect, test } from '@jest/globals';
import { NO_CUSTOM_KINDS } from '../../src/domain/custom-kinds.ts';
import type { Environment } from '../../src/domain/environment.ts';
import { KNOWN_KUBE_VERSIONS } from '../../src/domain/kubernetes.ts';
import { documentsOf } from '../../src/domain/manifest.ts';
import { createDocumentReader } from '../../src/domain/rendered-objects.ts';
import type { StagedChart } from '../../src/domain/staged.ts';
import { createPolicyChecks } from '../../src/stages/policies.ts';
import { createObjectChecks } from '../../src/stages/validate-objects.ts';

const kubeVersions = KNOWN_KUBE_VERSIONS.slice(0, 3);
const [kubeVersion] = kubeVersions;
if (kubeVersion === undefined) throw new Error('no version is known');

const staged = { source: 'chart', metadata: { name: 'demo' }, dependencies: [] } as unknown as StagedChart;
const environment = (name: string) =>
  ({ name, namespace: name, release: `demo-${name}`, kubeVersions }) as unknown as Environment;
const rendered = (manifest: string) => ({
  kubeVersion,
  upgrade: false,
  manifest,
  documents: documentsOf(manifest, 'demo'),
  apiVersions: [],
});

function checks(read = createDocumentReader()) {
  const locate = async (_environment: unknown, _rendered: unknown, questions: readonly unknown[]) =>
    questions.map(() => ({ cause: 'unknown' as const }));
  const policies = createPolicyChecks(staged, new Map());
  const applied = async () => 'on-server' as const;
  return createObjectChecks({ staged, read, crds: [], locate, further: () => NO_CUSTOM_KINDS, policies, applied });
}

const configMap = (name: string, data = ''): string =>
  `---\n# Source: demo/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n${data}`;

test('a document that environments share is read and checked once', async () => {
  const reads: string[] = [];
  const reader = createDocumentReader();
  const check = checks((text) => {
    reads.push(text);
    return reader(text);
  });
  const manifest = configMap('a', '  a: 1\n');
  const dev = await check(environment('dev'), [rendered(manifest)]);
  const prod = await check(environment('prod'), [rendered(manifest)]);
  expect(dev).toHaveLength(3);
  expect(prod[0]).toEqual({ ...dev[0], environments: ['prod'] });
  expect(reads).toHaveLength(2);
});

test('twenty thousand objects in fifty megabytes take bounded time and memory, and signals get their turn', async () => {
  const manifest = Array.from({ length: 20_000 }, (_, index) =>
    configMap(`c${index}`, `  a: |\n    ${'x'.repeat(2_400)}\n`),
  ).join('');
  expect(manifest.length).toBeGreaterThan(49_000_000);
  const before = process.memoryUsage().heapUsed;
  let turns = 0;
  const timer = setInterval(() => turns++, 10);
  const started = performance.now();
  const findings = await checks()(environment('dev'), [rendered(`${manifest}${configMap('c7')}`)]);
  clearInterval(timer);
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(findings.map(({ rule }) => rule)).toEqual(Array.from({ length: 3 }, () => 'schema/duplicate-resource'));
  expect(turns).toBeGreaterThan(10);
  // The text itself is not counted: it was there before.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(600_000_000);
});

test('a ConfigMap of forty megabytes is told as too large, once for each version', async () => {
  const data = Array.from({ length: 200_000 }, (_, index) => `  k${index}: "${'y'.repeat(200)}"\n`).join('');
  const started = performance.now();
  const findings = await checks()(environment('dev'), [rendered(configMap('a', data))]);
  expect(new Set(findings.map(({ message }) => message))).toEqual(
    new Set(['data: its values have 40000000 bytes, and an API server takes 1048576']),
  );
  expect(findings).toHaveLength(3);
  expect(performance.now() - started).toBeLessThan(15_000);
});

test('a fault that a loop renders twenty thousand times is told a hundred times, and how often it is', async () => {
  const manifest = Array.from({ length: 20_000 }, () => configMap('same', '  a: 1\n')).join('');
  const started = performance.now();
  const findings = await checks()(environment('dev'), [rendered(manifest)]);
  expect(performance.now() - started).toBeLessThan(10_000);
  const newest = findings.filter(({ kubeVersions }) => kubeVersions?.[0] === kubeVersion.label);
  expect(newest.filter(({ rule }) => rule === 'schema/type')).toHaveLength(101);
  expect(newest.filter(({ rule }) => rule === 'schema/duplicate-resource')).toHaveLength(101);
  expect(newest.findLast(({ rule }) => rule === 'schema/type')?.message).toBe(
    'this is told 100 times; there are 19900 more such faults in this template',
  );
});
