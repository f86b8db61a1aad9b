// `npm run schemas`: writes schemas/kubernetes.jsonl.br, what the Kubernetes versions of src/domain/kubernetes.ts
// accept (docs/decisions/0008-kubernetes-schemas.md). Needs Go and its module proxy: some 110 MB a version, once.
// `--check` writes nothing and fails when the committed schemas say something else.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { writeDocument } from './schemas/document.mjs';
import { addEnums, readEnums } from './schemas/enums.mjs';
import { readLifecycles } from './schemas/lifecycles.mjs';
import { downloadModule } from './schemas/modules.mjs';
import { readOpenApi } from './schemas/openapi.mjs';
import { correctRequired } from './schemas/required.mjs';
import { markUnique } from './schemas/unique.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'schemas/kubernetes.jsonl.br');

/** The last release of the API's types in which those that 1.25 and 1.26 removed still are. */
const LAST_WITH_OLD_TYPES = '0.24.0';

/** The one list of versions is the product's own. */
async function releases() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/domain/kubernetes.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  const source = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`;
  return (await import(source)).KNOWN_KUBE_VERSIONS.map(({ full }) => full);
}

async function readVersion(release) {
  console.error(`k8s.io/kubernetes v${release}`);
  const { folder, sum } = await downloadModule('k8s.io/kubernetes', release);
  const { kinds, definitions } = readOpenApi(folder);
  addEnums(definitions, readEnums(folder));
  return { release, sum, kinds, definitions };
}

/** The newest module that still has a type knows best what became of it. */
async function lifecycles(newest) {
  const version = newest.replace(/^1\./, '0.');
  const modules = [
    ['k8s.io/api', LAST_WITH_OLD_TYPES],
    ...['k8s.io/api', 'k8s.io/apiextensions-apiserver', 'k8s.io/kube-aggregator'].map((name) => [name, version]),
  ];
  const found = new Map();
  for (const [name, from] of modules) {
    const { folder } = await downloadModule(name, from);
    for (const [id, lifecycle] of readLifecycles(folder)) found.set(id, lifecycle);
  }
  // Those that are there for good have nothing but a beginning.
  return new Map([...found].filter(([, { deprecated, removed }]) => deprecated !== undefined || removed !== undefined));
}

function compress(text) {
  const bytes = Buffer.from(text);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params });
}

function committed() {
  try {
    return brotliDecompressSync(readFileSync(target)).toString();
  } catch {
    return undefined;
  }
}

const wanted = await releases();
const versions = [];
for (const release of wanted) versions.push(await readVersion(release));
correctRequired(versions);
markUnique(versions);
const text = writeDocument(versions, await lifecycles(wanted[0]));
// Another Node compresses to other bytes: what counts is the text.
if (committed() === text) console.error('schemas/kubernetes.jsonl.br is as it should be');
else if (process.argv.includes('--check')) {
  console.error('schemas/kubernetes.jsonl.br is something else than `npm run schemas` makes');
  process.exitCode = 1;
} else {
  const bytes = compress(text);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, bytes);
  console.error(
    `schemas/kubernetes.jsonl.br: ${wanted.length} versions, ${text.length} bytes of text, ${bytes.length} bytes`,
  );
}
