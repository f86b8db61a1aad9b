#!/usr/bin/env node
// Builds the pinned external programs of tools/ from their Go modules, once, and says where they are.
// Node only, nothing to install: this runs right after `git clone`, before `npm ci`.
//
//   node scripts/tools.mjs [NAME …]     prints a line "NAME PATH" for each (when none is named, all but the cluster's and the bench's)
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const exe = process.platform === 'win32' ? '.exe' : '';

// The package and the version of each tool stand in its go.mod alone. Here is only what a build from
// a module doesn't know: the linker's variables that an official build sets. Without them Helm says
// "v4.3", and Helm 3 renders for Kubernetes 1.20 instead of the one of its client libraries.
const noVariables = () => ({});
const linkerVariables = {
  helm: ({ version }) => ({ 'helm.sh/helm/v4/internal/version.version': version }),
  helm3: ({ version, versionOf }) => {
    const [major, minor] = versionOf('k8s.io/client-go').slice(1).split('.');
    const kubernetes = { Major: Number(major) + 1, Minor: minor };
    const variables = { 'helm.sh/helm/v3/internal/version.version': version };
    for (const [part, value] of Object.entries(kubernetes)) {
      variables[`helm.sh/helm/v3/pkg/lint/rules.k8sVersion${part}`] = value;
      variables[`helm.sh/helm/v3/pkg/chartutil.k8sVersion${part}`] = value;
    }
    return variables;
  },
  oras: noVariables,
  registry: ({ version }) => ({ 'github.com/distribution/distribution/v3/version.version': version }),
  kubeconform: ({ version }) => ({ 'main.version': version }),
  actionlint: ({ version }) => ({ 'github.com/rhysd/actionlint.version': version.slice(1) }),
  act: noVariables,
  sops: noVariables,
  conftest: ({ version }) => ({ 'github.com/open-policy-agent/conftest/internal/version.Version': version }),
  kyverno: ({ version }) => ({ 'github.com/kyverno/kyverno/pkg/version.BuildVersion': version }),
  ct: noVariables,
  apiextensions: noVariables,
  kubernetes: ({ version }) => {
    const [major, minor] = version.slice(1).split('.');
    const parts = { gitVersion: version, gitMajor: major, gitMinor: minor };
    return Object.fromEntries(
      Object.entries(parts).map(([part, value]) => [`k8s.io/component-base/version.${part}`, value]),
    );
  },
  coredns: noVariables,
  pause: noVariables,
  referrers: noVariables,
  'pod-security': noVariables,
  kind: noVariables,
  cosign: ({ version }) => ({ 'sigs.k8s.io/release-utils/version.gitVersion': version }),
};

// Tools whose main package is here, in tools/NAME, and the module whose version is theirs.
const mainsOfOurOwn = {
  kubernetes: 'k8s.io/kubernetes',
  coredns: 'github.com/coredns/coredns',
  pause: undefined,
  apiextensions: 'k8s.io/apiextensions-apiserver',
  referrers: 'cuelabs.dev/go/oci/ociregistry',
  'pod-security': 'k8s.io/pod-security-admission',
};

/** What the cluster is made of; Kubernetes takes minutes to build, and few runs need it. */
export const clusterToolNames = ['kubernetes', 'coredns', 'pause'];

/** What `npm run bench` compares with, and what few tests and workflows need, which ask for it themselves: cosign and kyverno take minutes, too. */
const rareToolNames = ['ct', 'cosign', 'kind', 'kyverno'];

/** The tools that everything else needs. */
export const toolNames = Object.keys(linkerVariables).filter(
  (name) => !clusterToolNames.includes(name) && !rareToolNames.includes(name),
);

/** Where built tools are kept: CHARTSHIP_CACHE (CI puts it outside the checkout) or the ignored .cache/. */
export function cacheFolder() {
  return path.resolve(process.env.CHARTSHIP_CACHE || path.join(root, '.cache'));
}

/** The absolute path of one tool, built when it isn't there yet. */
export async function getTool(name) {
  return (await getTools([name]))[name];
}

/** The absolute paths of several tools: { name: path }. One after the other; go build uses every core itself. */
export async function getTools(names = toolNames) {
  const recipes = names.map(recipeOf);
  const missing = recipes.filter((recipe) => !fs.existsSync(recipe.binary));
  for (const [index, recipe] of missing.entries()) {
    await provide(recipe, `[${index + 1}/${missing.length}] ${recipe.name} ${recipe.version}`.trim());
  }
  return Object.fromEntries(recipes.map((recipe) => [recipe.name, recipe.binary]));
}

