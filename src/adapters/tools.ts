import path from 'node:path';
import { EnvironmentError, invalid } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';
import { archiveOf, platformName, TOOL_RELEASES, type ToolName, type ToolReleases } from '../domain/tool-releases.ts';
import { cacheFolder } from './cache-folder.ts';
import type { Run } from './process.ts';
import { cacheProgram, isCached } from './tools-cache.ts';
import { download } from './tools-download.ts';
import { shown } from './tools-fetch.ts';
import { fileNameOf, findInstalled, probe, type Tool } from './tools-installed.ts';
import { rememberIn } from './tools-remembered.ts';
import { unpackProgram } from './tools-unpack.ts';
import { parseWish, type Release, releaseFor } from './tools-wish.ts';

export type { Tool };

const STALL_MILLISECONDS = 30_000;

export interface ToolsOptions {
  /** The inputs `helm-version` and `oras-version`: empty, a major, a version, or `VERSION@sha256:HEX`. */
  readonly wishes: Readonly<Partial<Record<ToolName, string>>>;
  /** The input `tools-mirror`: a base URL under which the official archives lie by their own file names. */
  readonly mirror?: string;
  readonly run: Run;
  readonly environment: NodeJS.ProcessEnv;
  /** `process.platform` and `process.arch`. */
  readonly platform: { readonly os: string; readonly architecture: string };
  /** One line about what goes on: a program that was passed over, a request and its host. */
  note(text: string): void;
  readonly limits: Pick<Limits, 'downloadMilliseconds'> & {
    /** The longest silence of a server; 30 s when left out. */
    readonly stallMilliseconds?: number;
  };
  /** Ends a download; its reason is thrown. */
  readonly cancel?: AbortSignal;
  readonly releases?: Readonly<Record<ToolName, ToolReleases>>;
}

/**
 * The programs that Chartship calls. Each is looked for once, when it is first asked for: an installed one
 * that is new enough and what was asked for, else the recorded release, downloaded, verified and cached.
 * A `RequestError` says that something can't be asked for, an `EnvironmentError` that it can't be had.
 */
export interface Tools {
  helm(): Promise<Tool>;
  oras(): Promise<Tool>;
}

export function createTools(options: ToolsOptions): Tools {
  const found: Partial<Record<ToolName, Promise<Tool>>> = {};
  const once = (tool: ToolName): Promise<Tool> => {
    found[tool] ??= resolveTool(tool, options);
    return found[tool];
  };
  return { helm: () => once('helm'), oras: () => once('oras') };
}

async function resolveTool(tool: ToolName, options: ToolsOptions): Promise<Tool> {
  const releases = (options.releases ?? TOOL_RELEASES)[tool];
  const wish = parseWish(tool, options.wishes[tool] ?? '', releases);
  // Of an installed program nobody knows from which archive it came, so a given checksum rules it out.
  if (wish.kind !== 'exact' || wish.sha256 === undefined) {
    const { run, environment, note } = options;
    const remembered = rememberIn(path.join(cacheFolder(environment, 'tools'), 'versions'));
    const { os } = options.platform;
    const installed = await findInstalled(tool, wish, releases, { run, environment, note, os, remembered });
    if (installed !== undefined) return installed;
  }
  const platform = platformName(options.platform.os, options.platform.architecture);
  return await provide(tool, releaseFor(tool, wish, platform, releases), platform, options);
}

async function provide(tool: ToolName, release: Release, platform: string, options: ToolsOptions): Promise<Tool> {
  const { version, sha256 } = release;
  const cache = cacheFolder(options.environment, 'tools');
  const program = fileNameOf(tool, options.platform.os);
  const file = path.join(cache, `${tool}-${version}-${platform}-${sha256}`, program);
  if (await isCached(file)) return { path: file, version };

  const what = `${tool} ${version}`;
  const { fileName, url } = archiveOf(tool, version, platform);
  const source = options.mirror ? onMirror(options.mirror, fileName) : new URL(url);
  await cacheProgram(cache, file, async (folder) => {
    const archive = path.join(folder, fileName);
    await download({
      what,
      url: source,
      sha256,
      file: archive,
      milliseconds: options.limits.downloadMilliseconds,
      stallMilliseconds: options.limits.stallMilliseconds ?? STALL_MILLISECONDS,
      cancel: options.cancel,
      note: options.note,
    });
    const unpacked = path.join(folder, program);
    const fault =
      (await unpackProgram(archive, program, unpacked)) ?? (await wrongProgram(tool, version, unpacked, options));
    if (fault === undefined) return unpacked;
    throw new EnvironmentError(`${what} from ${shown(source)} can't be used though its checksum is right: ${fault}.`);
  });
  return { path: file, version };
}

/** Why a program that was just unpacked is not what its name said; such as one for another processor. */
async function wrongProgram(
  tool: ToolName,
  version: string,
  file: string,
  options: ToolsOptions,
): Promise<string | undefined> {
  const probed = await probe(tool, file, options.run);
  if (typeof probed === 'string') return probed;
  return probed.version === version ? undefined : `it is ${tool} ${probed.version}`;
}

function onMirror(mirror: string, fileName: string): URL {
  const base = URL.canParse(mirror) ? new URL(mirror) : undefined;
  if (base === undefined || !['http:', 'https:'].includes(base.protocol)) {
    // Not repeated here: it may hold a password.
    throw invalid('request/tools-mirror', 'tools-mirror is no URL that begins with https:// or http://.');
  }
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/${fileName}`;
  return base;
}
