import { join } from 'node:path';
import { EnvironmentError } from '../../domain/errors.ts';
import type { Session } from './session.ts';

/**
 * Writes a file of the evidence. Where the system refuses it (a disk that is full) that is told and no more: a broken
 * revision must not stay live because it can't be written down why. Undefined when the file is there, else the reason.
 */
export async function writeEvidence(
  name: string,
  text: string,
  { files, host, evidence }: Pick<Session, 'files' | 'host' | 'evidence'>,
): Promise<string | undefined> {
  try {
    await files.write(join(evidence, name), host.redact(text));
    return undefined;
  } catch (error) {
    if (error instanceof EnvironmentError) return error.message;
    throw error;
  }
}
