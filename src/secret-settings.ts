import { resolve } from 'node:path';
import type { Credential } from './domain/credential.ts';
import type { Finding } from './domain/finding.ts';
import { isKubeconfig } from './domain/kubeconfig.ts';
import { shownPath } from './domain/paths.ts';
import { readSource } from './domain/source.ts';
import type { Files } from './ports.ts';
import type { DeploymentRequest, RawRequest } from './request.ts';
import { fault, quote } from './settings.ts';

/** `host=value` a line where several hosts are meant; else one value for every registry. */
export function readCredentials(
  usernames: readonly string[],
  password: string | undefined,
  token: string | undefined,
  workflow: RawRequest['workflow'],
  faults: Finding[],
): Credential[] {
  const byHost = (line: string): readonly [string, string] | undefined => {
    const match = /^([A-Za-z0-9.-]*(?:\.[A-Za-z0-9-]+|localhost|:[0-9]+)(?::[0-9]+)?)=(.+)$/.exec(line);
    return match?.[1] === undefined || match[2] === undefined ? undefined : [match[1], match[2]];
  };
  const credentials: Credential[] = [];
  if (usernames.length > 0 || password !== undefined) {
    const named = usernames.map(byHost);
    const perHost = named.length > 0 && named.every((entry) => entry !== undefined);
    if (password === undefined)
      faults.push(fault('credentials', 'registry-username is given without registry-password'));
    else if (usernames.length === 0)
      faults.push(fault('credentials', 'registry-password is given without registry-username'));
    else if (!perHost) {
      if (usernames.length > 1)
        faults.push(fault('credentials', 'registry-username has several lines that are not host=name'));
      else credentials.push({ username: usernames[0] ?? '', password: password.replace(/\r?\n$/, '') });
    } else {
      const passwords = new Map(
        password.split(/\r?\n/).flatMap((line) => {
          const entry = byHost(line.trim());
          return entry === undefined ? [] : [entry];
        }),
      );
      for (const [host, username] of named as (readonly [string, string])[]) {
        const secret = passwords.get(host);
        if (secret === undefined)
          faults.push(
            fault('credentials', `registry-username names ${quote(host)}, and registry-password has no line ${host}=…`),
          );
        else credentials.push({ host, username, password: secret });
      }
    }
  }
  if (
    token !== undefined &&
    workflow.actor !== undefined &&
    !credentials.some((entry) => entry.host === undefined || entry.host === 'ghcr.io')
  ) {
    credentials.push({ host: 'ghcr.io', username: workflow.actor, password: token });
  }
  return credentials;
}

export function checkSecretValues(given: string, faults: Finding[]): void {
  const read = readSource(new TextEncoder().encode(given));
  // Neither the text nor a piece of it is shown: it is the secret.
  if (!read.ok) {
    const { line, column } = read.fault;
    faults.push(
      fault(
        'secret-values',
        `secret-values is no valid YAML${line === undefined ? '' : ` (line ${line}, column ${column})`}`,
      ),
    );
  } else if (
    read.source.data !== undefined &&
    (typeof read.source.data !== 'object' || Array.isArray(read.source.data))
  ) {
    faults.push(fault('secret-values', 'secret-values must be a mapping of values'));
  }
}

/** Longer than any path; a kubeconfig that somebody encoded is longer still. */
const LONGEST_PATH = 1024;

export async function readKubeconfig(
  given: string | undefined,
  cwd: string,
  files: Pick<Files, 'root' | 'real'>,
  faults: Finding[],
): Promise<DeploymentRequest['kubeconfig']> {
  if (given === undefined) return undefined;
  if (isKubeconfig(given)) return { content: given };
  if (given.trim().length > LONGEST_PATH) {
    // It may be a secret in a form that isn't known, so that nothing of it is shown.
    faults.push(
      fault('kubeconfig', 'kubeconfig is neither a path nor the content of a kubeconfig', {
        hint: 'Give the content as it is: not in base64.',
      }),
    );
    return undefined;
  }
  // As on the command line, where a secret in a file is @FILE.
  const path = resolve(cwd, given.trim().replace(/^@/, ''));
  if ((await files.real(path)) === undefined)
    faults.push(fault('kubeconfig', `kubeconfig ${quote(shownPath(files.root, path))} is not there`));
  return { path };
}
