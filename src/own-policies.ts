import { join, resolve } from 'node:path';
import { RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import type { KyvernoPolicies, PolicyFile } from './domain/kyverno-policies.ts';
import { SOURCE_BYTES } from './domain/limits.ts';
import { isInside, shownPath } from './domain/paths.ts';
import type { Files } from './ports.ts';
import type { Request } from './request.ts';
import { fault, quote } from './settings.ts';
import { readBounded } from './survey.ts';

/** A folder with users' own policies. What its files are says what runs them. */
export interface OwnPolicies {
  /** Absolute, links followed. */
  readonly folder: string;
  readonly shown: string;
  /** It has policies in Rego, for conftest. */
  readonly rego: boolean;
  /** Those for Kyverno, where it has any. */
  readonly kyverno?: KyvernoPolicies;
}

/** Finds the folders that `policies` names. What isn't there, outside the repository, or has no policy is a RequestError. */
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
    else {
      const rego = (await files.glob(real, ['**/*.rego'])).length > 0;
      const kyverno = await policiesForKyverno(real);
      if (rego || kyverno !== undefined) {
        found.push({ folder: real, shown: shownPath(root, real), rego, ...(kyverno !== undefined && { kyverno }) });
      } else {
        const hint =
          'conftest runs files *.rego; Kyverno runs files *.yaml whose apiVersion is in the group kyverno.io.';
        wrong('has no policy, in Rego or for Kyverno', hint);
      }
    }
  }
  if (faults.length > 0) throw new RequestError(faults);
  return found;

  async function policiesForKyverno(folder: string): Promise<KyvernoPolicies | undefined> {
    const sources: PolicyFile[] = [];
    const tooLarge: string[] = [];
    await take(folder, sources, tooLarge);
    if (sources.length === 0) return undefined;
    // Few runs have some.
    const { isForKyverno, kyvernoPolicies, mayBeOneOfPolicies } = await import('./domain/kyverno-policies.ts');
    if (!sources.some(({ text }) => isForKyverno(text))) return undefined;
    const policies = kyvernoPolicies(sources.filter(({ text }) => mayBeOneOfPolicies(text)));
    const message = `is larger than ${SOURCE_BYTES / 1024 / 1024} MiB`;
    return {
      ...policies,
      faults: [...policies.faults, ...tooLarge.map((file) => ({ message, place: { file, line: 1 } }))],
    };
  }

  /** As Kyverno looks for them; links may lead anywhere. */
  async function take(folder: string, sources: PolicyFile[], tooLarge: string[]): Promise<void> {
    for (const { path, kind } of await files.list(folder)) {
      if (path.startsWith('.')) continue;
      const file = join(folder, path);
      if (kind === 'folder') await take(file, sources, tooLarge);
      else if (kind === 'file' && /\.ya?ml$/.test(path)) {
        const shown = shownPath(root, file);
        const bytes = await readBounded(files, file);
        if (bytes === undefined) tooLarge.push(shown);
        else sources.push({ shown, text: new TextDecoder().decode(bytes) });
      }
    }
  }
}
