// Starting programs: each either ends well, or its failure is shown as it could be typed, with what it said.
import { spawn } from 'node:child_process';
import { ToolError } from '../tools.mjs';

/** Resolves with the standard output. */
export function run(command, args, { env = process.env, cwd, input, signal } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      cwd,
      signal,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.stdin?.on('error', () => {}); // a child that ends early says why itself
    child.stdin?.end(input);
    child.on('error', (error) => reject(new ToolError(`${command} could not be started: ${error.message}`)));
    child.on('close', (code, killedBy) => {
      if (code === 0) return resolve(stdout);
      const said = `${stdout}${stderr}`.trim().split('\n').slice(-40).join('\n');
      reject(
        new ToolError(`This failed (${killedBy ?? `exit code ${code}`}):\n  ${[command, ...args].join(' ')}\n${said}`),
      );
    });
  });
}

/** `produce | consume`, where the failure of either is a failure. */
export function pipe([produce, ...produceArguments], [consume, ...consumeArguments]) {
  const from = spawn(produce, produceArguments, { stdio: ['ignore', 'pipe', 'pipe'] });
  const to = spawn(consume, consumeArguments, { stdio: [from.stdout, 'ignore', 'pipe'] });
  from.stdout.destroy(); // it is the consumer's now
  return Promise.all([ending(from, produce), ending(to, consume)]);
}

function ending(child, name) {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.on('error', (error) => reject(new ToolError(`${name} could not be started: ${error.message}`)));
    child.on('close', (code, killedBy) => {
      if (code === 0) resolve();
      else reject(new ToolError(`${name} failed (${killedBy ?? `exit code ${code}`}): ${said.trim()}`));
    });
  });
}
