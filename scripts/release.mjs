// What the release workflow asks of the repository: `check TAG` fails where the tag, package.json, CHANGELOG.md and the
// repository's address don't agree; `notes TAG` prints what the changelog says; `moving-tags TAG` prints which tags are to
// follow, of those that are read from standard input. Node alone: nothing has to be installed for it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faultsOf, notesOf } from './release/facts.mjs';
import { movingTags } from './release/moving-tags.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (name) => readFileSync(join(root, name), 'utf8');

const [what, tag = ''] = process.argv.slice(2);
const { version, repository } = JSON.parse(read('package.json'));
const changelog = read('CHANGELOG.md');

switch (what) {
  case 'check': {
    const address = repository.replace(/^github:/, '');
    const faults = faultsOf(tag, { version, changelog, address, repository: process.env.GITHUB_REPOSITORY });
    for (const fault of faults) console.error(process.env.GITHUB_ACTIONS === 'true' ? `::error::${fault}` : fault);
    process.exitCode = faults.length === 0 ? 0 : 1;
    break;
  }
  case 'notes':
    console.log(notesOf(version, changelog));
    break;
  case 'moving-tags':
    for (const each of movingTags(tag, readFileSync(0, 'utf8').split('\n'))) console.log(each);
    break;
  default:
    console.error('Usage: node scripts/release.mjs check|notes|moving-tags TAG');
    process.exitCode = 2;
}
