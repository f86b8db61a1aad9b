import { join, resolve } from 'node:path';
import type { Request } from './config.ts';
import { RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import { type GivenDefinitions, type GivenFile, givenDefinitions } from './domain/given-definitions.ts';
import { SOURCE_BYTES } from './domain/limits.ts';
import { isInside, shownPath } from './domain/paths.ts';
import type { Files } from './ports.ts';
import { fault, quote } from './settings.ts';
import { readBounded } from './survey.ts';

/** Finds and reads the files that `crd-schemas` names. What isn't there, or outside the repository, is a RequestError. */
export async function loadCrdSchemas(request: Request, files: Files): Promise<GivenDefinitions> {
  const { paths, base } = request.crdSchemas;
  const root = (await files.real(files.root)) ?? files.root;
  const faults: Finding[] = [];
  const found = new Map<string, GivenFile>();
  for (const [index, path] of paths.entries()) {
    const wrong = (message: string, hint: string): void => {
      const place = { ...request.place(['crdSchemas']), ...request.place(['crdSchemas', index]) };
      faults.push(fault('crd-schemas', `crd-schemas ${quote(path)} ${message}`, { hint, ...place }));
    };
    if (/^[a-z]+:\/\//.test(path)) {
      wrong('is an address, and only files and folders are supported yet', 'Fetch it before, into the repository.');
      continue;
    }
    const real = await files.real(resolve(base, path));
    if (real === undefined) wrong('is not there', 'Name a file or a folder with definitions in the repository.');
    else if (!isInside(root, real)) wrong('lies outside the repository', 'Nothing outside the repository is read.');
    else if ((await files.kind(real)) === 'file') await take(real);
    else await takeFolder(real);
  }
  if (faults.length > 0) throw new RequestError(faults);
  return givenDefinitions([...found.values()]);

  async function takeFolder(folder: string): Promise<void> {
    for (const entry of await files.list(folder)) {
      const path = join(folder, entry.path);
      // Links may lead anywhere.
      if (entry.kind === 'folder') await takeFolder(path);
      else if (entry.kind === 'file' && /\.(?:ya?ml|json)$/i.test(path)) await take(path);
    }
  }

  async function take(file: string): Promise<void> {
    const shown = shownPath(root, file);
    const bytes = await readBounded(files, file);
    if (bytes !== undefined) found.set(file, { shown, text: new TextDecoder().decode(bytes) });
    else {
      const message = `crd-schemas: ${shown} is larger than ${SOURCE_BYTES / 1024 / 1024} MiB`;
      faults.push(fault('crd-schemas', message, { file: shown }));
    }
  }
}
