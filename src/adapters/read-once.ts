import type { Registry, RegistryAnswer } from '../ports.ts';

/**
 * A registry of which nothing is asked twice: for runs that write nothing, where one look does for the comparison and
 * for whether a version is taken. A fault holds as any answer does. Whether a tag is there is always asked: a list that
 * is empty may be the answer of whatever stands in between.
 */
export function readOnce(registry: Registry): Registry {
  const answers = new Map<string, Promise<RegistryAnswer<unknown>>>();
  const once = <T>(key: readonly unknown[], ask: () => Promise<RegistryAnswer<T>>): Promise<RegistryAnswer<T>> => {
    const name = JSON.stringify(key);
    const answer = (answers.get(name) as Promise<RegistryAnswer<T>> | undefined) ?? ask();
    answers.set(name, answer);
    return answer;
  };
  return {
    ...registry,
    tags: (location) => once(['tags', location], () => registry.tags(location)),
    manifest: (location, reference) =>
      once(['manifest', location, reference], () => registry.manifest(location, reference)),
    blob: (location, digest, limitBytes) =>
      once(['blob', location, digest, limitBytes], () => registry.blob(location, digest, limitBytes)),
  };
}
