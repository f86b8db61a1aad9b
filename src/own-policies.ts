import { resolve } from 'node:path';
import { RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import { isInside, shownPath } from './domain/paths.ts';
import type { Files } from './ports.ts';
import type { Request } from './request.ts';
import { fault, quote } from './settings.ts';

/** A folder with users' own policies in Rego. */
export interface OwnPolicies {
  /** Absolute, links followed. */
  readonly folder: string;
  readonly shown: string;
}

/** Finds the folders that `policies` names. What isn't there, outside the repository, or has no Rego is a RequestError. */
export async function findOwnPolicies(request: Request, files: Files): Promise<OwnPolicies[]> {
  const { folders, base } = request.policies;
  const root = (await files.real(files.root)) ?? files.root;
  const faults: Finding[] = [];
  const found: OwnPolicies[] = [];
  for (const { path, place } of folders) {
    const wrong = (message: string, hint: string): void => {
      faults.push(fault('policies', `policies ${quote(path)} ${message}`, { hint, ...place() }));
    };
    const real = await files.real(resolve(base, path));
    if (real === undefined) {
      wrong('is neither RULE=SEVERITY nor a folder that is there', 'Name a folder with policies in the repository.');
    } else if (!isInside(root, real)) wrong('lies outside the repository', 'Nothing outside the repository is read.');
    else if ((await files.kind(real)) !== 'folder') wrong('is no folder', 'Name the folder that the policies are in.');
    else if ((await files.glob(real, ['**/*.rego'])).length === 0) {
      wrong('has no policy in Rego', "Policies are run by conftest, from files *.rego; Kyverno's are not run.");
    } else found.push({ folder: real, shown: shownPath(root, real) });
  }
  if (faults.length > 0) throw new RequestError(faults);
  return found;
}
