import { join } from 'node:path';
import type { Finding } from './finding.ts';
import type { Source } from './source.ts';

/** A values file of an environment, as it was named and as it was found. */
export interface ValuesFile {
  /** As the configuration or the input names it. */
  readonly named: string;
  /** Absolute, links followed. */
  readonly path: string;
  /** Relative to the repository's root. */
  readonly shown: string;
  /** Relative to the chart's folder, when it lies in it: it travels in the package. */
  readonly inChart?: string;
  /** Of its bytes, lower-case hex; absent when it could not be read. */
  readonly sha256?: string;
  /** Absent when the file is no valid YAML (which is a finding of its own). Of an encrypted file its data is in clear. */
  readonly source?: Source;
  /** Where an encrypted file lies in clear, absolute: what helm reads. */
  readonly clear?: string;
}

/**
 * Where helm finds each values file: one of the chart in this folder (the staged copy or the unpacked package), so that
 * what is checked is what is packaged, and what is deployed; one that was decrypted is the same everywhere.
 */
export function valuesPaths(files: readonly ValuesFile[], chartFolder: string): string[] {
  return files.map(({ path, inChart, clear }) => clear ?? (inChart === undefined ? path : join(chartFolder, inChart)));
}

/** What sets values, lowest priority first: the chart's values.yaml, the environment's files, secret values, `set`. */
export interface ValuesLayer {
  readonly kind: 'file' | 'set' | 'secret';
  readonly shown: string;
  readonly source: Source | undefined;
  /** For `set`: the paths it sets. */
  readonly paths?: readonly (readonly string[])[];
}

type Path = readonly (string | number)[];

/**
 * Where the value at a path comes from: the last of the merged layers that sets it, or the nearest thing
 * around it. Nothing is guessed: without a layer that speaks of it there is no place.
 */
export function origin(
  path: Path,
  layers: readonly ValuesLayer[],
  what: 'key' | 'value' = 'value',
): Pick<Finding, 'file' | 'line' | 'column'> & { readonly by?: string } {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const prefix = path.slice(0, depth);
    for (const layer of [...layers].reverse()) {
      if (layer.kind === 'set') {
        if (layer.paths?.some((set) => startsWith(set, prefix)) === true) return { by: layer.shown };
        continue;
      }
      const position = layer.source?.position(prefix, depth === path.length ? what : 'key');
      if (position === undefined) continue;
      return layer.kind === 'secret' ? { by: 'secret-values' } : { file: layer.shown, ...position };
    }
  }
  const base = layers[0];
  return base?.kind === 'file' && base.source !== undefined ? { file: base.shown } : {};
}

/** Whether one of the layers sets a path to something other than null. */
export function isSet(path: readonly string[], layers: readonly ValuesLayer[]): boolean {
  return layers.some((layer) => {
    if (layer.kind === 'set') return layer.paths?.some((set) => startsWith(set, path)) === true;
    let node: unknown = layer.source?.data;
    for (const step of path)
      node = typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[step] : undefined;
    return node !== undefined && node !== null;
  });
}

function startsWith(path: Path, prefix: Path): boolean {
  return prefix.every((step, index) => String(path[index]) === String(step));
}

/** The path that `a.b[0].c\.d=value` sets, in Helm's `--set` syntax (several are separated by commas). */
export function pathsOfSet(setting: string): string[][] {
  return setting
    .split(/(?<!\\),(?=[^={}[\]]+=)/)
    .map((part) => part.slice(0, part.indexOf('=')))
    .map((key) =>
      key
        .split(/(?<!\\)\./)
        .flatMap((step) => step.split(/[[\]]+/).filter((piece) => piece !== ''))
        .map((step) => step.replaceAll('\\', '')),
    );
}
