import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { createVerifying } from '../../src/adapters/sigstore-verify.ts';
import type { Release } from './github-state.ts';
import type { Sigstore } from './sigstore.ts';

/** The bytes of a release's file. */
export function bytesOf(release: Release | undefined, name: string): Buffer {
  const found = release?.assets.find((asset) => asset.name === name);
  if (found === undefined) throw new Error(`no ${name} among ${release?.assets.map((each) => each.name).join(', ')}`);
  return Buffer.from(found.content);
}

/** Beside each file there is a provenance that is good, by whom it should be, and about the very file. */
export async function expectVouched(
  release: Release | undefined,
  files: readonly string[],
  sigstore: Pick<Sigstore, 'root' | 'claims'>,
): Promise<void> {
  const temporary = mkdtempSync(join(tmpdir(), 'chartship-vouched-'));
  try {
    const trustedRoot = join(temporary, 'root.json');
    writeFileSync(trustedRoot, sigstore.root);
    const verifying = createVerifying({
      trustedRoot,
      key: undefined,
      temporary,
      cache: temporary,
      note: () => undefined,
    });
    for (const name of files) {
      const sha256 = createHash('sha256').update(bytesOf(release, name)).digest('hex');
      expect(await verifying.verify(bytesOf(release, `${name}.sigstore.json`))).toMatchObject({
        ok: true,
        signer: { workflow: `https://github.com/${sigstore.claims.job_workflow_ref}` },
        statement: { subject: [{ name, digest: { sha256 } }], predicateType: 'https://slsa.dev/provenance/v1' },
      });
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
