// Builds dist/: the Action (index.js and post.js) and the command (cli.js), with shared chunks beside
// them. `--check` builds elsewhere and fails when dist/ differs, untracked and missing files included;
// `--outdir DIR` builds there (below the repository: the bundles are modules by its package.json).
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const entries = { index: 'start:src/index.ts', post: 'src/post.ts', cli: 'start:src/cli.ts' };

/** Builds into `outdir`, which is emptied first. `start:FILE` is an entry that begins with Node's compile cache. */
export async function bundle(outdir, entryPoints = entries) {
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints,
    plugins: [start, kubeconfigAlone, withoutXml, rulePages, trustedRootAlone],
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // What only some runs need (the tool download, layouts, the live view) is loaded when it is needed.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // Short to parse, with names left whole: a bug's stack stays readable.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'linked',
    charset: 'utf8',
    loader: { '.wasm': 'binary', '.br': 'binary' },
    define: {
      CHARTSHIP_VERSION: JSON.stringify(version),
      CHARTSHIP_REPOSITORY: JSON.stringify(publicRepository(repository)),
    },
    // Libraries in CommonJS call require() for Node's own modules.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
}

/**
 * What starts first: Node's compile cache (22.8 and later), then the composition root, which it speeds up by
 * a fifth of its loading time. The cache lies where the tools do, and only there.
 */
const START = (file) => `
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
const { CHARTSHIP_CACHE, RUNNER_TOOL_CACHE, XDG_CACHE_HOME } = process.env;
const base = CHARTSHIP_CACHE || (RUNNER_TOOL_CACHE ? join(RUNNER_TOOL_CACHE, 'chartship') : join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'chartship'));
try {
  module.enableCompileCache?.(join(base, 'compiled'));
} catch {
  // Without a home there is no cache.
}
await import('./${file}');
`;

const start = {
  name: 'start',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^start:/ }, ({ path }) => ({ path: path.slice('start:'.length), namespace: 'start' }));
    onLoad({ filter: /./, namespace: 'start' }, ({ path }) => ({ contents: START(path), resolveDir: root }));
  },
};

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
