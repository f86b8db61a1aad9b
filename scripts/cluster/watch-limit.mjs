// Each cluster watches some forty files, and the kernel's limit of 128 for a user is used up by the fourth cluster.
// It counts for the whole machine, in every namespace: so it is raised with the first cluster and put back with the
// last, whichever checkouts they are of.
import fs from 'node:fs';
import { isAnyCluster } from './control-groups.mjs';
import { lock } from './lock.mjs';

const limit = '/proc/sys/fs/inotify/max_user_instances';
const enough = 1024;
/** What it was; in /run, where it ends with the next start of the machine, as the limit itself does. */
const former = '/run/chartship-watch-limit';

export async function raiseWatchLimit() {
  await alone(() => {
    const current = fs.readFileSync(limit, 'utf8');
    if (Number(current) >= enough) return;
    if (!fs.existsSync(former)) fs.writeFileSync(former, current);
    try {
      fs.writeFileSync(limit, `${enough}`);
    } catch {
      // A container may not; one cluster needs no more than there is.
    }
  });
}

export async function putWatchLimitBack() {
  await alone(() => {
    if (!fs.existsSync(former) || isAnyCluster()) return;
    fs.writeFileSync(limit, fs.readFileSync(former));
    fs.rmSync(former);
  });
}

async function alone(work) {
  const unlock = await lock(`${former}.lock`);
  try {
    work();
  } finally {
    unlock.andForget();
  }
}
