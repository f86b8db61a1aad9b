// Builds dist/: the Action (index.js and post.js) and the command (cli.js), which load their modules from chunks/.
// `--check` builds elsewhere and fails when dist/ differs, untracked and missing files included; `--outdir DIR` builds
// there.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const programs = { index: 'src/index.ts', post: 'src/post.ts', cli: 'src/cli.ts' };

/** Builds into `outdir`, which is emptied first: for each program a file of its name that loads it. */
export async function bundle(outdir, entries = programs) {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(join(outdir, 'chunks'), { recursive: true });
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: Object.values(entries),
    outdir: join(outdir, 'chunks'),
    plugins: [kubeconfigAlone, withoutXml, rulePages, trustedRootAlone],
    format: 'esm',
    // What only some runs need (the tool download, layouts, the live view) is loaded when it is needed.
    splitting: true,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    loader: { '.wasm': 'binary', '.br': 'binary' },
    legalComments: 'linked',
    metafile: true,
    write: false,
  });
  for (const { path, text } of outputFiles) writeFileSync(path, path.endsWith('.js') ? await wrapped(text) : text);
  const programOf = Object.fromEntries(
    Object.entries(metafile.outputs).map(([path, { entryPoint }]) => [entryPoint, basename(path)]),
  );
  for (const [name, file] of Object.entries(entries))
    await build({
      ...common,
      entryPoints: ['src/start.ts'],
      outfile: join(outdir, `${name}.js`),
      format: 'cjs',
      define: { PROGRAM: JSON.stringify(programOf[file]) },
    });
  writeFileSync(join(outdir, 'package.json'), '{ "type": "commonjs" }\n');
}

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  // Short to parse, with names left whole: a bug's stack stays readable.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
  define: {
    CHARTSHIP_VERSION: JSON.stringify(version),
    CHARTSHIP_REPOSITORY: JSON.stringify(publicRepository(repository)),
  },
};

/**
 * A module as src/start.ts loads it: esbuild splits only what stays ES modules, and V8 keeps what it compiled in a run
 * only for scripts. They are strict, as modules are. Libraries in CommonJS call require() for Node's own modules.
 */
async function wrapped(text) {
  if (text.replaceAll('createRequire(import.meta.url)', '').includes('import.meta'))
    throw new Error('import.meta is there for createRequire() alone: a script has none.');
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__filename' },
    charset: 'ascii',
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
  });
  const letter = /[^\0-\x7f]/.exec(code);
  if (letter !== null)
    throw new Error(
      `src/start.ts reads ASCII, and esbuild leaves what isn't in regular expressions: write it by its number: ${code.slice(Math.max(0, letter.index - 40), letter.index + 20)}`,
    );
  return `(function(module,require,__filename){"use strict";${code}\n})`;
}

/**
 * Of the Kubernetes library the KubeConfig is used, which brings what it could make requests with: typed clients for
 * every kind, and node-fetch. That is 0.7 MB, 15 ms at each start of a deployment, and a deprecation warning from Node.
 */
const kubeconfigAlone = {
  name: 'kubeconfig-alone',
  setup({ onResolve, onLoad }) {
    const namespace = 'kubeconfig-alone';
    onResolve({ filter: /^node-fetch$/ }, () => ({ path: 'node-fetch', namespace }));
    onResolve({ filter: /^\.\/gen\/index\.js$/ }, ({ importer }) =>
      importer.includes('client-node') ? { path: 'typed-clients', namespace } : undefined,
    );
    onLoad({ filter: /^node-fetch$/, namespace }, () => ({ contents: 'export const { Headers } = globalThis;' }));
    onLoad({ filter: /^typed-clients$/, namespace }, () => ({
      contents: 'export const createConfiguration = undefined; export class ServerConfiguration {}',
    }));
  },
};

/** `import pages from 'rule-pages'`: every page of docs/rules by its rule, in a chunk that --explain and SARIF load. */
const rulePages = {
  name: 'rule-pages',
  setup({ onResolve, onLoad }) {
    const namespace = 'rule-pages';
    onResolve({ filter: /^rule-pages$/ }, () => ({ path: 'rule-pages', namespace }));
    onLoad({ filter: /./, namespace }, () => ({ contents: JSON.stringify(readRulePages()), loader: 'json' }));
  },
};

/** `github:owner/name` → `owner/name`; nothing while the owner is the placeholder that README.md explains. */
export function publicRepository(repository) {
  const [, name = ''] = /^github:([\w.-]+\/[\w.-]+)$/.exec(repository ?? '') ?? [];
  return name.startsWith('OWNER/') ? '' : name;
}

/** Rule → its page. */
export function readRulePages() {
  const folder = join(root, 'docs/rules');
  const files = filesBelow(folder).filter((path) => path.includes(sep));
  return Object.fromEntries(
    files.map((path) => [path.split(sep).join('/').replace(/\.md$/, ''), readFileSync(join(folder, path), 'utf8')]),
  );
}

/** Of the seeds of Sigstore's TUF client the trusted root is used, not the keys that packages of Node are signed with. */
const trustedRootAlone = {
  name: 'trusted-root-alone',
  setup({ onLoad }) {
    onLoad({ filter: /@sigstore[/\\]tuf[/\\]seeds\.json$/ }, ({ path }) => {
      const seeds = Object.entries(JSON.parse(readFileSync(path, 'utf8'))).map(([url, { targets, ...rest }]) => {
        const { 'trusted_root.json': root } = targets;
        return [url, { ...rest, targets: { 'trusted_root.json': root } }];
      });
      return { contents: JSON.stringify(Object.fromEntries(seeds)), loader: 'json' };
    });
  },
};

/** The library of bills of materials looks for one that writes XML, and does without it. Bills are written in JSON. */
const withoutXml = {
  name: 'without-xml',
  setup({ onResolve, onLoad }) {
    const namespace = 'without-xml';
    onResolve({ filter: /^xmlbuilder2$/ }, () => ({ path: 'xmlbuilder2', namespace }));
    onLoad({ filter: /./, namespace }, () => ({ contents: "throw new Error('xmlbuilder2 is not in the bundle')" }));
  },
};

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

async function check(committed) {
  const fresh = mkdtempSync(join(tmpdir(), 'chartship-build-'));
  try {
    await bundle(fresh);
    const names = [...new Set([...filesBelow(fresh), ...filesBelow(committed)])];
    const differing = names.filter((name) => read(join(fresh, name)) !== read(join(committed, name)));
    if (differing.length === 0) return;
    console.error(`dist/ is not a fresh build: ${differing.join(', ')}\nRun npm run build and commit dist/.`);
    process.exitCode = 1;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--check')) await check(join(root, 'dist'));
  else await bundle(process.argv.includes('--outdir') ? resolve(process.argv.at(-1)) : join(root, 'dist'));
}
