import { at } from './diagnosis/reading.ts';

/** The specs of the pods that an object makes, or is. */
export function podSpecs(object: { readonly kind?: unknown; readonly spec?: unknown }): unknown[] {
  if (object.kind === 'Pod') return [object.spec];
  return [at(object, 'spec', 'template', 'spec'), at(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec')].filter(
    (spec) => spec !== undefined,
  );
}
