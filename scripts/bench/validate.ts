// Chartship's validation of rendered manifests, and nothing else of a run: the program that `npm run bench` measures
// against kubeconform. It is the stage's own code; here is only what reads files and counts.
//
//   node validate.js VERSION[,VERSION …] MANIFEST …     each manifest is what one environment rendered
import { readFileSync } from 'node:fs';
import type { Environment } from '../../src/domain/environment.ts';
import { type KubeVersion, parseKubeVersion } from '../../src/domain/kubernetes.ts';
import { documentsOf } from '../../src/domain/manifest.ts';
import { createDocumentReader } from '../../src/domain/rendered-objects.ts';
import { createObjectChecks } from '../../src/stages/validate-objects.ts';

const [versions = '', ...files] = process.argv.slice(2);
const kubeVersions = versions
  .split(',')
  .map(parseKubeVersion)
  .filter((version): version is KubeVersion => version !== undefined);
const [first] = kubeVersions;
if (first === undefined) throw new Error(`${versions}: no Kubernetes version`);
const read = createDocumentReader();
const staged = {
  directory: process.cwd(),
  source: '.',
  metadata: { name: 'task-api', version: '0.0.0' },
  dependencies: [],
  readsCapabilities: false,
  readsOperation: false,
} as never;
const check = createObjectChecks({
  staged,
  read,
  crds: [],
  further: () => ({ kind: () => undefined, otherVersions: () => [], unserved: () => undefined }),
  // What is at fault ends the bench; where it comes from is nobody's business then.
  locate: async () => [],
  applied: async () => 'on-server',
  // kubeconform has none either.
  policies: {
    ofRender: async () => ({ take: () => undefined, told: async () => [] }),
    ofValues: async () => [],
  },
});
async function main(kubeVersion: KubeVersion): Promise<void> {
  for (const file of files) {
    const manifest = readFileSync(file, 'utf8');
    const documents = documentsOf(manifest, 'task-api');
    const environment = { name: file, namespace: 'default', release: 'bench', kubeVersions } as unknown as Environment;
    const findings = await check(environment, [{ kubeVersion, upgrade: false, manifest, documents, apiVersions: [] }]);
    for (const { message, resource } of findings) console.log(`${file}: ${resource}: ${message}`);
    console.log(`${file}: ${documents.length} documents, ${findings.length} findings`);
    if (findings.length > 0) process.exitCode = 1;
  }
}

void main(first);
