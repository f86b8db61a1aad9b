// `npm run bench`: speed as ratios, measured in pairs in one run, so that a slower machine says the same.
//
//   pipeline    a whole run up to publishing against the usual shell pipeline (bench/pipeline.mjs)
//   validation  rendered manifests against Kubernetes' schemas, and kubeconform (bench/validation.mjs)
//   repository  100 charts in one run against `ct lint --all` (bench/repository.mjs)
//   deploy      a deployment against bare `helm upgrade --wait` and `helm test`, on a cluster of its own (bench/deploy.mjs)
//
// Prints the ratios, writes bench/latest.json, and fails when a target is missed. Nothing else should be at work
// on the machine meanwhile.
//
//   --part NAME   one of them alone; the other's figures stay as they are
//   --rounds N    how many pairs
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchDeploy } from './bench/deploy.mjs';
import { benchPipeline } from './bench/pipeline.mjs';
import { benchRepository } from './bench/repository.mjs';
import { benchValidation } from './bench/validation.mjs';
import { whyNoCluster } from './ship/deploy.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const latest = join(root, 'bench/latest.json');
const parts = {
  pipeline: benchPipeline,
  validation: benchValidation,
  repository: benchRepository,
  deploy: benchDeploy,
};

const { values } = parseArgs({ options: { part: { type: 'string' }, rounds: { type: 'string' } } });
if (values.part !== undefined && !Object.hasOwn(parts, values.part))
  throw new Error(`--part ${values.part}: there are ${Object.keys(parts).join(', ')}`);

const figures = existsSync(latest) ? JSON.parse(readFileSync(latest, 'utf8')) : {};
for (const [name, bench] of Object.entries(parts)) {
  if (values.part !== undefined && values.part !== name) continue;
  const why = name === 'deploy' ? whyNoCluster() : undefined;
  if (why) {
    console.log(`${name}: not measured, there can be no cluster here: ${why}`);
    continue;
  }
  const { measured, lines, targets } = await bench(Number(values.rounds) || undefined);
  figures[name] = measured;
  for (const line of lines) console.log(line);
  for (const { what, value, target, unit = '' } of targets) {
    const isMet = value <= target;
    console.log(`  ${isMet ? 'met   ' : 'MISSED'} ${what}: ${value}${unit} (target: at most ${target}${unit})`);
    if (!isMet) process.exitCode = 1;
  }
}
mkdirSync(dirname(latest), { recursive: true });
writeFileSync(latest, `${JSON.stringify(figures, null, 2)}\n`);