/** PATH with the folders of these binaries in front. Each folder holds its one binary and nothing else. */
export function pathWith(binaries, current = process.env.PATH ?? '') {
  return [...binaries.map((binary) => path.dirname(binary)), current].join(path.delimiter);
}

/** A message for the user, as against a bug in these scripts, which shows its stack. */
export class ToolError extends Error {}

function recipeOf(name) {
  if (!(name in linkerVariables)) {
    throw new ToolError(`There is no tool "${name}". The tools are: ${Object.keys(linkerVariables).join(', ')}.`);
  }
  const folder = path.join(root, 'tools', name);
  const isOurs = name in mainsOfOurOwn;
  const read = (file) => fs.readFileSync(path.join(folder, file), 'utf8');
  const goMod = read('go.mod');
  // The pause program needs no module, so it has no sums.
  const goSum = fs.existsSync(path.join(folder, 'go.sum')) ? read('go.sum') : '';
  const goPackage = isOurs ? '.' : /^tool\s+(\S+)/m.exec(goMod)?.[1];
  if (!goPackage) throw new ToolError(`tools/${name}/go.mod has no "tool" line.`);

  const requirements = [...goMod.matchAll(/^(?:require)?\s+(\S+) (v\S+)/gm)].map(([, module, version]) => ({
    module,
    version,
  }));
  const versionOf = (module) => {
    const found = requirements.find((requirement) => requirement.module === module);
    if (!found) throw new ToolError(`tools/${name}/go.mod doesn't require ${module}.`);
    return found.version;
  };
  // The module of the package is the longest requirement that its path starts with.
  const ofPackage = requirements.filter(({ module }) => `${goPackage}/`.startsWith(`${module}/`));
  const itsModule = isOurs
    ? mainsOfOurOwn[name]
    : ofPackage.sort((a, b) => b.module.length - a.module.length)[0]?.module;
  const version = isOurs && !itsModule ? '' : versionOf(itsModule);

  const variables = Object.entries(linkerVariables[name]({ version, versionOf }));
  const ldflags = ['-s', '-w', ...variables.map(([key, value]) => `-X ${key}=${value}`)].join(' ');
  const args = ['build', '-trimpath', '-buildvcs=false', `-ldflags=${ldflags}`];

  const hash = createHash('sha256');
  const main = isOurs ? [read('main.go')] : [];
  for (const part of [goMod, goSum, ...main, goPackage, ...args, goVersion(folder)])
    hash.update(`${part.length}:${part}`);
  const key = hash.digest('hex').slice(0, 12);
  const target = path.join(cacheFolder(), 'tools', `${name}-${key}`);
  // Helm 3's binary is called helm, as users call it.
  const file = (isOurs ? name : path.posix.basename(goPackage)) + exe;
  return { name, version, folder, goPackage, args, target, file, binary: path.join(target, file) };
}

function goEnvironment() {
  const environment = { ...process.env, GOFLAGS: '-buildvcs=false', CGO_ENABLED: '0', GOWORK: 'off' };
  // What somebody set for cross-compiling something else must not give binaries this machine can't run.
  for (const name of ['GOOS', 'GOARCH', 'GO111MODULE']) delete environment[name];
  return environment;
}

const goVersions = new Map();

/** Asked in the tool's folder: Go may switch to a newer toolchain there. */
function goVersion(folder) {
  const known = goVersions.get(folder);
  if (known) return known;
  const result = spawnSync('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], {
    cwd: folder,
    env: goEnvironment(),
    encoding: 'utf8',
  });
  if (result.error?.code === 'ENOENT') {
    throw new ToolError(
      'Go is not installed, and the tools in tools/ are built with it: install Go 1.26 or newer (https://go.dev/dl) so that `go version` works, then run this again.',
    );
  }
  if (result.error || result.status !== 0) {
    throw new ToolError(`\`go env\` failed in ${folder}: ${result.error?.message ?? result.stderr.trim()}`);
  }
  const version = result.stdout.trim().split(/\s+/).join(' ');
  goVersions.set(folder, version);
  return version;
}

