import { writeArchive } from '../../domain/archive.ts';
import type { DependencyFiles } from '../../domain/dependency-file.ts';
import { joinShown } from '../../domain/paths.ts';
import { dependencyFinding, type Wanted } from './context.ts';
import type { ChartFolder } from './copy.ts';
import type { Resolved } from './dependency.ts';

/**
 * The chart's .helmignore is about all that lies in its folder, what is put into `charts/` too. A local chart
 * that it reaches into is put there as an archive, as helm does itself; an archive that it hides is a finding.
 */
export async function withoutHidden(
  folder: ChartFolder,
  files: DependencyFiles,
  ignored: (path: string) => boolean,
  { index }: Wanted,
  resolved: Resolved,
): Promise<Resolved> {
  const { dependency } = resolved;
  if (dependency === undefined || !resolved.files.some(({ path }) => ignored(path))) return resolved;
  const isFolder = resolved.files.length > 1;
  const archived = isFolder ? await asArchive(dependency.name, dependency.version, resolved) : resolved;
  const hidden = archived.files.find(({ path }) => ignored(path));
  if (hidden === undefined) return archived;
  const rules = joinShown(folder.source, '.helmignore');
  const fault = {
    rule: 'resolve/ignored-dependency',
    message: `${rules} hides ${hidden.path} from helm, the archive of a dependency`,
    hint: `Change the rule in ${rules} so that it doesn't reach into charts/.`,
  };
  return { ...resolved, findings: [...resolved.findings, dependencyFinding(folder, files, index, fault)] };
}

async function asArchive(name: string, version: string, resolved: Resolved): Promise<Resolved> {
  const own = resolved.files.map((file) => ({ ...file, path: file.path.slice(`charts/${name}/`.length) }));
  return { ...resolved, files: [{ path: `charts/${name}-${version}.tgz`, content: await writeArchive(name, own) }] };
}
