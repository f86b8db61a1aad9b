import { isDeepStrictEqual } from 'node:util';
import type { Location } from '../domain/reference.ts';
import { annotationsOfRecord, RECORD_TYPE, recordOfAnnotations, type ValuesRecord } from '../domain/values-record.ts';
import type { Attached, Registry, RegistryAnswer, RegistryFault } from '../ports.ts';
import { attachOnce } from './attach-once.ts';

/** Attaches a record to a published chart, unless it is there; what went wrong, if anything. */
export async function attachRecord(
  record: ValuesRecord,
  location: Location,
  digest: string,
  registry: Registry,
): Promise<RegistryFault | undefined> {
  return await attachOnce(
    location,
    digest,
    RECORD_TYPE,
    async (attached) => {
      const isIt = ({ annotations }: Attached) => isDeepStrictEqual(recordOfAnnotations(annotations), record);
      return { ok: true, value: attached.find(isIt) };
    },
    () => ({ annotations: annotationsOfRecord(record, new Date()) }),
    registry,
  );
}

/** Every record that was attached to a published chart. */
export async function readRecords(
  location: Location,
  digest: string,
  registry: Registry,
): Promise<RegistryAnswer<readonly ValuesRecord[]>> {
  const attached = await registry.attached(location, digest, RECORD_TYPE);
  return attached.ok
    ? { ok: true, value: attached.value.map(({ annotations }) => recordOfAnnotations(annotations)) }
    : attached;
}
