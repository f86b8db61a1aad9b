import type { Location } from '../domain/reference.ts';
import type { Registry, RegistryAnswer } from '../ports.ts';

/**
 * A registry of which nothing is asked twice: for runs that write nothing, where one look does for the comparison and
 * for whether a version is taken. A fault holds as any answer does, and a tag that isn't among the tags isn't there.
 */
export function readOnce(registry: Registry): Registry {
  const answers = new Map<string, Promise<RegistryAnswer<unknown>>>();
  const once = <T>(key: readonly unknown[], ask: () => Promise<RegistryAnswer<T>>): Promise<RegistryAnswer<T>> => {
    const name = JSON.stringify(key);
    const answer = (answers.get(name) as Promise<RegistryAnswer<T>> | undefined) ?? ask();
    answers.set(name, answer);
    return answer;
  };
  const isKnownAbsent = async (location: Location, reference: string): Promise<boolean> => {
    const tags = await (answers.get(JSON.stringify(['tags', location])) as ReturnType<Registry['tags']> | undefined);
    return !reference.startsWith('sha256:') && tags?.ok === true && !tags.value.includes(reference);
  };
  return {
    ...registry,
    tags: (location) => once(['tags', location], () => registry.tags(location)),
    manifest: async (location, reference) =>
      (await isKnownAbsent(location, reference))
        ? { ok: true, value: undefined }
        : await once(['manifest', location, reference], () => registry.manifest(location, reference)),
    blob: (location, digest, limitBytes) =>
      once(['blob', location, digest, limitBytes], () => registry.blob(location, digest, limitBytes)),
  };
}
