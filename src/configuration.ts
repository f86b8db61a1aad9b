import { resolve } from 'node:path';
import { type EnvironmentSetting, readConfigFile } from './config-file.ts';
import type { Finding } from './domain/finding.ts';
import { SOURCE_BYTES } from './domain/limits.ts';
import { isInside, shownPath } from './domain/paths.ts';
import type { Files } from './ports.ts';
import { fault, quote, type Settings } from './settings.ts';

/** The repository's file, as far as it says something. */
export interface Configuration {
  readonly settings: Settings;
  readonly environments: readonly EnvironmentSetting[] | undefined;
  readonly position: ReturnType<typeof readConfigFile>['config']['position'];
  readonly shown: string;
}

/** Finds the file, `chartship.yaml` where none is named, and reads it; nothing outside the repository is read. */
export async function readConfiguration(
  named: string | undefined,
  cwd: string,
  files: Pick<Files, 'root' | 'read' | 'real'>,
  faults: Finding[],
): Promise<Configuration> {
  const path = named === undefined ? resolve(files.root, 'chartship.yaml') : resolve(cwd, named);
  const shown = shownPath(files.root, path);
  const nothing: Configuration = { settings: new Map(), environments: undefined, position: () => undefined, shown };
  const real = await files.real(path);
  if (real === undefined) {
    if (named !== undefined) faults.push(fault('no-configuration', `the configuration ${quote(named)} is not there`));
    return nothing;
  }
  const root = (await files.real(files.root)) ?? files.root;
  if (!isInside(root, real)) {
    faults.push(
      fault('outside', `the configuration ${quote(named ?? shown)} lies outside the repository`, {
        hint: 'Nothing outside the repository is read.',
      }),
    );
    return nothing;
  }
  let bytes: Uint8Array | undefined;
  try {
    bytes = await files.read(real, SOURCE_BYTES);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.push(fault('configuration', `${shown} is larger than ${SOURCE_BYTES / 1024 / 1024} MiB`, { file: shown }));
    return nothing;
  }
  if (bytes === undefined) {
    faults.push(fault('no-configuration', `the configuration ${quote(shown)} is no file`));
    return nothing;
  }
  const { config, faults: found } = readConfigFile(bytes, shown);
  faults.push(...found);
  return { ...config, shown };
}
