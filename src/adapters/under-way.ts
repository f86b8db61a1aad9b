import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isInside } from '../domain/paths.ts';
import { UNDER_WAY, type UnderWay, underWayIn } from '../domain/under-way.ts';

/** The notes that a run left in its private folder. */
export async function readUnderWay(folder: string): Promise<UnderWay[]> {
  const notes = path.join(folder, UNDER_WAY);
  const names = await readdir(notes).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => underWayIn(await readFile(path.join(notes, name), 'utf8').catch(() => ''))),
  );
  return found.filter((note) => note !== undefined && isInside(folder, note.kubeconfig)) as UnderWay[];
}
