// A real OCI registry on loopback for the demo, the tests and CI. Node only, nothing to install.
//
//   const registry = await startRegistry({ storage: '/some/folder' })
//   … oci://${registry.host}/charts …
//   await registry.stop()
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { getTool, ToolError } from './tools.mjs';

const startsWithin = 20_000;

/**
 * Resolves when the registry answers.
 * @param storage folder for its content, configuration and log; the content of an earlier run is served again
 * @param users path of an htpasswd file (bcrypt); without it anybody may read and write
 * @param port 0 takes a free one
 */
export async function startRegistry({ storage, users, port = 0 }) {
  const binary = await getTool('registry');
  const folder = path.resolve(storage);
  fs.mkdirSync(path.join(folder, 'data'), { recursive: true });
  const configuration = path.join(folder, 'registry.yml');
  const log = path.join(folder, 'registry.log');
  // JSON is YAML: no quoting of paths to think about.
  fs.writeFileSync(configuration, JSON.stringify(configurationFor(folder, users, port), null, 2), { mode: 0o600 });

  const output = fs.openSync(log, 'w');
  const child = spawnTied([binary, 'serve', configuration], { output, env: environment() });
  fs.closeSync(output);
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const stop = async () => {
    child.tie.cut();
    await ended;
  };
  try {
    const host = await answers(log, ended);
    return { host, stop, log, pid: child.pid };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configurationFor(folder, users, port) {
  return {
    version: 0.1,
    log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: path.join(folder, 'data') }, delete: { enabled: true } },
    // No `debug` section: the registry would open a second port for it.
    http: { addr: `127.0.0.1:${port}`, secret: randomBytes(16).toString('hex') },
    ...(users ? { auth: { htpasswd: { realm: 'chartship', path: path.resolve(users) } } } : {}),
  };
}

/** Nothing of the caller's REGISTRY_* and OTEL_* may change what runs, and nothing may be sent anywhere. */
function environment() {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMPDIR'].filter((name) => process.env[name] !== undefined);
  return {
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
    OTEL_SDK_DISABLED: 'true',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  };
}

/** The address it listens on is in its log (with port 0 nobody else knows it). */
async function answers(log, ended) {
  let over;
  ended.then((how) => (over = how));
  const deadline = Date.now() + startsWithin;
  while (Date.now() < deadline) {
    const host = /listening on (127\.0\.0\.1:\d+)/.exec(fs.readFileSync(log, 'utf8'))?.[1];
    if (host && (await isRegistry(host))) return host;
    if (over !== undefined) throw new ToolError(`The registry ended before it answered (${over}). ${lastLines(log)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new ToolError(`The registry did not answer within ${startsWithin / 1000} s. ${lastLines(log)}`);
}

async function isRegistry(host) {
  try {
    const response = await fetch(`http://${host}/v2/`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status === 200 || response.status === 401;
  } catch {
    return false;
  }
}

function lastLines(log) {
  return `Its log, ${log}, ends with:\n${fs.readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n')}`;
}

// A child that ends with its parent, also when the parent is killed with -9. On Linux the kernel does it.
// Elsewhere a small Node process stands between them: its standard input closes when the parent is gone.
const watchdog = `
const { spawn } = require('node:child_process')
const [command, ...args] = process.argv.slice(1)
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
child.on('error', (error) => { console.error(error.message); process.exit(127) })
child.on('exit', (code) => process.exit(code ?? 1))
process.stdin.resume()
process.stdin.on('end', () => child.kill())
process.stdin.on('error', () => child.kill())
process.on('SIGTERM', () => child.kill())
process.on('SIGINT', () => {})
`;

function spawnTied([command, ...args], { output, env }) {
  const bySetpriv = hasSetpriv();
  const [program, ...rest] = bySetpriv
    ? ['setpriv', '--pdeathsig', 'KILL', '--', command, ...args]
    : [process.execPath, '-e', watchdog, '--', command, ...args];
  const child = spawn(program, rest, { env, stdio: [bySetpriv ? 'ignore' : 'pipe', output, output] });
  child.stdin?.on('error', () => {}); // the watchdog may be gone first
  child.tie = { cut: () => (bySetpriv ? child.kill('SIGTERM') : child.stdin.end()) };
  return child;
}

let setpriv;
function hasSetpriv() {
  setpriv ??= process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true']).status === 0;
  return setpriv;
}
