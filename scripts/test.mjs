// `npm test`, also right after `git clone`: installs what is missing, gets the tools, runs jest with
// the arguments passed on. Node only: at its start nothing is installed.
//
// Without a path jest runs twice: first what needs no cluster, then, two files at a time and with nothing beside them,
// what is on one. `--all` (npm run e2e) goes through all rows of the tables; else a seed chooses some.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { whyNot } from './cluster/docker-free.mjs';
import { isPossible as kindIsPossible } from './cluster/kind.mjs';
import { getTools, startProgress, ToolError } from './tools.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** What of __tests__/e2e `npm test` runs; the rest, which goes deeper, is for `npm run e2e`. */
const onCluster = [
  ...['chart', 'chart-under-fire', 'deploy-modes', 'deploy-secrets', 'deploy-workflow', 'entries-twice', 'failures'],
  ...['image-pull', 'interruptions', 'kubernetes', 'pipeline-deploy', 'ship', 'takeover', 'validation-oracle'],
  ...['workflows'],
].map((name) => `__tests__/e2e/${name}.test.ts`);

async function main(given) {
  const isAll = given.includes('--all');
  const jestArguments = given.filter((argument) => argument !== '--all');
  if (!isInstalled()) await install();
  const tools = await getTools();
  if (useTheCluster(jestArguments)) await prepareTheCluster();
  // The one way in which tests learn of the tools. They never look on PATH: what is tested is what is pinned.
  const env = { ...process.env, CHARTSHIP_TOOLS: JSON.stringify(tools), ...(isAll && { CHARTSHIP_E2E: 'all' }) };
  if (patternsOf(jestArguments).length > 0) return await jest(jestArguments, env);
  const isSet = jestArguments.some((argument) => /^(-w|--maxWorkers|-i|--runInBand)/.test(argument));
  const workers = (number) => (isSet ? [] : [`--maxWorkers=${number}`]);
  const ignored = ['/node_modules/', '/__tests__/e2e/'].map((path) => `--testPathIgnorePatterns=${path}`);
  // As many as there are cores: jest itself would leave one idle, of two the half.
  const first = await jest([...ignored, ...workers('100%'), ...jestArguments], env);
  const results = takeResults(jestArguments);
  const second = await jest([...onCluster, ...workers('2'), ...jestArguments], env);
  addResults(jestArguments, results);
  if (first !== 0) console.error('\nThe tests without a cluster, which ran first, failed: see further up.');
  return first || second;
}

/** Which files are asked for: what is no option, nor the value of one. */
function patternsOf(jestArguments) {
  const hasValue = /^(?:-[tw]|--(?:testNamePattern|maxWorkers|outputFile|reporters|seed|testTimeout|shard))$/;
  return jestArguments.filter(
    (argument, index) => !argument.startsWith('-') && !hasValue.test(jestArguments[index - 1]),
  );
}

/** The file that jest writes its results to, as JSON; undefined where none was asked for. */
function resultsFile(jestArguments) {
  return jestArguments.find((argument) => argument.startsWith('--outputFile='))?.slice('--outputFile='.length);
}

/** The results of the first run, before the second one's take their place. Undefined where jest never came to its end. */
function takeResults(jestArguments) {
  const file = resultsFile(jestArguments);
  if (file === undefined || !fs.existsSync(file) || fs.statSync(file).size === 0) return undefined;
  const results = JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.rmSync(file);
  return results;
}

/** Both runs' results, as if they were one's. Where one of them has none there are none. */
function addResults(jestArguments, first) {
  const file = resultsFile(jestArguments);
  if (file === undefined) return;
  const second = takeResults(jestArguments);
  if (first === undefined || second === undefined) return fs.rmSync(file, { force: true });
  const sums = Object.keys(first).filter((key) => key.startsWith('num'));
  fs.writeFileSync(
    file,
    JSON.stringify({
      ...second,
      ...Object.fromEntries(sums.map((key) => [key, first[key] + second[key]])),
      success: first.success && second.success,
      startTime: first.startTime,
      wasInterrupted: first.wasInterrupted || second.wasInterrupted,
      testResults: [...first.testResults, ...second.testResults],
    }),
  );
}

/** Whether tests on a cluster are among those that were asked for: all, or some in __tests__/e2e. */
function useTheCluster(jestArguments) {
  const paths = patternsOf(jestArguments).map((path) => path.replace(/\/$/, ''));
  const folder = '__tests__/e2e';
  return paths.length === 0 || paths.some((path) => path.startsWith(folder) || folder.startsWith(`${path}/`));
}

/** Before the tests, so that minutes of building don't count as a test's, and its progress is seen. */
async function prepareTheCluster() {
  if (whyNot() && !kindIsPossible()) return; // its tests are skipped
  const child = spawn(process.execPath, ['scripts/cluster.mjs', 'prepare'], { cwd: root, stdio: 'inherit' });
  const { code, text } = await ending(child);
  if (code !== 0) throw new ToolError(`The cluster for the tests can't be prepared (${text}).`);
}

/**
 * npm writes down what it installed in node_modules/.package-lock.json. Its content is compared with
 * package-lock.json, not its date: git sets dates as it likes.
 */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  if (!wanted) throw new ToolError('package-lock.json is missing: run this in a complete checkout.');
  if (!installed) return false;
  const isSame = (name) => wanted[name]?.version === installed[name]?.version;
  const missing = Object.keys(wanted).filter((name) => !(name in installed));
  // An optional package is left out where it doesn't fit the platform.
  return Object.keys(installed).every(isSame) && missing.every((name) => name === '' || wanted[name].optional);
}

function packagesOf(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function install() {
  const progress = startProgress('npm ci');
  progress.say('installing');
  // Under `npm test` npm says where it is itself. Else it is a command, on Windows one that only a shell can start.
  const npm = process.env.npm_execpath;
  const [command, args, shell] = npm?.endsWith('.js')
    ? [process.execPath, [npm, 'ci'], false]
    : ['npm', ['ci'], process.platform === 'win32'];
  const child = spawn(command, args, { cwd: root, shell, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const how = await ending(child);
  progress.end(how.code === 0 ? 'ready' : 'failed');
  if (how.code !== 0) throw new ToolError(`\`npm ci\` failed (${how.text}):\n${output.trim()}`);
}

async function jest(args, env) {
  const nodeFlags = ['--experimental-vm-modules'];
  // The warning that this flag is experimental, once per worker, hides what matters. Node 20.11 and later can be told.
  if (process.allowedNodeEnvironmentFlags.has('--disable-warning')) {
    nodeFlags.push('--disable-warning=ExperimentalWarning');
  }
  // npm puts node_modules/.bin on PATH, and a devDependency has a `node` there: without this the first run
  // (before anything is installed) and the next would be on different versions.
  const node = process.env.npm_node_execpath ?? process.execPath;
  const child = spawn(node, [...nodeFlags, 'node_modules/jest/bin/jest.js', ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  const { code, signal } = await ending(child);
  return code ?? 128 + os.constants.signals[signal];
}

function ending(child) {
  // Ctrl-C reaches the child by the terminal; waiting for it lets it tidy up. A SIGTERM comes to us alone.
  const wait = () => {};
  const pass = () => child.kill('SIGTERM');
  process.on('SIGINT', wait);
  process.on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', wait);
      process.off('SIGTERM', pass);
      resolve({ code, signal, text: signal ?? `exit code ${code}` });
    });
  });
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error instanceof ToolError ? error.message : error);
    process.exitCode = 1;
  },
);
