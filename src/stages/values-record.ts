import { isDeepStrictEqual } from 'node:util';
import type { Location } from '../domain/reference.ts';
import { annotationsOfRecord, RECORD_TYPE, recordOfAnnotations, type ValuesRecord } from '../domain/values-record.ts';
import type { Registry, RegistryAnswer, RegistryFault } from '../ports.ts';

/**
 * Times that a record is attached until it is seen: a registry without the referrers API keeps the list in a tag,
 * which writers at once overwrite.
 */
const TRIES = 3;

/** Attaches a record to a published chart, unless it is there; what went wrong, if anything. */
export async function attachRecord(
  record: ValuesRecord,
  location: Location,
  digest: string,
  registry: Registry,
): Promise<RegistryFault | undefined> {
  for (let tries = 0; ; tries += 1) {
    const there = await readRecords(location, digest, registry);
    if (!there.ok) return there.fault;
    if (there.value.some((one) => isDeepStrictEqual(one, record))) return undefined;
    if (tries === TRIES) {
      return { kind: 'other', message: 'what was attached is not among what is attached', hint: 'Run it again.' };
    }
    const attached = await registry.attach(location, digest, RECORD_TYPE, annotationsOfRecord(record, new Date()));
    if (!attached.ok) return attached.fault;
  }
}

/** Every record that was attached to a published chart. */
export async function readRecords(
  location: Location,
  digest: string,
  registry: Registry,
): Promise<RegistryAnswer<readonly ValuesRecord[]>> {
  const attached = await registry.attached(location, digest, RECORD_TYPE);
  return attached.ok ? { ok: true, value: attached.value.map(recordOfAnnotations) } : attached;
}
