// The part `validation` of `npm run bench`: rendered manifests against Kubernetes' schemas.
//   (a) validation alone of chart/'s three environments for three Kubernetes versions: CPU of the whole process, with
//       Node's start and the reading of documents and schemas; beside it kubeconform, once for each of the nine.
//   (b) 2,000 documents for one version against one process of kubeconform, strict and with local schemas.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../build.mjs';
import { getTools } from '../tools.mjs';
import { benchFolder, temporaryIn } from './folder.mjs';
import { schemaLocation } from './kubeconform.mjs';
import { median } from './median.mjs';
import { run, timed } from './timed.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const environments = ['dev', 'staging', 'prod'];
const versions = ['1.35', '1.34', '1.33'];
const DOCUMENTS = 2_000;
const TARGETS = { aloneCpuSeconds: 0.1, wallOfKubeconform: 1, cpuOfKubeconform: 1 };

/** What was measured, what to print of it, and the targets. */
export async function benchValidation(rounds = 15) {
  const tools = await getTools(['helm', 'kubeconform']);
  const folder = benchFolder();
  const bundled = join(folder, 'bundled');
  try {
    await bundle(bundled, { validate: 'scripts/bench/validate.ts' });
    const options = {
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', HOME: folder, ...temporaryIn(folder), LANG: 'C.UTF-8' },
    };
    const manifests = render(tools, options);
    const many = join(folder, 'many.yaml');
    writeFileSync(many, multiply(manifests.map((file) => readFileSync(file, 'utf8')).join('\n---\n')));
    const locations = new Map();
    for (const version of versions) locations.set(version, await schemaLocation(version));

    const ours = (kubeVersions, files) =>
      `"${process.execPath}" "${bundled}/validate.js" ${kubeVersions} ${files.map((file) => `"${file}"`).join(' ')} >&2`;
    const theirs = (version, file) =>
      `"${tools.kubeconform}" -strict -kubernetes-version ${version}.0 -schema-location '${locations.get(version)}' "${file}" >&2`;
    const [newest] = versions;
    const texts = {
      alone: ours(versions, manifests),
      nine: versions.flatMap((version) => manifests.map((file) => theirs(version, file))).join('\n'),
      many: ours(newest, [many]),
      manyTheirs: theirs(newest, many),
    };
    const seen = Object.fromEntries(Object.keys(texts).map((name) => [name, []]));
    // The first round warms the caches: the files, and Node's compiled code.
    for (let round = -1; round < rounds; round += 1) {
      for (const [name, text] of Object.entries(texts)) {
        const figures = timed(text, options);
        if (round >= 0) seen[name].push(figures);
      }
    }
    const measured = figuresOf(seen, rounds);
    return { measured, ...verdict(measured) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The manifests of chart/'s environments. */
function render({ helm }, options) {
  const chart = join(options.cwd, 'chart');
  cpSync(join(root, 'chart'), chart, { recursive: true });
  mkdirSync(join(chart, 'charts'), { recursive: true });
  for (const name of ['postgresql', 'redis']) {
    run(helm, ['package', join(root, '__tests__/fixtures/charts', name), '-d', join(chart, 'charts')], options);
  }
  return environments.map((name) => {
    const file = join(options.cwd, `${name}.yaml`);
    const values = join(chart, `values-${name}.yaml`);
    writeFileSync(file, run(helm, ['template', `agent-${name}`, chart, '-n', name, '-f', values], options).stdout);
    return file;
  });
}

/** Copies of the documents until there are enough, each with names of its own, as 2,000 documents have. */
function multiply(manifest) {
  const documents = manifest.split(/^---$/m).filter((text) => /^kind:/m.test(text));
  const copies = Array.from({ length: DOCUMENTS }, (_, index) =>
    documents[index % documents.length].replaceAll(/agent-(?:dev|staging|prod)/g, `agent-${index}`),
  );
  return copies.join('---');
}

function figuresOf({ alone, nine, many, manyTheirs }, rounds) {
  const of = (list, key) => median(list.map((each) => each[key]));
  const ratio = (key) => median(many.map((each, index) => each[key] / manyTheirs[index][key]));
  return {
    rounds,
    cores: cpus().length,
    node: process.version,
    alone: {
      versions,
      cpuSeconds: of(alone, 'cpu'),
      wallSeconds: of(alone, 'wall'),
      kubeconform: { cpuSeconds: of(nine, 'cpu'), wallSeconds: of(nine, 'wall') },
    },
    many: {
      documents: DOCUMENTS,
      chartship: { cpuSeconds: of(many, 'cpu'), wallSeconds: of(many, 'wall') },
      kubeconform: { cpuSeconds: of(manyTheirs, 'cpu'), wallSeconds: of(manyTheirs, 'wall') },
      ratios: { wall: ratio('wall'), cpu: ratio('cpu') },
    },
  };
}

function verdict({ rounds, cores, node, alone, many }) {
  return {
    lines: [
      `validation: Node ${node}, ${cores} cores, medians of ${rounds} pairs`,
      `  3 environments × ${alone.versions.length} versions: CPU ${alone.cpuSeconds} s, wall ${alone.wallSeconds} s (kubeconform nine times: CPU ${alone.kubeconform.cpuSeconds} s, wall ${alone.kubeconform.wallSeconds} s)`,
      `  ${many.documents} documents: CPU ${many.chartship.cpuSeconds} s, wall ${many.chartship.wallSeconds} s (kubeconform: CPU ${many.kubeconform.cpuSeconds} s, wall ${many.kubeconform.wallSeconds} s)`,
    ],
    targets: [
      { what: 'CPU of validation alone', value: alone.cpuSeconds, target: TARGETS.aloneCpuSeconds, unit: ' s' },
      {
        what: `wall time of ${many.documents} documents, of kubeconform's`,
        value: many.ratios.wall,
        target: TARGETS.wallOfKubeconform,
      },
      { what: 'CPU of it', value: many.ratios.cpu, target: TARGETS.cpuOfKubeconform },
    ],
  };
}
