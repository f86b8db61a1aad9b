// Deploying wants Node 22.15; where this one is older, the Action's own is taken from npm, once, into the cache.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, startProgress, ToolError } from '../tools.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const OLDEST = [22, 15];

/** The path of a Node that deploys. */
export async function nodeThatDeploys(env) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const { packages } = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const locked = packages[`node_modules/${name}`];
  if (!locked) throw new ToolError(`Deploying needs Node ${OLDEST.join('.')} or later; this is ${process.version}.`);
  const folder = path.join(cacheFolder(), `${name}-${locked.version}`);
  const binary = path.join(folder, 'package', 'bin', 'node');
  if (fs.existsSync(binary)) return binary;
  const progress = startProgress(`Node ${locked.version}`);
  progress.say('this one is too old to deploy: getting the one of the Action');
  const half = `${folder}.${process.pid}`;
  try {
    fs.mkdirSync(half, { recursive: true });
    npm(['pack', '--silent', '--pack-destination', half, `${name}@${locked.version}`], env);
    const [archive] = fs.readdirSync(half);
    const content = fs.readFileSync(path.join(half, archive));
    const sum = `sha512-${createHash('sha512').update(content).digest('base64')}`;
    if (sum !== locked.integrity) throw new ToolError(`${name} ${locked.version} is not what package-lock.json says.`);
    run('tar', ['-xzf', archive], half, env);
    fs.rmSync(path.join(half, archive));
    // Another run may have been quicker; what it got is the same.
    if (!fs.existsSync(binary)) fs.renameSync(half, folder);
    progress.end('ready');
    return binary;
  } catch (error) {
    progress.end('failed');
    throw error;
  } finally {
    fs.rmSync(half, { recursive: true, force: true });
  }
}

function npm(args, env) {
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js')) run(process.execPath, [script, ...args], root, env);
  else run('npm', args, root, env);
}

function run(command, args, cwd, env) {
  // npm's own settings, such as the registry to ask, lie in the user's home.
  const { HOME, PATH } = process.env;
  const ended = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...env, HOME, PATH } });
  if (ended.status !== 0) throw new ToolError(`${command} ${args.join(' ')} failed:\n${ended.stdout}${ended.stderr}`);
}
