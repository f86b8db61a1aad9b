import { at, list, text } from './diagnosis/reading.ts';
import { podSpecs } from './pod-specs.ts';
import type { RenderedObject } from './rendered-objects.ts';
import type { StagedDependency } from './staged.ts';

/** What a chart is made of and what it runs: what its bill of materials lists. */
export interface ChartContents {
  readonly dependencies: readonly Omit<StagedDependency, 'files'>[];
  /** Image as a pod names it → the environments whose pods do. */
  readonly images: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The images of the pods that rendered objects make. */
export function imagesOf(objects: readonly RenderedObject[]): string[] {
  const specs = objects.flatMap(({ data }) => podSpecs({ kind: data.kind, spec: data.spec }));
  return specs
    .flatMap((spec) => [...list(at(spec, 'initContainers')), ...list(at(spec, 'containers'))])
    .map(({ image }) => text(image))
    .filter((image) => image !== '');
}
