import { isAbsolute, relative, sep } from 'node:path';

/** Whether `path` is `folder` or lies below it. Both absolute, links already followed. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** How a path is shown: relative to the repository's root with forward slashes; absolute where it lies outside. */
export function shownPath(root: string, path: string): string {
  if (!isInside(root, path)) return path.split(sep).join('/');
  return relative(root, path).split(sep).join('/') || '.';
}

/** Joins a folder as findings name it (`.` for the root itself) and a path below it. */
export function joinShown(folder: string, path: string): string {
  return folder === '.' ? path : `${folder}/${path}`;
}
