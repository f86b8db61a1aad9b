import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Key, Metadata, MetaFile, Root, Signature, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models';

type Role = 'root' | 'timestamp' | 'snapshot' | 'targets';

/** What a repository has at one time. */
export interface TufState {
  /** Of timestamp, snapshot and targets alike. */
  readonly version: number;
  /** The content of trusted_root.json. */
  readonly target: string;
  /** Which of them ends, and when; the others last a day. */
  readonly ends?: { readonly role: Role; readonly inSeconds: number };
  /** Which is signed by a key that isn't its own. */
  readonly forged?: Role;
  /** Of which the timestamp says another version than it has. */
  readonly mixed?: boolean;
}

export interface TufRepository {
  readonly url: string;
  /** The first root.json, which a client begins with. */
  readonly keys: string;
  /** Shows that state from now on. */
  show(state: TufState): void;
  /** Another root, signed by the one before: its timestamps have another key from now on. */
  rotate(): void;
  /** What is answered to a path instead. */
  readonly answers: Map<string, { readonly status: number; readonly body: string }>;
  readonly seen: string[];
  /** Nobody listens any more; `listen` does again, on the same port. */
  stop(): Promise<void>;
  listen(): Promise<void>;
}

const SPEC = '1.0.31';
const DAY = 86_400;
const ROLES: readonly Role[] = ['root', 'timestamp', 'snapshot', 'targets'];

/** A repository of The Update Framework on loopback, made of the metadata classes that its client is made of. */
export async function startTufRepository(): Promise<TufRepository> {
  const signers = Object.fromEntries(ROLES.map((role) => [role, newSigner()])) as Record<Role, Signer>;
  const stranger = newSigner();
  const files = new Map<string, Buffer>();
  const put = (path: string, metadata: { toJSON(): unknown }): Buffer => {
    const bytes = Buffer.from(JSON.stringify(metadata.toJSON()));
    files.set(path, bytes);
    return bytes;
  };
  let rootVersion = 0;
  const makeRoot = (): Metadata<Root> => {
    rootVersion += 1;
    const root = new Root({
      version: rootVersion,
      specVersion: SPEC,
      expires: inSeconds(DAY),
      consistentSnapshot: true,
    });
    for (const role of ROLES) root.addKey(signers[role].key, role);
    const metadata = new Metadata(root);
    metadata.sign(signers.root.sign);
    return metadata;
  };
  const first = makeRoot();

  const show = ({ version, target, ends, forged, mixed = false }: TufState): void => {
    for (const path of [...files.keys()]) if (!path.endsWith('.root.json')) files.delete(path);
    const common = (role: Role) => ({
      version,
      specVersion: SPEC,
      expires: inSeconds(role === ends?.role ? ends.inSeconds : DAY),
    });
    const signed = <T extends Timestamp | Snapshot | Targets>(role: Role, content: T): Metadata<T> => {
      const metadata = new Metadata(content);
      const by = role === forged ? { ...stranger, key: signers[role].key } : signers[role];
      metadata.sign((data) => new Signature({ keyID: by.key.keyID, sig: by.sign(data).sig }));
      return metadata;
    };
    const sum = createHash('sha256').update(target).digest('hex');
    files.set(`targets/${sum}.trusted_root.json`, Buffer.from(target));
    const targets = new Targets(common('targets'));
    targets.addTarget(
      new TargetFile({ path: 'trusted_root.json', length: Buffer.byteLength(target), hashes: { sha256: sum } }),
    );
    put(`${version}.targets.json`, signed('targets', targets));
    const snapshot = new Snapshot({ ...common('snapshot'), meta: { 'targets.json': new MetaFile({ version }) } });
    const said = mixed ? version + 1 : version;
    put(`${said}.snapshot.json`, signed('snapshot', snapshot));
    put(
      'timestamp.json',
      signed('timestamp', new Timestamp({ ...common('timestamp'), snapshotMeta: new MetaFile({ version: said }) })),
    );
  };

  const [answers, seen] = [new Map<string, { status: number; body: string }>(), [] as string[]];
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice(1));
    seen.push(path);
    const { status, body } = answers.get(path) ?? { status: files.has(path) ? 200 : 404, body: files.get(path) ?? '' };
    response.writeHead(status).end(body);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    keys: JSON.stringify(first.toJSON()),
    show,
    rotate: () => {
      signers.timestamp = newSigner();
      put(`${rootVersion + 1}.root.json`, makeRoot());
    },
    answers,
    seen,
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
    listen: () => listen(port),
  };
}

interface Signer {
  readonly key: Key;
  readonly sign: (data: Buffer) => Signature;
}

function newSigner(): Signer {
  const { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ed25519');
  // The last 32 bytes are the key itself.
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');
  const keyID = createHash('sha256').update(raw).digest('hex');
  const key = new Key({ keyID, keyType: 'ed25519', scheme: 'ed25519', keyVal: { public: raw } });
  return { key, sign: (data) => new Signature({ keyID, sig: sign(undefined, data, privateKey).toString('hex') }) };
}

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