/** Builds one tool, or waits for the process that is at it. */
async function provide(recipe, title) {
  fs.mkdirSync(path.dirname(recipe.target), { recursive: true });
  const lock = `${recipe.target}.lock`;
  const progress = startProgress(title);
  try {
    while (!fs.existsSync(recipe.binary)) {
      if (takeLock(lock)) {
        // The owner of the lock may have ended well between the two looks.
        if (!fs.existsSync(recipe.binary)) await build(recipe, lock, progress);
        else fs.rmSync(lock, { force: true });
      } else {
        progress.say('waiting for another process that builds it');
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
    progress.end('ready');
  } catch (error) {
    progress.end('failed');
    throw error;
  }
}

async function build(recipe, lock, progress) {
  const temporary = `${recipe.target}.tmp-${process.pid}`;
  const heartbeat = setInterval(() => touch(lock), 5_000);
  try {
    removeAbandoned(recipe.target);
    progress.say('building');
    await runGo([...recipe.args, '-o', path.join(temporary, recipe.file), recipe.goPackage], recipe);
    fs.renameSync(temporary, recipe.target);
  } catch (error) {
    // Somebody else's finished build in that place is as good as ours.
    if (!fs.existsSync(recipe.binary)) throw error;
  } finally {
    clearInterval(heartbeat);
    fs.rmSync(temporary, { recursive: true, force: true });
    fs.rmSync(lock, { force: true });
  }
}

function runGo(args, { name, folder }) {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, { cwd: folder, env: goEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const lines = output.split('\n').filter((line) => line.trim() && !line.startsWith('go: downloading '));
      reject(
        new ToolError(
          `Building ${name} failed (${signal ?? `exit code ${code}`}):\n  cd ${folder}\n  go ${args.join(' ')}\n${lines.join('\n')}`,
        ),
      );
    });
  });
}

// The lock only spares a second build of the same thing: the rename at the end is what makes two
// builds safe. So a lock taken over wrongly costs time, never a broken tool.
const lockIsDeadAfter = 60_000;

function takeLock(lock) {
  try {
    fs.writeFileSync(lock, JSON.stringify({ pid: process.pid, host: os.hostname() }), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (isHeld(lock)) return false;
  fs.rmSync(lock, { force: true });
  return false;
}

function isHeld(lock) {
  try {
    if (Date.now() - fs.statSync(lock).mtimeMs > lockIsDeadAfter) return false;
    const text = fs.readFileSync(lock, 'utf8');
    if (text === '') return true; // just made, its owner not yet written
    const owner = JSON.parse(text);
    return owner.host !== os.hostname() || isAlive(owner.pid);
  } catch (error) {
    return error.code !== 'ENOENT' && !(error instanceof SyntaxError);
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function touch(file) {
  try {
    fs.utimesSync(file, new Date(), new Date());
  } catch {
    // Gone: somebody took it for dead. The rename at the end sorts that out.
  }
}

/** Leftovers of builds of this tool that were killed. */
function removeAbandoned(target) {
  const prefix = `${path.basename(target)}.tmp-`;
  for (const entry of fs.readdirSync(path.dirname(target))) {
    if (!entry.startsWith(prefix) || isAlive(Number(entry.slice(prefix.length)))) continue;
    fs.rmSync(path.join(path.dirname(target), entry), { recursive: true, force: true });
  }
}

/** On a terminal one line that is rewritten; elsewhere a line when something changes, and every ten seconds. */
export function startProgress(title, output = process.stderr) {
  const started = Date.now();
  let doing = '';
  let shown = '';
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const show = () => {
    const line = `${title}: ${doing} (${seconds()})`;
    output.write(output.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  };
  const timer = setInterval(show, output.isTTY ? 1_000 : 10_000);
  timer.unref();
  return {
    say(what) {
      doing = what;
      if (doing !== shown) show();
      shown = doing;
    },
    end(what) {
      clearInterval(timer);
      doing = what;
      show();
      if (output.isTTY) output.write('\n');
    },
  };
}

async function main(names) {
  const binaries = await getTools(names.length > 0 ? names : toolNames);
  for (const [name, binary] of Object.entries(binaries)) console.log(`${name} ${binary}`);
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error) => {
    console.error(error instanceof ToolError ? error.message : error);
    process.exitCode = 1;
  });
}
