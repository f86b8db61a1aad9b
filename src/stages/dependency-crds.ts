import type { ChartFile } from '../domain/chart.ts';
import type { Environment } from '../domain/environment.ts';
import { documentsOfFile, type RenderedDocument } from '../domain/manifest.ts';
import type { StagedChart, StagedDependency } from '../domain/staged.ts';
import { isCrdFile } from './crds.ts';
import { isSwitchedOff } from './unused-values/switched-off.ts';

/** The files of `crds/` of a dependency and of its own dependencies. */
export function crdFilesOf({ files }: StagedDependency): ChartFile[] {
  return files.filter(({ path }) => /^(?:charts\/[^/]+\/)*crds\//.test(path) && isCrdFile(path));
}

/** The documents of `crds/` that helm installs for an environment with the chart's dependencies, named as helm names their files. */
export function createDependencyCrds(staged: StagedChart): (environment: Environment) => readonly RenderedDocument[] {
  const known = new Map<StagedDependency, readonly RenderedDocument[]>();
  return (environment) =>
    staged.dependencies
      .filter((dependency) => isUsed(dependency, environment, staged))
      .flatMap((dependency) => {
        const documents = known.get(dependency) ?? documentsIn(dependency);
        known.set(dependency, documents);
        return documents;
      });
}

function documentsIn(dependency: StagedDependency): RenderedDocument[] {
  const folder = `charts/${dependency.alias ?? dependency.name}`;
  return crdFilesOf(dependency)
    .filter(({ path }) => path.startsWith('crds/') || !switchesSome(dependency))
    .flatMap(({ path, content }) => documentsOfFile(new TextDecoder().decode(content), `${folder}/${path}`));
}

function isUsed({ name, alias }: StagedDependency, environment: Environment, staged: StagedChart): boolean {
  const wanted = staged.metadata.dependencies?.find((each) => each.name === name && each.alias === alias);
  return wanted === undefined || !isSwitchedOff(wanted, [environment], staged);
}

/** Whether a dependency may switch its own ones off: which of them is in use isn't asked. */
function switchesSome({ files }: StagedDependency): boolean {
  return files.some(
    ({ path, content }) =>
      /(?:^|\/)(?:Chart|requirements)\.yaml$/.test(path) &&
      /\b(?:condition|tags)["']?\s*:/.test(new TextDecoder().decode(content)),
  );
}
