import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ToolName, ToolReleases } from '../domain/tool-releases.ts';
import type { Ran, Run } from './process.ts';
import type { Remembered } from './tools-remembered.ts';
import { grants, isNewEnough, needs, type Wish } from './tools-wish.ts';

const PROBE_MILLISECONDS = 10_000;

/** A program that answered. `version` is without a leading `v`. */
export interface Tool {
  /** Absolute. */
  readonly path: string;
  readonly version: string;
}

/**
 * The first program on PATH that is new enough and what was asked for. One that is broken, too old or
 * another version is passed over with a note; the next on PATH may do.
 */
export async function findInstalled(
  tool: ToolName,
  wish: Wish,
  releases: ToolReleases,
  where: {
    readonly run: Run;
    readonly environment: NodeJS.ProcessEnv;
    readonly os: string;
    readonly remembered?: Remembered;
    note(text: string): void;
  },
): Promise<Tool | undefined> {
  for (const file of candidates(fileNameOf(tool, where.os), where.environment)) {
    const known = where.remembered?.version(file);
    const probed = known === undefined ? await probe(tool, file, where.run) : { path: file, version: known };
    if (known === undefined && typeof probed !== 'string') where.remembered?.keep(file, probed.version);
    if (typeof probed !== 'string') {
      if (isNewEnough(probed.version, releases) && grants(wish, probed.version)) return probed;
      const why = isNewEnough(probed.version, releases) ? `${tool}-version asks for another` : needs(tool, releases);
      where.note(`Not using ${file}: it is ${tool} ${probed.version}, and ${why}.`);
    } else {
      where.note(`Not using ${file}: ${probed}.`);
    }
  }
  return undefined;
}

/** `helm`, `oras.exe`. */
export function fileNameOf(tool: ToolName, os: string): string {
  return os === 'win32' ? `${tool}.exe` : tool;
}

/** Starts a program and asks for its version; a text says why that didn't work. */
export async function probe(tool: ToolName, file: string, run: Run): Promise<Tool | string> {
  const args = tool === 'helm' ? ['version', '--template', '{{.Version}}'] : ['version'];
  // Without plugins: a broken one must not make helm look broken, and none has a say in anything here.
  const ran = await run({ file, args, env: { HELM_NO_PLUGINS: '1' }, milliseconds: PROBE_MILLISECONDS });
  if (ran.ended !== 'exit' || ran.code !== 0) return `\`${tool} version\` ${howItEnded(ran)}`;
  const version = versionIn(new TextDecoder().decode(ran.stdout), tool);
  return version === undefined ? `\`${tool} version\` names no version` : { path: file, version };
}

/** `v4.3.1`, `v4.3` (a helm built from source), `Version:        1.3.2+Homebrew`. */
function versionIn(output: string, tool: ToolName): string | undefined {
  const pattern =
    tool === 'helm'
      ? /^\s*v?(\d+)\.(\d+)(?:\.(\d+)(-[0-9A-Za-z.-]+)?)?(?:\+\S*)?\s*$/
      : /^Version:\s*v?(\d+)\.(\d+)(?:\.(\d+)(-[0-9A-Za-z.-]+)?)?/m;
  const match = pattern.exec(output);
  if (match === null) return undefined;
  const [, major, minor, patch = '0', prerelease = ''] = match;
  return `${Number(major)}.${Number(minor)}.${Number(patch)}${prerelease}`;
}

function howItEnded(ran: Ran): string {
  switch (ran.ended) {
    case 'timeout':
      return `gave no answer within ${PROBE_MILLISECONDS / 1000} s`;
    case 'memory':
    case 'output':
      return 'used too much memory or printed too much';
    case 'not-started':
      return "can't be started";
    default: {
      const line = ran.stderr.trim().split('\n')[0];
      return `failed (${ran.code === undefined ? 'ended by a signal' : `exit code ${ran.code}`}${line ? `: ${line}` : ''})`;
    }
  }
}

/** The first executable file of that name on PATH, absolute. */
export function firstOnPath(fileName: string, environment: NodeJS.ProcessEnv): string | undefined {
  return candidates(fileName, environment)[0];
}

/** Executable files of that name on PATH, in its order, each once. Relative entries of PATH are left out. */
function candidates(fileName: string, environment: NodeJS.ProcessEnv): string[] {
  const found = new Map<string, string>();
  for (const folder of (environment.PATH ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, fileName);
    const real = executable(file);
    if (real !== undefined && !found.has(real)) found.set(real, file);
  }
  return [...found.values()];
}

function executable(file: string): string | undefined {
  try {
    if (!statSync(file).isFile()) return undefined;
    accessSync(file, constants.X_OK);
    return realpathSync.native(file);
  } catch {
    return undefined; // not there, or not for us
  }
}
