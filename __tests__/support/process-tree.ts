import { readdirSync, readFileSync } from 'node:fs';

/** A process as /proc shows it; Linux alone. */
export interface SeenProcess {
  readonly pid: number;
  /** The command line, its arguments separated by blanks. */
  readonly command: string;
  /** `NAME=value` lines. */
  readonly environment: string;
}

/** The pids of all that descends from a process, itself left out. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    // The second field is the program's name, which may hold anything.
    const parent = Number(/^[0-9]+ \(.*\) \S ([0-9]+) /s.exec(read(`/proc/${name}/stat`))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (of: number): number[] => (children.get(of) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

/** As when a machine is lost: a process and all that descends from it are gone at once. */
export function killTree(pid: number): void {
  for (const each of [pid, ...descendants(pid)]) {
    try {
      process.kill(each, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

/** Whether there is such a process, and it hasn't ended (a zombie has). */
export function isAlive(pid: number): boolean {
  const state = /^\d+ \(.*\) (\S)/s.exec(read(`/proc/${pid}/stat`))?.[1];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

export interface Sampler {
  /** What was seen, each process and each of its command lines (exec changes them) once. */
  readonly seen: SeenProcess[];
  stop(): void;
}

/** Looks every three milliseconds at all that descends from a process. */
export function sampleTree(pid: number): Sampler {
  const seen = new Map<string, SeenProcess>();
  const own = commandOf(pid);
  const look = (): void => {
    for (const child of descendants(pid)) {
      const command = commandOf(child);
      const key = `${child} ${command}`;
      // Between fork and exec a child is a copy of its parent, with the parent's environment.
      if (command === '' || command === own || seen.has(key)) continue;
      seen.set(key, { pid: child, command, environment: read(`/proc/${child}/environ`).replaceAll('\0', '\n') });
    }
  };
  const timer = setInterval(look, 3);
  return {
    get seen() {
      return [...seen.values()];
    },
    stop: () => clearInterval(timer),
  };
}

export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
