import type { KubeObject } from '../../domain/kube-object.ts';

/**
 * What programs say of themselves stands in events (a probe's output) and in pods (why a container ended). It is
 * redacted before anything is made of it: of a text that was cut, half a secret would be left that nobody knows. Each
 * state of an object is done once.
 */
export function redactor(redact: (text: string) => string): (object: KubeObject) => KubeObject {
  const known = new WeakMap<KubeObject, KubeObject>();
  return (object) => {
    if (object.kind !== 'Event' && object.kind !== 'Pod') return object;
    const before = known.get(object);
    if (before !== undefined) return before;
    const after =
      object.kind === 'Event'
        ? { ...object, ...messages({ message: object.message }, redact) }
        : { ...object, status: messages(object.status, redact) };
    known.set(object, after);
    return after;
  };
}

/** A copy in which every text called `message` is redacted. */
function messages<T>(value: T, redact: (text: string) => string): T {
  if (Array.isArray(value)) return value.map((each) => messages(each, redact)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [
    key,
    key === 'message' && typeof each === 'string' ? redact(each) : messages(each, redact),
  ]);
  return Object.fromEntries(entries) as T;
}
