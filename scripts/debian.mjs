// Programs of Debian without installing them: the packages are fetched by the system's own apt, with its sources
// and keys but lists, cache and state of our own, and unpacked into the cache. Installing them would start services
// (etcd, containerd) and leave them on the machine. No maintainer script is run.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { madeOnce } from './cluster/once.mjs';
import { pipe, run } from './cluster/run.mjs';
import { ToolError } from './tools.mjs';

/**
 * The folder with these packages and what of theirs this machine hasn't: programs and the libraries that they are
 * linked with. What dpkg says is installed decides which those are.
 */
export function debianPrograms(name, packages, say = () => {}) {
  const status = '/var/lib/dpkg/status';
  if (!fs.existsSync(status))
    throw new ToolError(`${packages.join(', ')} are taken from Debian packages, and this system has no dpkg.`);
  const installed = createHash('sha256').update(fs.readFileSync(status)).digest('hex');
  return madeOnce(name, [...packages, installed, os.arch()], async (folder) => {
    say('fetching programs');
    // --no-upgrade: what is installed is good enough, however old.
    await unpack(await fetchPackages(['--no-upgrade', ...packages], { status }), folder);
  });
}

/** An environment in which these programs find each other and their libraries; the machine's own come last. */
export function withPrograms(folder, environment = process.env) {
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[os.arch()];
  const at = (...folders) => folders.map((name) => path.join(folder, name));
  return {
    ...environment,
    PATH: [...at('usr/sbin', 'usr/bin', 'sbin', 'bin'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':'),
    LD_LIBRARY_PATH: at(`usr/lib/${triplet}`, `lib/${triplet}`).join(':'),
  };
}

/**
 * A system of its own for images: these packages with all that they depend on, down to libc.
 * It has nothing that a maintainer script would make; its few users are the caller's.
 */
export async function unpackSystem(packages, folder) {
  // Debian's packages of this release still have files in /bin and /lib, where a system has links.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    fs.mkdirSync(path.join(folder, 'usr', name), { recursive: true });
    fs.symlinkSync(path.join('usr', name), path.join(folder, name));
  }
  await unpack(await fetchPackages(packages, {}), folder);
}

/** The .deb files in a folder of their own, which the unpacking removes. */
async function fetchPackages(packages, { status }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'chartship-debian-'));
  const at = (...names) => path.join(folder, ...names);
  for (const name of ['lists/partial', 'cache/archives/partial', 'state']) fs.mkdirSync(at(name), { recursive: true });
  if (!status) fs.writeFileSync(at('status'), '');
  const options = {
    'Dir::State': at('state'),
    'Dir::State::lists': at('lists'),
    'Dir::State::status': status ?? at('status'),
    'Dir::Cache': at('cache'),
    // The folder is root's alone, which apt's own user couldn't read.
    'APT::Sandbox::User': 'root',
    // Descriptions for software centres and translations are 10 MB that nobody reads here.
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'Acquire::Retries': '3',
  };
  const common = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  try {
    await run('apt-get', [...common, '--quiet', 'update'], { env });
    const install = ['--quiet', '--yes', '--no-install-recommends', '--download-only', 'install', ...packages];
    await run('apt-get', [...common, ...install], { env });
  } catch (error) {
    fs.rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

const neverRead = ['doc', 'man', 'info', 'locale', 'lintian', 'bug'].map((name) => `--exclude=./usr/share/${name}`);

async function unpack(packages, folder) {
  const archives = path.join(packages, 'cache', 'archives');
  try {
    for (const archive of fs.readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
      await pipe(
        ['dpkg-deb', '--fsys-tarfile', path.join(archives, archive)],
        ['tar', '--extract', '--keep-directory-symlink', '--directory', folder, ...neverRead],
      );
    }
  } finally {
    fs.rmSync(packages, { recursive: true, force: true });
  }
}
