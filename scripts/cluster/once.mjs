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
  if (fs.existsSync(target)) return target;

  const temporary = `${target}.tmp-${process.pid}`;
  fs.mkdirSync(path.dirname(target), { recursive: true });
  removeAbandoned(target);
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

/** Leftovers of runs that were killed. */
function removeAbandoned(target) {
  const prefix = `${path.basename(target)}.tmp-`;
  for (const entry of fs.readdirSync(path.dirname(target))) {
    if (!entry.startsWith(prefix) || fs.existsSync(`/proc/${entry.slice(prefix.length)}`)) continue;
    fs.rmSync(path.join(path.dirname(target), entry), { recursive: true, force: true });
  }
}
