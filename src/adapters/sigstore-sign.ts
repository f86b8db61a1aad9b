import { bundleToJSON } from '@sigstore/bundle';
import {
  CIContextProvider,
  DSSEBundleBuilder,
  FulcioSigner,
  InternalError,
  RekorWitness,
  TSAWitness,
  type Witness,
} from '@sigstore/sign';
import { STATEMENT_TYPE, type WorkflowRun } from '../domain/attestation.ts';
import type { Services } from '../domain/sigstore-services.ts';
import type { Signing } from '../ports.ts';

export interface KeylessOptions {
  readonly workflow: WorkflowRun | undefined;
  /** `undefined`: as GitHub's own actions choose, by whether everybody may see the repository. */
  readonly services: Services | undefined;
  readonly mask: (secret: string) => void;
  readonly note: (text: string) => void;
}

/** The public-good instance: everybody can read in its log for ever who signed what. */
const PUBLIC: Services = { fulcio: 'https://fulcio.sigstore.dev', rekor: 'https://rekor.sigstore.dev' };
/** GitHub's own, without a public log. */
const PRIVATE: Services = { fulcio: 'https://fulcio.githubapp.com', tsa: 'https://timestamp.githubapp.com' };

/** Milliseconds of each request; each is tried again twice. */
const REQUEST = { timeout: 10_000, retry: 2 } as const;

/** Signs as the workflow that this is a step of: a certificate for it from Fulcio, for a key that is forgotten at once. */
export function createKeyless({ workflow, services, mask, note }: KeylessOptions): Signing {
  const noted = new Set<string>();
  const identity = new CIContextProvider('sigstore');
  // The library shows a token that it can't read in its error.
  const getToken = async (): Promise<string> => {
    const token = await identity.getToken();
    if (typeof token !== 'string') throw new Error('the runner gave no token');
    mask(token);
    return token;
  };
  const claims = async (): Promise<Record<string, unknown>> => {
    const [, payload = ''] = (await getToken()).split('.');
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
  };
  return {
    ready: async () => {},
    workflow: async () => {
      if (workflow === undefined) return { ok: true, workflow };
      try {
        const { job_workflow_ref: ref } = await claims();
        return { ok: true, workflow: typeof ref === 'string' ? { ...workflow, jobWorkflow: ref } : workflow };
      } catch {
        return { ok: false, ...NO_IDENTITY };
      }
    },
    sign: async (statement) => {
      let used = services;
      try {
        used ??= (await claims()).repository_visibility === 'public' ? PUBLIC : PRIVATE;
      } catch {
        return { ok: false, ...NO_IDENTITY };
      }
      for (const url of Object.values(used)) {
        const { host } = new URL(url);
        if (!noted.has(host)) note(`requests go to ${host} for a signature`);
        noted.add(host);
      }
      const witnesses: Witness[] = [];
      if (used.rekor !== undefined) witnesses.push(new RekorWitness({ rekorBaseURL: used.rekor, ...REQUEST }));
      if (used.tsa !== undefined) witnesses.push(new TSAWitness({ tsaBaseURL: used.tsa, ...REQUEST }));
      const signer = new FulcioSigner({ fulcioBaseURL: used.fulcio, identityProvider: { getToken }, ...REQUEST });
      try {
        const bundle = await new DSSEBundleBuilder({ signer, witnesses }).create({
          type: STATEMENT_TYPE,
          data: Buffer.from(statement),
        });
        return { ok: true, bundle: Buffer.from(JSON.stringify(bundleToJSON(bundle))) };
      } catch (error) {
        if (!(error instanceof InternalError)) throw error;
        return { ok: false, ...told(error, used) };
      }
    },
  };
}

const NO_IDENTITY = {
  message: 'the runner gave no identity to sign with',
  hint: 'Give the job "permissions: id-token: write".',
};

function told({ code, cause }: InternalError, { fulcio, rekor, tsa }: Services): { message: string; hint?: string } {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  const host = (url: string | undefined): string => (url === undefined ? 'a service' : new URL(url).host);
  switch (code) {
    case 'IDENTITY_TOKEN_READ_ERROR':
    case 'IDENTITY_TOKEN_PARSE_ERROR':
      return NO_IDENTITY;
    case 'CA_CREATE_SIGNING_CERTIFICATE_ERROR':
      return { message: `${host(fulcio)} gave no certificate${why}`, hint: 'Run it again later.' };
    case 'TSA_CREATE_TIMESTAMP_ERROR':
      return { message: `${host(tsa)} gave no timestamp${why}`, hint: 'Run it again later.' };
    default:
      return { message: `${host(rekor)} took no entry into its log${why}`, hint: 'Run it again later.' };
  }
}
