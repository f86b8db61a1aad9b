import { basename, join } from 'node:path';
import { inClear, isEncryptedName, keyServices, sopsMetadata } from './domain/sops.ts';
import { readSource, type Source, type SourceFault } from './domain/source.ts';
import type { Ports } from './ports.ts';

/** An encrypted values file, opened. */
export interface Opened {
  /** Its data in clear, its positions as they are in the repository. */
  readonly source: Source;
  /** A private file with all of it in clear, absolute. */
  readonly clear: string;
}

export type OpenedValues =
  | { readonly ok: true; readonly opened: Opened }
  | { readonly ok: false; readonly rule: string; readonly fault: SourceFault };

export type OpeningPorts = Pick<Ports, 'sops' | 'files'> & { readonly host: Pick<Ports['host'], 'progress'> };

/**
 * Decrypts a values file. Whoever wrote it decides where sops asks for the key: on a foreign head that is nobody we
 * know, and sops would show him who we are.
 */
export async function openEncrypted(
  { path, shown }: { readonly path: string; readonly shown: string },
  encrypted: Source,
  isForeign: boolean,
  { sops, files, host }: OpeningPorts,
): Promise<OpenedValues> {
  const metadata = sopsMetadata(encrypted);
  if (metadata === undefined) {
    const message = 'is not encrypted, as its name says: sops left no mark in it';
    return refused('validate/not-encrypted', message, `Encrypt it: sops encrypt --in-place ${shown}`);
  }
  if (isForeign) {
    const message = 'is encrypted, and nothing of a foreign head is decrypted';
    return refused(
      'validate/encrypted',
      message,
      'Check it on pull_request or push, where the workflow is of that commit.',
    );
  }
  const hosts = keyServices(metadata);
  const asks = hosts.length === 0 ? '' : `, which asks ${hosts.join(', ')} for the key`;
  host.progress({ kind: 'note', text: `${shown} is decrypted by sops${asks}` });
  const decrypted = await sops.decrypt(path, shown);
  if (!decrypted.ok) return refused('validate/encrypted', decrypted.message, decrypted.hint);
  const read = readSource(decrypted.content, 'helm');
  // Neither the text nor a piece of it is shown.
  if (!read.ok) return refused('validate/encrypted', 'is no valid YAML once it is decrypted');
  const clear = join(await files.makeTemporary('values'), basename(path));
  await files.write(clear, decrypted.content);
  return { ok: true, opened: { source: inClear(encrypted, read.source), clear } };
}

/** What to say of a file that is encrypted and whose name doesn't say so: helm would take the ciphers for the values. */
export function misnamed(shown: string, source: Source): SourceFault | undefined {
  if (isEncryptedName(shown) || sopsMetadata(source) === undefined) return undefined;
  return {
    message: 'is encrypted with sops, and would be used as it is: only files named *.enc.yaml are decrypted',
    hint: `Name it ${shown.replace(/(\.ya?ml)?$/i, '.enc.yaml')}.`,
  };
}

function refused(rule: string, message: string, hint?: string): OpenedValues {
  return { ok: false, rule, fault: { message, ...(hint !== undefined && { hint }) } };
}
