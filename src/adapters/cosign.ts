import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowRun } from '../domain/attestation.ts';
import { EnvironmentError } from '../domain/errors.ts';
import type { Signing } from '../ports.ts';
import type { Run } from './process.ts';
import { firstOnPath } from './tools-installed.ts';

export interface KeySigningOptions {
  /** A path (absolute) or the content. */
  readonly key: { readonly path: string } | { readonly content: string };
  readonly password: string | undefined;
  readonly workflow: WorkflowRun | undefined;
  readonly run: Run;
  readonly environment: NodeJS.ProcessEnv;
  /** A private folder (0700) of this run. */
  readonly temporary: string;
}

const MILLISECONDS = 60_000;

/** No service is asked for anything, and none for what the services are: a key needs no certificate and no log. */
const NO_SERVICES = { mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json' };
const NO_ROOT = { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' };

/** Signs by a key with an installed cosign, 3 or later: the key in a private file, its password by standard input. */
export function createKeySigning(options: KeySigningOptions): Signing {
  const { key, password, workflow, run, environment, temporary } = options;
  return {
    ready: async () => void (await cosign(environment)),
    workflow: async () => ({ ok: true, workflow }),
    sign: async (statement) => {
      const file = await cosign(environment);
      const folder = await mkdtemp(path.join(temporary, 'cosign-'));
      try {
        const at = (name: string): string => path.join(folder, name);
        await Promise.all([
          writeFile(at('statement.json'), statement),
          writeFile(at('services.json'), JSON.stringify(NO_SERVICES)),
          writeFile(at('root.json'), JSON.stringify(NO_ROOT)),
          'content' in key && writeFile(at('key'), key.content, { mode: 0o600 }),
        ]);
        const ran = await run({
          file,
          args: [
            ...['attest-blob', '--yes', '--key', 'path' in key ? key.path : at('key')],
            ...['--statement', at('statement.json'), '--bundle', at('bundle.json')],
            ...['--signing-config', at('services.json'), '--trusted-root', at('root.json')],
          ],
          input: password ?? '',
          // It keeps what it knows of Sigstore's services in its home.
          env: { HOME: folder },
          cwd: folder,
          milliseconds: MILLISECONDS,
          aside: true,
        });
        if (ran.ended === 'exit' && ran.code === 0) return { ok: true, bundle: await readFile(at('bundle.json')) };
        return { ok: false, ...failed(ran.ended === 'exit' ? ran.stderr : `it was given up (${ran.ended})`) };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function cosign(environment: NodeJS.ProcessEnv): Promise<string> {
  const file = firstOnPath(process.platform === 'win32' ? 'cosign.exe' : 'cosign', environment);
  if (file !== undefined) return file;
  throw new EnvironmentError('cosign, which signing-key needs, is not installed: it is not in PATH', {
    hint: 'Install cosign 3 or later: https://docs.sigstore.dev/cosign/system_config/installation/.',
  });
}

function failed(stderr: string): { message: string; hint?: string } {
  const line = /^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim().split('\n').at(-1) ?? '';
  if (/decryption failed/.test(line))
    return {
      message: 'cosign could not open signing-key: its password is another one',
      hint: 'Give signing-password.',
    };
  if (/unknown flag/.test(line))
    return { message: `the installed cosign is too old: ${line}`, hint: 'Install cosign 3 or later.' };
  return { message: `cosign could not sign: ${line.slice(0, 300)}` };
}
