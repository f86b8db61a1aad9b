// The base of the cluster's images: a small Debian with Python, PostgreSQL and Redis, as one layer.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackSystem } from '../debian.mjs';
import { packLayer } from './oci-archive.mjs';
import { madeOnce } from './once.mjs';
import { run } from './run.mjs';

const packages = [
  ...['base-files', 'bash', 'coreutils', 'dash', 'findutils', 'grep', 'gzip', 'sed', 'tar', 'util-linux', 'libc-bin'],
  ...['python3', 'python3-fastapi', 'python3-uvicorn', 'python3-sqlalchemy', 'python3-psycopg2', 'python3-redis'],
  ...['alembic', 'python3-prometheus-client', 'postgresql-15', 'prometheus-postgres-exporter'],
  ...['redis-server', 'redis-tools', 'prometheus-redis-exporter'],
];

/** The folder with base.tar. */
export function baseImage(say) {
  const source = fs.readFileSync(fileURLToPath(import.meta.url));
  return madeOnce('base-image', [source], (folder) => make(folder, say));
}

async function make(folder, say) {
  say('fetching the packages of the base image');
  const system = path.join(folder, 'system');
  fs.mkdirSync(system);
  await unpackSystem(packages, system);
  const etc = (name, text) => fs.writeFileSync(path.join(system, 'etc', name), text);
  // What maintainer scripts would have made. Bitnami's images run as 1001, the agent as 1000.
  etc(
    'passwd',
    'root:x:0:0:root:/root:/bin/bash\nagent:x:1000:1000::/app:/bin/sh\npostgres:x:1001:1001::/tmp:/bin/sh\n',
  );
  etc('group', 'root:x:0:\nagent:x:1000:\npostgres:x:1001:\n');
  etc('nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  for (const name of ['tmp', 'app', 'data']) fs.mkdirSync(path.join(system, name), { recursive: true });
  fs.chmodSync(path.join(system, 'tmp'), 0o1777);
  fs.symlinkSync('python3', path.join(system, 'usr', 'bin', 'python'));
  say('compiling Python modules');
  // Packages leave that to their scripts; without it each start of the agent takes seconds more. Files get other
  // dates in a layer, so what is compiled isn't compared by date.
  await run('chroot', [
    system,
    'python3',
    '-m',
    'compileall',
    '-q',
    '--invalidation-mode',
    'unchecked-hash',
    '-x',
    '/(test|tests|idlelib|lib2to3|tkinter)/',
    '/usr/lib/python3',
    '/usr/lib/python3.11',
  ]);
  say('packing the base image');
  await packLayer(system, path.join(folder, 'base.tar'));
  fs.rmSync(system, { recursive: true });
}
