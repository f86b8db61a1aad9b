import os from 'node:os';
import path from 'node:path';

/**
 * Where downloaded tools are kept, and what V8 compiled (docs/operations.md): in CHARTSHIP_CACHE, which a person sets on
 * purpose; in the runner's own folder for tools; else in the cache folder of the user. Throws where there is no home.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv, what: 'tools' | 'compiled'): string {
  const { CHARTSHIP_CACHE, RUNNER_TOOL_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (CHARTSHIP_CACHE) return path.resolve(CHARTSHIP_CACHE, what);
  // That one is for tools: they need no folder of their own in it.
  if (RUNNER_TOOL_CACHE) return path.resolve(RUNNER_TOOL_CACHE, 'chartship', what === 'tools' ? '' : what);
  if (XDG_CACHE_HOME) return path.resolve(XDG_CACHE_HOME, 'chartship', what);
  if (process.platform === 'win32' && LOCALAPPDATA) return path.resolve(LOCALAPPDATA, 'chartship', what);
  return path.join(environment.HOME || os.homedir(), '.cache', 'chartship', what);
}
