// The programs that run in a cluster. Each has a log in FOLDER/log and a record in FOLDER/processes, by which it can
// be ended and started again: a test that takes the API server away gives it back that way.
//
//   node programs.mjs FOLDER NAME [RECORD]     inside the machine: ends it if it runs, and starts it (anew, or as
//                                              the record says: JSON with a command, an environment and a network)
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Starts a program that stays; in the machine, where it is left to the first process. */
export function startProgram(folder, name, { command, env, network }) {
  for (const part of ['log', 'processes']) fs.mkdirSync(path.join(folder, part), { recursive: true });
  const log = fs.openSync(path.join(folder, 'log', name), 'a');
  const child = spawn(command[0], command.slice(1), { env, cwd: folder, detached: true, stdio: ['ignore', log, log] });
  fs.closeSync(log);
  child.on('error', (error) => fs.appendFileSync(path.join(folder, 'log', name), `${error.message}\n`));
  child.unref();
  const record = JSON.stringify({ pid: child.pid, command, env, network });
  fs.writeFileSync(path.join(folder, 'processes', name), record, { mode: 0o600 });
  return child;
}

/**
 * As it was started last. The pid is that of the machine's own process namespace; the network is the one that the
 * command is started in, which may itself enter another.
 */
export function programRecord(folder, name) {
  return JSON.parse(fs.readFileSync(path.join(folder, 'processes', name), 'utf8'));
}

export function programNames(folder) {
  return fs.readdirSync(path.join(folder, 'processes')).sort();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder, name, given] = process.argv.slice(2);
  const former = programNames(folder).includes(name) ? programRecord(folder, name) : undefined;
  if (former) endProgram(former);
  startProgram(folder, name, given ? JSON.parse(given) : former);
}

/** A pid is used again only after 32768 others or more, which no cluster sees between two starts of one program. */
function endProgram({ pid }) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
