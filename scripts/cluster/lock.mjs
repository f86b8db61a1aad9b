// A lock that the kernel frees when its holder ends, however it ends.
import { spawn } from 'node:child_process';
import fs from 'node:fs';

/**
 * Resolves with a function that gives the lock back; its `andForget` removes the file, too.
 * @param waiting called when it isn't to be had at once
 */
export async function lock(file, waiting = () => {}) {
  const notice = setTimeout(waiting, 500);
  try {
    for (;;) {
      const holder = await hold(file);
      // Another holder may have removed the file while we waited for it: then there may be a new one.
      if (isSame(file, holder.pid)) return releasing(file, holder);
      holder.stdin.end();
    }
  } finally {
    clearTimeout(notice);
  }
}

/** Node has no flock of its own. This child has the lock as long as we have the other end of its standard input. */
function hold(file) {
  const child = spawn('flock', ['--exclusive', '--no-fork', file, 'sh', '-c', 'echo; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Ctrl-C is for us alone; the child ends with us.
    detached: true,
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`flock ended without a lock on ${file}`)));
    child.stdout.once('data', () => resolve(child));
  });
}

function isSame(file, pid) {
  try {
    const here = fs.statSync(file);
    return fs.readdirSync(`/proc/${pid}/fd`).some((name) => {
      const held = fs.statSync(`/proc/${pid}/fd/${name}`);
      return held.ino === here.ino && held.dev === here.dev;
    });
  } catch {
    return false;
  }
}

function releasing(file, holder) {
  const release = () => holder.stdin.end();
  release.andForget = () => {
    fs.rmSync(file, { force: true });
    release();
  };
  return release;
}
