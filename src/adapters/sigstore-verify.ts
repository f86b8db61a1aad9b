import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Bundle, bundleFromJSON, ValidationError } from '@sigstore/bundle';
import { crypto, X509Certificate } from '@sigstore/core';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { PolicyError, toSignedEntity, toTrustMaterial, VerificationError, Verifier } from '@sigstore/verify';
import { STATEMENT_TYPE } from '../domain/attestation.ts';
import { EnvironmentError } from '../domain/errors.ts';
import type { SignerIdentity } from '../domain/expected-signer.ts';
import { readTrustedRoots } from '../domain/trusted-roots.ts';
import type { Verifying } from '../ports.ts';
import { fetchTrustedRoot, type RootOptions } from './trusted-root.ts';

export interface VerifyOptions extends RootOptions {
  /** Trusted roots in JSON, one a line or one in all, absolute; the public-good instance's, by TUF, when left out. */
  readonly trustedRoot: string | undefined;
  /** A public key in PEM, absolute: signatures by it are checked, and no others. */
  readonly key: string | undefined;
}

/** What a bundle's signature is checked against, and how much of a log and of timestamps must be with it. */
type Trust = ConstructorParameters<typeof Verifier>;

const REPOSITORY = '1.3.6.1.4.1.57264.1.12';
/** As far as that root knows, GitHub's own instance is a stranger. */
const NOT_PUBLIC = ", by the root of Sigstore's public instance; for a repository that is not public give trusted-root";
const REF = '1.3.6.1.4.1.57264.1.14';

/** Checks bundles with Sigstore's own library: signature, certificate at the time of signing, log and timestamps. */
export function createVerifying(options: VerifyOptions): Verifying {
  let trust: Promise<readonly Trust[]> | undefined;
  return {
    verify: async (bytes) => {
      trust ??= options.key === undefined ? trustOfRoots(options) : trustOfKey(options.key);
      const roots = await trust;
      let bundle: Bundle;
      try {
        bundle = bundleFromJSON(JSON.parse(new TextDecoder().decode(bytes)));
      } catch (error) {
        if (!(error instanceof ValidationError || error instanceof SyntaxError || error instanceof TypeError))
          throw error;
        return { ok: false, message: `is no Sigstore bundle (${error.message})` };
      }
      const byKey = bundle.verificationMaterial.content.$case === 'publicKey';
      if (byKey !== (options.key !== undefined))
        return {
          ok: false,
          message: byKey ? 'was signed by a key, not by a workflow' : 'was signed by a workflow, not by the key',
        };
      const { content } = bundle;
      if (content.$case !== 'dsseEnvelope') return { ok: false, message: 'holds no statement' };
      if (content.dsseEnvelope.payloadType !== STATEMENT_TYPE) {
        return { ok: false, message: `holds a ${content.dsseEnvelope.payloadType}, not a statement of in-toto` };
      }
      try {
        const wrong = roots.map((root) => wrongBy(root, bundle));
        if (wrong.includes(undefined)) {
          const statement: unknown = JSON.parse(content.dsseEnvelope.payload.toString('utf8'));
          return { ok: true, signer: signerOf(bundle), statement };
        }
        // By the root by which most of it was right: it's the one that it is of.
        const [error] = wrong.filter((each) => each !== undefined).sort((x, y) => stepOf(y) - stepOf(x));
        if (error !== undefined) {
          const isPublicRoot = options.trustedRoot === undefined && options.key === undefined;
          const strange = isPublicRoot && /^(TIMESTAMP|CERTIFICATE)/.test(error.code) ? NOT_PUBLIC : '';
          return { ok: false, message: `${meaning(error)} (${error.code}: ${error.message})${strange}` };
        }
        return { ok: false, message: 'can be verified by no root' };
      } catch (error) {
        // What isn't ASN.1, JSON or a key where one should be makes the library stumble.
        return { ok: false, message: `can't be read (${error instanceof Error ? error.message : String(error)})` };
      }
    },
  };
}

