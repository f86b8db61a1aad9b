import { EnvironmentError } from '../domain/errors.ts';
import type { Decrypted, Sops } from '../ports.ts';
import { pluginNeeds } from './kubernetes-plugin.ts';
import type { Ran, Run } from './process.ts';
import { secretLeaves } from './secrets.ts';
import { firstOnPath } from './tools-installed.ts';

export interface SopsOptions {
  readonly run: Run;
  readonly environment: NodeJS.ProcessEnv;
  readonly os: string;
  /** A private folder of this run. */
  readonly temporary: string;
  /** Told of every secret before anything is done with it. */
  readonly mask: (secret: string) => void;
}

/** A key service may be asked. */
const MILLISECONDS = 60_000;

/** Values files decrypted by an installed sops: from the file into memory. */
export function createSops({ run, environment, os, temporary, mask }: SopsOptions): Sops {
  return {
    decrypt: async (path, shown) => {
      const file = firstOnPath(os === 'win32' ? 'sops.exe' : 'sops', environment);
      if (file === undefined) {
        throw new EnvironmentError(
          `sops, which ${shown} is to be decrypted with, is not installed: it is not in PATH`,
          {
            hint: 'Install it: https://getsops.io.',
          },
        );
      }
      const env = keysOf(environment);
      for (const line of (env.SOPS_AGE_KEY ?? '').split(/\r?\n/)) mask(line.trim());
      const ran = await run({
        file,
        // By its older name, which every version knows.
        args: ['--decrypt', '--input-type', 'yaml', '--output-type', 'yaml', path],
        env,
        // Not in the repository: a .sops.yaml there has no say in decrypting.
        cwd: temporary,
        milliseconds: MILLISECONDS,
        aside: true,
      });
      if (ran.ended !== 'exit' || ran.code !== 0) return failed(ran);
      for (const secret of secretLeaves(new TextDecoder().decode(ran.stdout))) mask(secret);
      return { ok: true, content: ran.stdout };
    },
  };
}

/** Where sops looks for keys: its own variables, GnuPG's folder, and who we are at the clouds and Vault. */
function keysOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const own = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && /^(SOPS_|GNUPGHOME$|HUAWEICLOUD_)/.test(entry[0]),
  );
  return { ...pluginNeeds(environment), ...Object.fromEntries(own) };
}

/** The exit codes of sops that say something of the file (cmd/sops/codes/codes.go). */
const NO_KEY = 128;
const CHANGED = [23, 25, 51, 52];

function failed(ran: Ran): Decrypted {
  const told = (message: string, hint?: string): Decrypted => ({
    ok: false,
    message: `can't be decrypted: ${message}`,
    ...(hint !== undefined && { hint }),
  });
  if (ran.ended === 'timeout') return told(`sops gave no answer within ${MILLISECONDS / 1000} s`);
  if (ran.ended !== 'exit') return told(`sops was given up (${ran.ended})`);
  if (ran.code === NO_KEY) {
    return told(
      `sops has no key for it${reasons(ran.stderr)}`,
      'Give sops its key: SOPS_AGE_KEY or SOPS_AGE_KEY_FILE in the environment, or a login at the key service.',
    );
  }
  if (CHANGED.includes(ran.code ?? 0)) {
    const hint = 'Take it from the history again, and change it with sops alone: sops edit FILE.';
    return told('it was changed by hand since it was encrypted', hint);
  }
  // Any other word of sops may hold a piece of the file.
  return told(`sops ended with ${ran.code ?? 'a signal'}`, 'See what it says: sops decrypt FILE');
}

/** Why each key failed: lines that begin with a bar, below the key they are about. */
function reasons(stderr: string): string {
  const said = stderr
    .split('\n')
    .flatMap((line) => /^\s+-?\s*\| (.*)$/.exec(line)?.[1] ?? [])
    .join(' ')
    .replace(/\s+/g, ' ')
    .replace(/\.$/, '');
  return said === '' ? '' : `: ${said.length > 500 ? `${said.slice(0, 499)}…` : said}`;
}
