// The images that the cluster's nodes have from the start: the agent in its versions, PostgreSQL and Redis with
// the contract of Bitnami's images, the pause image. All but the last are layers on one base of Debian packages.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { getTool } from '../tools.mjs';
import { baseImage } from './base-image.mjs';
import { startContainerd } from './containerd.mjs';
import { agentImages, agentVariants, pauseImage, storeImages } from './image-names.mjs';
import { packLayer, writeArchive } from './oci-archive.mjs';
import { madeOnce } from './once.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const agentFolder = path.join(root, '__tests__', 'e2e', 'agent');
const storesFolder = path.join(root, '__tests__', 'e2e', 'stores');

const agentConfig = {
  User: '1000',
  WorkingDir: '/app',
  Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'PYTHONUNBUFFERED=1', 'PYTHONDONTWRITEBYTECODE=1'],
  ExposedPorts: { '8000/tcp': {} },
  Entrypoint: [
    'python3',
    '-m',
    'uvicorn',
    'task_api.main:app',
    '--host',
    '0.0.0.0',
    '--port',
    '8000',
    '--no-access-log',
  ],
};
const storeConfig = {
  User: '1001',
  WorkingDir: '/',
  Env: ['PATH=/opt/bitnami/bin:/usr/lib/postgresql/15/bin:/usr/bin:/bin', 'LANG=C.UTF-8'],
};

const entrypoints = {
  postgresql: ['/opt/bitnami/bin/postgresql.sh'],
  redis: ['redis-server'],
  'postgres-exporter': ['prometheus-postgres-exporter'],
  'redis-exporter': ['redis_exporter'],
};

const images = [
  ...Object.entries(agentImages).map(([version, names]) => ({
    names,
    layers: ['base', 'agent', ...agentVariants[version].map((variant) => `agent-${variant}`)],
    config: agentConfig,
  })),
  ...Object.entries(storeImages).map(([store, names]) => ({
    names,
    layers: ['base', 'stores'],
    config: {
      ...storeConfig,
      Entrypoint: entrypoints[store],
      // The signal that ends PostgreSQL without waiting for its clients.
      ...(store === 'postgresql' && { StopSignal: 'SIGINT' }),
    },
  })),
  { names: [pauseImage], layers: ['pause'], config: { User: '65535', Entrypoint: ['/pause'] } },
];

/** A folder that a containerd can start from, with all images unpacked in it. */
export async function nodeImages(programs, say = () => {}) {
  const base = await baseImage(say);
  const pause = await getTool('pause');
  const sources = ['images.mjs', 'oci-archive.mjs'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
  const files = [...sources, ...[agentFolder, storesFolder].flatMap(filesOf)];
  const contents = files.flatMap((file) => [path.relative(root, file), fs.readFileSync(file)]);
  return madeOnce('images', [base, pause, JSON.stringify(images), ...contents], async (folder) => {
    say('packing images');
    const work = path.join(folder, 'work');
    const layers = { base: path.join(base, 'base.tar') };
    const layer = async (name, fill) => {
      const content = path.join(work, name);
      fs.mkdirSync(content, { recursive: true });
      fill(content);
      layers[name] = path.join(work, `${name}.tar`);
      await packLayer(content, layers[name]);
    };
    await layer('agent', (at) => {
      const isPart = (file) => !/\/(variants|Dockerfile|\.dockerignore|requirements\.txt|__pycache__)(\/|$)/.test(file);
      fs.cpSync(agentFolder, path.join(at, 'app'), { recursive: true, filter: isPart });
    });
    for (const version of fs.readdirSync(path.join(agentFolder, 'variants'))) {
      await layer(`agent-${version}`, (at) =>
        fs.cpSync(path.join(agentFolder, 'variants', version), path.join(at, 'app'), { recursive: true }),
      );
    }
    await layer('stores', fillStores);
    await layer('pause', (at) => fs.copyFileSync(pause, path.join(at, 'pause')));

    const archive = path.join(work, 'images.tar');
    await writeArchive(
      images.map((image) => ({ ...image, layers: image.layers.map((name) => layers[name]) })),
      archive,
    );
    say('unpacking images');
    const containerd = await startContainerd(programs, path.join(folder, 'containerd'));
    try {
      await containerd.ctr(['images', 'import', '--no-unpack=false', archive]);
    } finally {
      await containerd.stop();
    }
    fs.rmSync(work, { recursive: true });
  });
}

/** The folders and names that Bitnami's charts know. */
function fillStores(at) {
  const bin = path.join(at, 'opt', 'bitnami', 'bin');
  fs.mkdirSync(bin, { recursive: true });
  fs.copyFileSync(path.join(storesFolder, 'postgresql.sh'), path.join(bin, 'postgresql.sh'));
  fs.chmodSync(path.join(bin, 'postgresql.sh'), 0o755);
  fs.symlinkSync('/usr/bin/prometheus-redis-exporter', path.join(bin, 'redis_exporter'));
  fs.symlinkSync('/usr/bin/prometheus-postgres-exporter', path.join(bin, 'postgres_exporter'));
  for (const name of [
    'bitnami/postgresql',
    'bitnami/redis',
    'opt/bitnami/redis/etc',
    'opt/bitnami/redis/mounted-etc',
    'opt/bitnami/postgresql/tmp',
  ]) {
    fs.mkdirSync(path.join(at, name), { recursive: true });
    fs.chownSync(path.join(at, name), 1001, 0);
    fs.chmodSync(path.join(at, name), 0o775);
  }
}

function filesOf(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}
