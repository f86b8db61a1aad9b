import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { getTrustedRoot } from '@sigstore/tuf';
import { Metadata, MetadataKind } from '@tufjs/models';
import { EnvironmentError } from '../domain/errors.ts';
import { makePrivateFolder } from './private-folder.ts';

export interface RootOptions {
  /** A folder of this run. */
  readonly temporary: string;
  /** Where what was seen is kept for the next run; who may write there may change the programs that are run, too. */
  readonly cache: string;
  readonly note: (text: string) => void;
  /** Another repository than that of the public instance, with a file of the root keys that it begins with. */
  readonly repository?: { readonly url: string; readonly keys: string };
}

const PUBLIC = 'https://tuf-repo-cdn.sigstore.dev';

/** What the library keeps of a repository; each is looked at anew by the signatures of those before it. */
const KEPT = ['root.json', 'timestamp.json', 'snapshot.json', 'targets.json', 'targets/trusted_root.json'];

/**
 * Sigstore's trusted root by The Update Framework, from the root keys that the library carries. What was seen last is
 * kept: so an older state is known to be one, and while the repository can't be reached the last one goes on until it
 * expires. The library works on a copy of this run, since several runs may do this at once.
 */
export async function fetchTrustedRoot({ temporary, cache, note, repository }: RootOptions): Promise<TrustedRoot> {
  const { host, pathname } = new URL(repository?.url ?? PUBLIC);
  // The library's own name for the folder.
  const name = encodeURIComponent(host + pathname.replace(/\/$/, ''));
  const cachePath = join(temporary, 'trusted-root');
  const folder = join(cachePath, name);
  const file = join(cache, `${name}.json`);
  const kept = await readKept(file);
  const options = {
    cachePath,
    ...(repository !== undefined && { mirrorURL: repository.url, rootPath: repository.keys }),
  };
  note(`requests go to ${host} for Sigstore's trusted root`);
  try {
    if (kept !== undefined) await restore(kept, folder);
    const root = await getTrustedRoot(options);
    await keep(folder, file);
    return root;
  } catch (error) {
    const lasts = kept !== undefined && isUnreachable(error);
    if (lasts) {
      try {
        // What came before the fault is of a newer state, of which the rest isn't there.
        await restore(kept, folder);
        const root = await getTrustedRoot({ ...options, forceCache: true, retry: false });
        note(`${host} could not be reached (${wordsOf(error)}): Sigstore's trusted root is the one that was seen last`);
        return root;
      } catch {
        // It has expired by now.
      }
    }
    const { why, hint } = meaning(error);
    const late = lasts ? '; and the one that was seen last is out of date' : '';
    throw new EnvironmentError(
      `Sigstore's trusted root could not be had from ${host}: ${why}${wordsOf(error)}${late}`,
      {
        hint: `${hint} Or give the root as a file: trusted-root.`,
      },
    );
  }
}

/** By their names. */
type Kept = ReadonlyMap<string, Buffer>;

/** What was seen last; what can't be read, or begins with no root, is as good as nothing. */
async function readKept(file: string): Promise<Kept | undefined> {
  try {
    const texts = JSON.parse(await readFile(file, 'utf8')) as Readonly<Record<string, string>>;
    const kept = new Map(KEPT.map((name) => [name, Buffer.from(texts[name] ?? '', 'base64')]));
    const root = Metadata.fromJSON(MetadataKind.Root, JSON.parse(String(kept.get('root.json'))));
    root.verifyDelegate(MetadataKind.Root, root);
    return kept;
  } catch {
    return undefined;
  }
}

async function restore(kept: Kept, folder: string): Promise<void> {
  for (const [name, content] of kept) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

/** In one file, put in its place at once, so that no two runs mix theirs. Where nothing can be written nothing is kept. */
async function keep(folder: string, file: string): Promise<void> {
  try {
    const contents = KEPT.map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')] as const);
    const text = JSON.stringify(Object.fromEntries(await Promise.all(contents)));
    await mkdir(dirname(file), { recursive: true });
    const beside = await makePrivateFolder(dirname(file), '.partial-');
    try {
      await writeFile(join(beside, 'kept.json'), text);
      await rename(join(beside, 'kept.json'), file);
    } finally {
      await rm(beside, { recursive: true, force: true });
    }
  } catch {
    // The root is there all the same.
  }
}

/** An answer was none, or a server's fault: nothing that was given had to be refused. */
function isUnreachable(error: unknown): boolean {
  const cause = causeOf(error);
  if (!(cause instanceof Error)) return false;
  return 'statusCode' in cause || cause.name === 'FetchError' || LATER.test(cause.message);
}

/** Of later answers the library keeps only what was said of them. */
const LATER = /^Unable to load (?:snapshot metadata|targets) error (?:Error: Failed to download$|FetchError: )/;

/** The library has no codes for these, and wraps some in the text of others. */
const MEANINGS: readonly (readonly [RegExp, { readonly why: string; readonly hint: string }])[] = [
  [
    /\bexpired\b/,
    {
      why: 'what it has is out of date: ',
      hint: "Set this machine's clock, if it is wrong; else run it again later: the repository must be brought up to date.",
    },
  ],
  [
    /signed by \d+\/\d+ keys/,
    {
      why: 'what it has is not signed by whom it must be: ',
      hint: 'Look at what is between this machine and the host.',
    },
  ],
  [
    /less than current version|Expected version \d+|doesn't match timestamp|does not match snapshot/,
    {
      why: 'what it has is older than what it must have: ',
      hint: 'Run it again later. Where it stays so, somebody shows this machine an old state.',
    },
  ],
  [
    /length|hash/i,
    {
      why: 'a file is not the one that is vouched for: ',
      hint: 'Look at what is between this machine and the host.',
    },
  ],
];

function meaning(error: unknown): { readonly why: string; readonly hint: string } {
  const words = wordsOf(error);
  const [, found] = MEANINGS.find(([pattern]) => pattern.test(words)) ?? [];
  return isUnreachable(error) || found === undefined ? { why: '', hint: 'Let the host be reached.' } : found;
}

/** The library says only that refreshing failed; why is in the cause. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? causeOf(error.cause) : error;
}

function wordsOf(error: unknown): string {
  const cause = causeOf(error);
  if (!(cause instanceof Error)) return String(cause);
  const status = 'statusCode' in cause ? ` (${cause.statusCode})` : '';
  return `${cause.message}${status}`;
}
