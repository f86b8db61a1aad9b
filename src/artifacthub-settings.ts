import { resolve } from 'node:path';
import type { Finding } from './domain/finding.ts';
import { SOURCE_BYTES } from './domain/limits.ts';
import { isInside, shownPath } from './domain/paths.ts';
import { readSource } from './domain/source.ts';
import type { Files } from './ports.ts';
import { fault, quote } from './settings.ts';

/**
 * The content of the file that `artifacthub-repo` names, checked to be a mapping. `insideOnly` where chartship.yaml names it:
 * then it lies in the repository.
 */
export async function readArtifacthubRepo(
  {
    named,
    base,
    insideOnly,
    at,
  }: {
    readonly named: string | undefined;
    readonly base: string;
    readonly insideOnly: boolean;
    readonly at: () => Partial<Finding>;
  },
  files: Pick<Files, 'root' | 'read' | 'real'>,
  faults: Finding[],
): Promise<Uint8Array | undefined> {
  if (named === undefined) return undefined;
  const path = resolve(base, named);
  const wrong = (what: string, rest: Partial<Finding> = {}): undefined =>
    void faults.push(
      fault('artifacthub-repo', `artifacthub-repo ${quote(shownPath(files.root, path))} ${what}`, {
        ...at(),
        ...rest,
      }),
    );
  const real = await files.real(path);
  if (real === undefined) return wrong('is not there');
  const root = (await files.real(files.root)) ?? files.root;
  if (insideOnly && !isInside(root, real))
    return wrong('lies outside the repository', { hint: 'Nothing outside the repository is read.' });
  const bytes = await files.read(real, SOURCE_BYTES);
  if (bytes === undefined) return wrong('is no file');
  const read = readSource(bytes);
  const { message, ...place } = read.ok ? { message: '' } : read.fault;
  if (!read.ok) return wrong(message, { file: shownPath(files.root, path), ...place });
  const { data } = read.source;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return wrong('must be a mapping');
  return bytes;
}
