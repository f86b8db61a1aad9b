// Images without a builder: an image is a list of tar files and a configuration, an archive of images is a folder
// that is itself packed with tar (https://github.com/opencontainers/image-spec, image-layout.md).
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from './run.mjs';

/** A layer of what is in a folder; the root of the image is the folder itself. Same content, same digest. */
export async function packLayer(folder, layer) {
  const same = ['--sort=name', '--mtime=@0', '--numeric-owner', '--pax-option=delete=atime,delete=ctime'];
  // Not compressed: it goes no further than this disk, and unpacking it takes half the time.
  await run('tar', ['--create', '--file', layer, ...same, '--directory', folder, '.']);
}

/**
 * An archive that `ctr images import` reads.
 * @param images [{ names, layers: [file], config }]
 */
export async function writeArchive(images, archive) {
  const folder = fs.mkdtempSync(`${archive}.`);
  const blobs = path.join(folder, 'blobs', 'sha256');
  fs.mkdirSync(blobs, { recursive: true });
  const known = new Map();

  const layerBlob = async (file) => {
    if (!known.has(file)) {
      const hash = createHash('sha256');
      await pipeline(fs.createReadStream(file), hash);
      const hex = hash.digest('hex');
      fs.linkSync(file, path.join(blobs, hex));
      known.set(file, descriptor('application/vnd.oci.image.layer.v1.tar', hex, fs.statSync(file).size));
    }
    return known.get(file);
  };
  const jsonBlob = (mediaType, value) => {
    const bytes = Buffer.from(JSON.stringify(value));
    const hex = createHash('sha256').update(bytes).digest('hex');
    fs.writeFileSync(path.join(blobs, hex), bytes);
    return descriptor(mediaType, hex, bytes.length);
  };

  const manifests = [];
  for (const { names, layers, config } of images) {
    const descriptors = [];
    for (const layer of layers) descriptors.push(await layerBlob(layer));
    const configuration = {
      created: '1970-01-01T00:00:00Z',
      architecture: os.arch() === 'x64' ? 'amd64' : os.arch(),
      os: 'linux',
      config,
      // Of an uncompressed layer the two digests are one.
      rootfs: { type: 'layers', diff_ids: descriptors.map(({ digest }) => digest) },
    };
    const manifestType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = jsonBlob(manifestType, {
      schemaVersion: 2,
      mediaType: manifestType,
      config: jsonBlob('application/vnd.oci.image.config.v1+json', configuration),
      layers: descriptors,
    });
    for (const name of names) manifests.push({ ...manifest, annotations: { 'io.containerd.image.name': name } });
  }
  fs.writeFileSync(path.join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  fs.writeFileSync(path.join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  await run('tar', ['--create', '--file', archive, '--directory', folder, 'oci-layout', 'index.json', 'blobs']);
  fs.rmSync(folder, { recursive: true });
}

function descriptor(mediaType, hex, size) {
  return { mediaType, digest: `sha256:${hex}`, size };
}
