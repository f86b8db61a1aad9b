// The programs that run in a cluster. Each has a log in FOLDER/log and a record in FOLDER/processes, by which it can
// be ended and started again: a test that takes the API server away gives it back that way.
//
//   node programs.mjs FOLDER NAME     inside the machine: starts it once more
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Starts a program that stays; in the machine, where it is left to the first process. */
export function startProgram(folder, name, command, env) {
  for (const part of ['log', 'processes']) fs.mkdirSync(path.join(folder, part), { recursive: true });
  const log = fs.openSync(path.join(folder, 'log', name), 'a');
  const child = spawn(command[0], command.slice(1), { env, cwd: folder, detached: true, stdio: ['ignore', log, log] });
  fs.closeSync(log);
  child.on('error', (error) => fs.appendFileSync(path.join(folder, 'log', name), `${error.message}\n`));
  child.unref();
  fs.writeFileSync(path.join(folder, 'processes', name), JSON.stringify({ pid: child.pid, command, env }), {
    mode: 0o600,
  });
}

/** { pid, command, env } as it was started last; the pid is that of the machine's own namespace. */
export function programRecord(folder, name) {
  return JSON.parse(fs.readFileSync(path.join(folder, 'processes', name), 'utf8'));
}

export function programNames(folder) {
  return fs.readdirSync(path.join(folder, 'processes')).sort();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder, name] = process.argv.slice(2);
  const { command, env } = programRecord(folder, name);
  startProgram(folder, name, command, env);
}