/** Why a bundle isn't to be believed by one root; `undefined` when it is. */
function wrongBy([material, thresholds]: Trust, bundle: Bundle): VerificationError | PolicyError | undefined {
  try {
    new Verifier(material, thresholds).verify(toSignedEntity(bundle));
    return undefined;
  } catch (error) {
    if (error instanceof VerificationError || error instanceof PolicyError) return error;
    throw error;
  }
}

/** How far the library came: it looks at the times first, then at the certificate, the log, and the signature. */
function stepOf({ code }: VerificationError | PolicyError): number {
  return ['TIMESTAMP', 'CERTIFICATE', 'TLOG', 'SIGNATURE'].findIndex((step) => code.startsWith(step));
}

function meaning(error: VerificationError | PolicyError): string {
  switch (error.code) {
    case 'SIGNATURE_ERROR':
      return 'has a signature that is not of what it holds';
    case 'CERTIFICATE_ERROR':
      return 'has a certificate that the trusted root does not vouch for at the time of signing';
    case 'TIMESTAMP_ERROR':
      return 'has no time of signing that can be trusted';
    case 'PUBLIC_KEY_ERROR':
      return 'was signed by another key';
    default:
      return /^TLOG/.test(error.code) ? 'has no entry in a trusted log that fits it' : 'could not be verified';
  }
}

/** The certificate's own words. That it is to be believed is checked by then. */
function signerOf(bundle: Bundle): SignerIdentity {
  const { content } = bundle.verificationMaterial;
  if (content.$case === 'publicKey') return { kind: 'key' };
  const raw =
    content.$case === 'certificate'
      ? content.certificate.rawBytes
      : content.x509CertificateChain.certificates[0]?.rawBytes;
  const certificate = X509Certificate.parse(Buffer.from(raw ?? []));
  const extension = (oid: string): string => certificate.extension(oid)?.valueObj.subs[0]?.value.toString('utf8') ?? '';
  return {
    kind: 'workflow',
    issuer: extension('1.3.6.1.4.1.57264.1.8'),
    workflow: certificate.subjectAltName ?? '',
    repository: extension(REPOSITORY),
    ref: extension(REF),
  };
}

async function trustOfRoots(options: VerifyOptions): Promise<readonly Trust[]> {
  const { trustedRoot } = options;
  const roots = trustedRoot === undefined ? [await fetchTrustedRoot(options)] : await rootsIn(trustedRoot);
  return roots.map((root) => [toTrustMaterial(root), thresholdsOf(root)]);
}

/** A root that knows no log can't be asked for an entry in one: GitHub's own, of private repositories, has timestamps alone. */
function thresholdsOf(root: TrustedRoot): Trust[1] {
  return {
    tlogThreshold: Math.min(root.tlogs.length, 1),
    ctlogThreshold: Math.min(root.ctlogs.length, 1),
    timestampThreshold: 1,
  };
}

async function rootsIn(file: string): Promise<readonly TrustedRoot[]> {
  try {
    const documents = readTrustedRoots(await readFile(file));
    if (typeof documents === 'string') throw new Error(documents);
    return documents.map((document) => TrustedRoot.fromJSON(document));
  } catch (error) {
    throw new EnvironmentError(`trusted-root ${file} is none: ${wordsOf(error)}`, {
      hint: 'Give what "gh attestation trusted-root" or "cosign trusted-root create" writes.',
    });
  }
}

/** Without a certificate there is no time that it must have been signed at. */
async function trustOfKey(file: string): Promise<readonly Trust[]> {
  try {
    const key = crypto.createPublicKey(await readFile(file, 'utf8'));
    const hint = createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('base64');
    const root = TrustedRoot.fromJSON({});
    const find = (asked: string) => {
      if (asked !== hint) throw new VerificationError({ code: 'PUBLIC_KEY_ERROR', message: `its key is ${asked}` });
      return { publicKey: key, validFor: () => true };
    };
    return [[toTrustMaterial(root, find), { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 }]];
  } catch (error) {
    throw new EnvironmentError(`the key ${file} is no public key in PEM: ${wordsOf(error)}`);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
