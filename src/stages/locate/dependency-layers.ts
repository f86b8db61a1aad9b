import { readSource, type Source } from '../../domain/source.ts';
import type { StagedChart } from '../../domain/staged.ts';
import type { ValuesLayer } from '../../domain/values.ts';

/** The values.yaml of each dependency, which what the chart around it sets overrules: the innermost first; of those that have a text, if one is given. Their files are named as helm names them. */
export function dependencyLayers(staged: StagedChart, having = ''): ValuesLayer[] {
  const found = staged.dependencies.flatMap(({ name, alias, files }) =>
    files.flatMap(({ path, content }) => {
      const inner = /^((?:charts\/[^/]+\/)*)values\.yaml$/.exec(path)?.[1];
      const read =
        inner === undefined || !Buffer.from(content).includes(having) ? undefined : readSource(content, 'helm');
      if (inner === undefined || read?.ok !== true) return [];
      const prefix = [alias ?? name, ...inner.split('/').filter((step, index) => index % 2 === 1 && step !== '')];
      const shown = `charts/${alias ?? name}/${path}`;
      return [{ prefix, layer: { kind: 'file' as const, shown, source: below(prefix, read.source) } }];
    }),
  );
  return found.sort((a, b) => b.prefix.length - a.prefix.length).map(({ layer }) => layer);
}

/** A source as it is seen from the chart around it. */
function below(prefix: readonly string[], source: Source): Source {
  const data = prefix.reduceRight<unknown>((inner, step) => ({ [step]: inner }), source.data);
  return {
    ...source,
    data,
    position: (path, what) =>
      prefix.every((step, index) => path[index] === step)
        ? source.position(path.slice(prefix.length), what)
        : undefined,
  };
}
