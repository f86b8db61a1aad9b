import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ANNOUNCED, type AnnouncedDeployment, announcedIn } from '../domain/announced.ts';
import { isInside } from '../domain/paths.ts';
import { UNDER_WAY, type UnderWay, underWayIn } from '../domain/under-way.ts';

/** The notes that a run left in its private folder: of deployments under way, and of those that GitHub was told of. */
export async function readUnderWay(folder: string): Promise<UnderWay[]> {
  const notes = await notesIn(path.join(folder, UNDER_WAY), underWayIn);
  return notes.filter(({ kubeconfig }) => isInside(folder, kubeconfig));
}

export async function readAnnounced(folder: string): Promise<AnnouncedDeployment[]> {
  return await notesIn(path.join(folder, ANNOUNCED), announcedIn);
}

async function notesIn<T>(folder: string, parse: (text: string) => T | undefined): Promise<T[]> {
  const names = await readdir(folder).catch(() => []);
  const read = names.map(async (name) => parse(await readFile(path.join(folder, name), 'utf8').catch(() => '')));
  return (await Promise.all(read)).filter((note) => note !== undefined);
}
