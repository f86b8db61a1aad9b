import { resolve } from 'node:path';
import { type ExpectedSigner, readExpectedSigner } from './domain/expected-signer.ts';
import type { Finding } from './domain/finding.ts';
import { TRUSTED_ROOT_BYTES } from './domain/limits.ts';
import { shownPath } from './domain/paths.ts';
import { isPrivateKey } from './domain/private-key.ts';
import { readServices, type Services } from './domain/sigstore-services.ts';
import { readTrustedRoots } from './domain/trusted-roots.ts';
import type { Files } from './ports.ts';
import { fault, quote } from './settings.ts';

/** By a key, or keyless: by services that are given, or those that the repository's visibility decides. */
export type AttestationRequest =
  | {
      readonly kind: 'key';
      /** A path (absolute) or the content. */
      readonly key: { readonly path: string } | { readonly content: string };
      readonly password: string | undefined;
    }
  | { readonly kind: 'keyless'; readonly services: Services | undefined };

/** Who must have signed, and what is trusted to say so. */
export interface VerificationRequest {
  readonly expected: ExpectedSigner;
  /** Absolute; the public instance's when it isn't given. */
  readonly trustedRoot: string | undefined;
}

/** What was given of signing. */
export interface SigningSettings {
  readonly services: readonly string[];
  readonly key: string | undefined;
  readonly password: string | undefined;
  readonly hasIdentity: boolean;
}

/** Longer than any path. */
const LONGEST_PATH = 1024;

/** What signs; asked for only where something is to be signed, so that a pull request needs neither key nor identity. */
export async function readAttestation(
  given: SigningSettings,
  attests: boolean,
  cwd: string,
  files: Pick<Files, 'root' | 'real'>,
  faults: Finding[],
): Promise<AttestationRequest | undefined> {
  const services = given.services.length === 0 ? undefined : readServices(given.services);
  if (typeof services === 'string') faults.push(fault('sigstore', `sigstore ${services}`));
  if (!attests || typeof services === 'string') return undefined;
  const { key } = given;
  if (key !== undefined) {
    if (services !== undefined)
      faults.push(
        fault('sigstore', 'sigstore is given beside signing-key: a key asks no service', { hint: 'Give one.' }),
      );
    const password = given.password?.replace(/\r?\n$/, '');
    if (isPrivateKey(key)) return { kind: 'key', key: { content: key }, password };
    const path = resolve(cwd, key.trim().replace(/^@/, ''));
    // What is neither may be the secret in another form: nothing of it is shown.
    if (key.trim().length > LONGEST_PATH || (await files.real(path)) === undefined)
      faults.push(fault('signing-key', 'signing-key is neither the content of a key nor a file that is there'));
    return { kind: 'key', key: { path }, password };
  }
  if (!given.hasIdentity) {
    faults.push(
      fault('no-identity', 'attest: true needs somebody to sign, and there is neither an identity nor a signing-key', {
        hint: 'On GitHub give the job "permissions: id-token: write"; elsewhere give signing-key, or attest: false.',
      }),
    );
  }
  return { kind: 'keyless', services };
}

/** What is wrong with a file of trusted roots, to follow its name. */
async function faultOfRoots(
  file: string,
  files: Pick<Files, 'read' | 'kind'>,
): Promise<{ readonly what: string; readonly hint?: string } | undefined> {
  const hint = 'Give what "gh attestation trusted-root" or "cosign trusted-root create" writes.';
  const kind = await files.kind(file);
  if (kind === undefined) return { what: 'is not there' };
  try {
    const bytes = kind === 'file' ? await files.read(file, TRUSTED_ROOT_BYTES) : undefined;
    if (bytes === undefined) return { what: 'is no file', hint };
    const roots = readTrustedRoots(bytes);
    return typeof roots === 'string' ? { what: `is none: ${roots}`, hint } : undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { what: `is larger than ${TRUSTED_ROOT_BYTES / 1024 / 1024} MiB`, hint };
  }
}

export async function readVerification(
  given: { readonly signer: readonly string[]; readonly root: string | undefined },
  cwd: string,
  files: Pick<Files, 'root' | 'real' | 'read' | 'kind'>,
  faults: Finding[],
): Promise<VerificationRequest | undefined> {
  const { signer: lines, root } = given;
  const trustedRoot = root === undefined ? undefined : resolve(cwd, root);
  if (trustedRoot !== undefined) {
    const wrong = await faultOfRoots(trustedRoot, files);
    if (wrong !== undefined) {
      const message = `trusted-root ${quote(shownPath(files.root, trustedRoot))} ${wrong.what}`;
      faults.push(fault('trusted-root', message, wrong.hint === undefined ? {} : { hint: wrong.hint }));
    }
  }
  if (lines.length === 0) {
    if (root !== undefined)
      faults.push(
        fault('trusted-root', 'trusted-root is given without verify', { hint: 'Say who is to be expected: verify.' }),
      );
    return undefined;
  }
  const read = readExpectedSigner(lines);
  if (!read.ok) {
    for (const { message, hint } of read.faults)
      faults.push(fault('verify', `verify ${message}`, hint === undefined ? {} : { hint }));
    return undefined;
  }
  const { expected } = read;
  if (expected.kind !== 'key') return { expected, trustedRoot };
  const file = resolve(cwd, expected.file);
  if ((await files.real(file)) === undefined)
    faults.push(fault('verify', `verify: the key ${quote(shownPath(files.root, file))} is not there`));
  return { expected: { ...expected, file }, trustedRoot };
}
