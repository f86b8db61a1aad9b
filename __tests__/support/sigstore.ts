import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  fulcioHandler,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  rekorHandler,
  tsaHandler,
} from '@sigstore/mock';
import { HashAlgorithm, PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';

/** What a workflow's token says of it; `san` is what Fulcio makes the certificate's name of. */
export type Claims = Readonly<Record<string, string>>;

export const ISSUER = 'https://token.actions.githubusercontent.com';

/** A job of acme/task-api in the reusable workflow of acme/pipelines. */
export const CLAIMS: Claims = {
  iss: ISSUER,
  aud: 'sigstore',
  sub: 'repo:acme/task-api:ref:refs/heads/main',
  repository: 'acme/task-api',
  repository_visibility: 'public',
  ref: 'refs/heads/main',
  sha: 'a'.repeat(40),
  job_workflow_ref: 'acme/pipelines/.github/workflows/pipeline.yml@refs/tags/v1',
  workflow_ref: 'acme/task-api/.github/workflows/ship.yml@refs/heads/main',
  event_name: 'push',
};

export interface Sigstore {
  /** The lines of the input `sigstore`. */
  readonly services: string;
  /** The trusted root, in JSON. */
  readonly root: string;
  /** The runner's variables with which a job gets its token. */
  readonly environment: Record<string, string>;
  /** The token that a job got last. */
  readonly token: () => string;
  /** What the next tokens say. */
  claims: Claims;
  /** Requests by path, and what is answered to a path instead. */
  readonly seen: string[];
  readonly faults: Map<string, number | 'silence'>;
  stop(): Promise<void>;
}

export interface SigstoreOptions {
  /** The time that Fulcio's clock shows, when it isn't now. */
  readonly fulcioTime?: Date;
  /** Certificates stand in no log, and the root knows no log: GitHub's own instance is so. */
  readonly isLogless?: boolean;
}

const REQUEST_TOKEN = 'runner-request-token-0123456789';

/** The sigstore project's own Fulcio, Rekor and timestamp authority, and the runner's endpoint for tokens, on loopback. */
export async function startSigstore({ fulcioTime, isLogless = false }: SigstoreOptions = {}): Promise<Sigstore> {
  const keys = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const ctlog = await initializeCTLog(keys());
  const ca = await initializeCA(keys(), isLogless ? undefined : ctlog, fulcioTime);
  const tlog = await initializeTLog('http://rekor.test', keys());
  const tsa = await initializeTSA(keys());
  // What is proposed to a real Rekor is not what stands in its log: of the envelope only sums are kept.
  const rekor = rekorHandler({
    publicKey: tlog.publicKey,
    logV2: (entry) => tlog.logV2(entry),
    log: (entry: object) => tlog.log(asLogged(entry)),
  });
  const handlers = [fulcioHandler(ca, { subjectClaim: 'san' }), rekor, tsaHandler(tsa)];

  const sigstore = { claims: CLAIMS, seen: [] as string[], faults: new Map<string, number | 'silence'>() };
  let token = '';
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '', 'http://localhost');
    sigstore.seen.push(url.pathname);
    const fault = sigstore.faults.get(url.pathname);
    if (fault === 'silence') return;
    if (fault !== undefined) return void response.writeHead(fault).end('{}');
    if (url.pathname === '/token') {
      const isJob = request.headers.authorization === `Bearer ${REQUEST_TOKEN}` && url.searchParams.get('api') === '1';
      if (!isJob) return void response.writeHead(401).end('{}');
      token = tokenOf({ ...sigstore.claims, aud: url.searchParams.get('audience') ?? '' });
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ value: token }));
    }
    const handler = handlers.find(({ path }) => path === url.pathname);
    if (handler === undefined) return void response.writeHead(404).end();
    const body = Buffer.concat(chunks).toString('utf8');
    let made = await handler.fn(body);
    // A thousandth that ends in zero is written with fewer digits, which the project's own parser doesn't take.
    while (typeof made.response !== 'string' && !/\d{14}\.\d{3}Z/.test(textOf(made.response)))
      made = await handler.fn(body);
    response.writeHead(made.statusCode, { 'content-type': made.contentType ?? 'text/plain' });
    response.end(typeof made.response === 'string' ? made.response : Buffer.from(made.response as Uint8Array));
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const raw = (bytes: unknown): Buffer => Buffer.from(bytes as Uint8Array);
  const log = (publicKey: Buffer, keyId: Buffer) => ({
    baseUrl: 'http://rekor.test',
    hashAlgorithm: HashAlgorithm.SHA2_256,
    publicKey: {
      rawBytes: publicKey,
      keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
      validFor: { start: new Date(0) },
    },
    logId: { keyId },
    checkpointKeyId: undefined,
    operator: '',
  });
  const authority = (...certificates: Buffer[]) => ({
    subject: { commonName: 'sigstore', organization: 'sigstore.mock' },
    uri: '',
    certChain: { certificates: certificates.map((rawBytes) => ({ rawBytes })) },
    validFor: { start: new Date(0) },
    operator: '',
  });
  const root = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    certificateAuthorities: [authority(raw(ca.rootCertificate))],
    tlogs: isLogless ? [] : [log(tlog.publicKey, createHash('sha256').update(tlog.publicKey).digest())],
    ctlogs: isLogless ? [] : [log(ctlog.publicKey, raw(ctlog.logID))],
    timestampAuthorities: [authority(raw(tsa.intCertificate), raw(tsa.rootCertificate))],
  };
  return Object.assign(sigstore, {
    services: `fulcio=${address}\nrekor=${address}\ntsa=${address}`,
    root: JSON.stringify(TrustedRoot.toJSON(root)),
    environment: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${address}/token?api=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
    },
    token: () => token,
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

type Answer = Awaited<ReturnType<ReturnType<typeof tsaHandler>['fn']>>['response'];

function textOf(response: Answer): string {
  return typeof response === 'string' ? response : Buffer.from(response as Uint8Array).toString('latin1');
}

/** An entry of the type dsse, 0.0.1, as Rekor makes it of what is proposed. */
function asLogged(proposed: object): object {
  const { spec, ...rest } = proposed as { spec: { proposedContent: { envelope: string; verifiers: string[] } } };
  const { envelope, verifiers } = spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope) as { payload: string; signatures: { sig: string }[] };
  const sum = (content: string | Buffer) => ({
    algorithm: 'sha256',
    value: createHash('sha256').update(content).digest('hex'),
  });
  return {
    ...rest,
    spec: {
      envelopeHash: sum(envelope),
      payloadHash: sum(Buffer.from(payload, 'base64')),
      signatures: signatures.map(({ sig }, index) => ({ signature: sig, verifier: verifiers[index] })),
    },
  };
}

/** The runner's variables that say what runs. */
export const RUN: Record<string, string> = {
  GITHUB_ACTIONS: 'true',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'acme/task-api',
  GITHUB_REPOSITORY_ID: '1001',
  GITHUB_REPOSITORY_OWNER_ID: '2002',
  GITHUB_REF: 'refs/heads/main',
  GITHUB_SHA: 'a'.repeat(40),
  GITHUB_WORKFLOW_REF: 'acme/task-api/.github/workflows/ship.yml@refs/heads/main',
  GITHUB_EVENT_NAME: 'push',
  GITHUB_RUN_ID: '77',
  GITHUB_RUN_ATTEMPT: '2',
  RUNNER_ENVIRONMENT: 'github-hosted',
};

/** A JWT as GitHub makes them; who gives certificates here doesn't look at its signature. */
function tokenOf(claims: Claims): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const san = `https://github.com/${claims.job_workflow_ref}`;
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ ...claims, san })}.${part('a signature of the issuer')}`;
}
