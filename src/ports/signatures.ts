import type { WorkflowRun } from '../domain/attestation.ts';
import type { SignerIdentity } from '../domain/expected-signer.ts';

export type Signed =
  /** A Sigstore bundle, in JSON. */
  | { readonly ok: true; readonly bundle: Uint8Array }
  /** One sentence with who was asked, without a secret. */
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** Signs statements: keyless as the workflow that this is a step of, or by a key. */
export interface Signing {
  /** Throws an `EnvironmentError` where what signing needs isn't there. */
  ready(): Promise<void>;
  /** The run of the workflow, as far as it can show who it is; `undefined` elsewhere than on GitHub. */
  workflow(): Promise<
    | { readonly ok: true; readonly workflow: WorkflowRun | undefined }
    | { readonly ok: false; readonly message: string; readonly hint?: string }
  >;
  sign(statement: string): Promise<Signed>;
}

/** Checks Sigstore bundles against a trusted root, or against a key. Throws an `EnvironmentError` without either. */
export interface Verifying {
  verify(bundle: Uint8Array): Promise<
    | { readonly ok: true; readonly signer: SignerIdentity; readonly statement: unknown }
    /** A phrase to follow the name of what was checked. */
    | { readonly ok: false; readonly message: string }
  >;
}
