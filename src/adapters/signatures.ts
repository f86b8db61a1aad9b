import { join } from 'node:path';
import type { Signing, Verifying } from '../ports.ts';
import type { Request } from '../request.ts';
import { cacheFolder } from './cache-folder.ts';
import type { Run } from './process.ts';
import { workflowRun } from './workflow-run.ts';

export interface SignatureOptions {
  readonly run: Run;
  readonly environment: NodeJS.ProcessEnv;
  /** A private folder (0700) of this run. */
  readonly temporary: string;
  readonly mask: (secret: string) => void;
  readonly note: (text: string) => void;
  /** Ends the wait for a service; its reason is thrown. */
  readonly cancel: AbortSignal;
}

/** Signing and verifying as they are asked for. Sigstore's libraries are loaded when they are first used. */
export function createSignatures(
  { attestation, verification }: Pick<Request, 'attestation' | 'verification'>,
  options: SignatureOptions,
): { readonly signing: Signing; readonly verifying: Verifying } {
  const load = async (): Promise<Signing> => {
    if (attestation === undefined) throw new Error('nothing is to be attested');
    options.mask(options.environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? '');
    const workflow = workflowRun(options.environment);
    return attestation.kind === 'key'
      ? (await import('./cosign.ts')).createKeySigning({ ...options, ...attestation, workflow })
      : (await import('./sigstore-sign.ts')).createKeyless({ ...options, ...attestation, workflow });
  };
  const loadVerifying = async (): Promise<Verifying> => {
    if (verification === undefined) throw new Error('nothing is to be verified');
    const { expected, trustedRoot } = verification;
    const key = expected.kind === 'key' ? expected.file : undefined;
    const cache = join(cacheFolder(options.environment, 'tools'), 'trusted-root');
    return (await import('./sigstore-verify.ts')).createVerifying({ ...options, cache, trustedRoot, key });
  };
  // The libraries' requests can't be called off: nobody waits for them any more.
  const unlessCancelled = async <T>(work: Promise<T>): Promise<T> => {
    const { cancel } = options;
    cancel.throwIfAborted();
    let stop = (): void => {};
    const cancelled = new Promise<never>((_, reject) => {
      stop = () => reject(cancel.reason);
      cancel.addEventListener('abort', stop);
    });
    try {
      return await Promise.race([work, cancelled]);
    } finally {
      cancel.removeEventListener('abort', stop);
    }
  };
  let signing: Promise<Signing> | undefined;
  let verifying: Promise<Verifying> | undefined;
  const signer = (): Promise<Signing> => {
    signing ??= load();
    return signing;
  };
  return {
    signing: {
      ready: async () => await (await signer()).ready(),
      workflow: async () => await unlessCancelled(signer().then((one) => one.workflow())),
      sign: async (statement) => await unlessCancelled(signer().then((one) => one.sign(statement))),
    },
    verifying: {
      verify: async (bundle) => {
        verifying ??= loadVerifying();
        return await unlessCancelled(verifying.then((one) => one.verify(bundle)));
      },
    },
  };
}
