import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * What stands before a guarded command: it begins once it is tied to us, and never when we are gone before that
 * (to the kernel, who died before is no parent; to the watchdog, who isn't on its list is none of its business).
 * The process id stays. Windows has no sh; there a moment is left in which nobody watches.
 */
export const GATE: readonly string[] =
  process.platform === 'win32' ? [] : ['/bin/sh', '-c', 'read -r go <&3 || exit 125; exec "$@" 3<&-', 'gate'];

let watchdog: ChildProcess | undefined;

/**
 * Has a child ended when this process is gone, however that came, where no setpriv does it: one more process
 * waits for the end of its standard input, which the system closes, and ends what is still on its list. In a
 * session of its own, so that what is sent to our process group doesn't reach it.
 */
export function guardChild(child: ChildProcess): { release(): void } {
  const { pid } = child;
  if (pid === undefined) return { release: () => undefined };
  if (watchdog === undefined || watchdog.exitCode !== null || watchdog.signalCode !== null) {
    // It needs nothing of our environment, but Windows.
    const { SYSTEMROOT } = process.env;
    const env = SYSTEMROOT === undefined ? {} : { SYSTEMROOT };
    watchdog = spawn(process.execPath, ['-e', WATCHDOG], { env, stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    watchdog.on('error', () => undefined);
    watchdog.stdin?.on('error', () => undefined);
    // It doesn't keep us waiting, and it goes when we do.
    watchdog.unref();
    (watchdog.stdin as Socket | null)?.unref();
  }
  const { stdin } = watchdog;
  stdin?.write(`+${pid}\n`);
  return { release: () => stdin?.write(`-${pid}\n`) };
}

export function openGate(child: ChildProcess): void {
  const gate = child.stdio[3] as Writable | null | undefined;
  gate?.on('error', () => undefined);
  gate?.end('\n');
}

const WATCHDOG = `
let rest = '';
const pids = new Set();
process.stdin.setEncoding('utf8').on('data', (text) => {
  const lines = (rest + text).split('\\n');
  rest = lines.pop();
  for (const line of lines) line[0] === '+' ? pids.add(+line.slice(1)) : pids.delete(+line.slice(1));
}).on('end', () => {
  for (const pid of pids) try { process.kill(pid, 'SIGKILL'); } catch {}
});
`;
