// What takes long to make is made once: under its final name it is whole or not there at all.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../tools.mjs';

/**
 * The folder NAME-KEY in the cache, where the key is a hash of all that goes into it. Two processes that make the
 * same thing at once do the work twice; the rename at the end makes that safe, and the second takes the first's.
 */
export async function madeOnce(name, parts, make) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  const target = path.join(cacheFolder(), 'cluster', `${name}-${hash.digest('hex').slice(0, 12)}`);
  if (fs.existsSync(target)) {
    fs.utimesSync(target, new Date(), new Date());
    return target;
  }

  const temporary = `${target}.tmp-${process.pid}`;
  fs.mkdirSync(path.dirname(target), { recursive: true });
  removeLeftovers(target);
  try {
    fs.mkdirSync(temporary);
    await make(temporary);
    fs.renameSync(temporary, target);
  } catch (error) {
    if (!fs.existsSync(target)) throw error;
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
  return target;
}

const week = 7 * 24 * 3_600_000;

/** What killed runs left half made, and what nobody has asked for in a week: some of it is a gigabyte large. */
function removeLeftovers(target) {
  const folder = path.dirname(target);
  const name = path.basename(target).replace(/-[0-9a-f]+$/, '');
  for (const entry of fs.readdirSync(folder)) {
    const [, of, maker] = /^(.+)-[0-9a-f]{12}(?:\.tmp-(\d+))?$/.exec(entry) ?? [];
    if (of !== name) continue;
    const file = path.join(folder, entry);
    const isUnused = maker ? !fs.existsSync(`/proc/${maker}`) : Date.now() - fs.statSync(file).mtimeMs > week;
    if (isUnused) fs.rmSync(file, { recursive: true, force: true });
  }
}
