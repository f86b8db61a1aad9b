#!/usr/bin/env node
// Records the published checksums of a release of helm or oras in src/domain/tool-releases.ts, and moves the
// pin of its major forward. For maintainers, on a machine that reaches the release hosts; nothing to install.
// Behind a proxy: NODE_USE_ENV_PROXY=1 (Node 24).
//
//   node scripts/record-tool-checksums.mjs [helm|oras] VERSION
//
//   --base-url URL   where the checksum files lie, instead of the project's own place
//   --file FILE      the file to rewrite, instead of src/domain/tool-releases.ts
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const platforms = ['darwin-amd64', 'darwin-arm64', 'linux-amd64', 'linux-arm64', 'windows-amd64', 'windows-arm64'];
const extensionOf = (platform) => (platform.startsWith('windows-') ? 'zip' : 'tar.gz');

// Helm publishes a checksum file beside each archive, ORAS one file for all archives of a version.
const tools = {
  helm: {
    base: 'https://get.helm.sh',
    archiveOf: (version, platform) => `helm-v${version}-${platform}.${extensionOf(platform)}`,
    filesOf: (version) => platforms.map((platform) => `${tools.helm.archiveOf(version, platform)}.sha256sum`),
    source: 'From get.helm.sh, the .sha256sum file beside each archive.',
  },
  oras: {
    base: 'https://github.com/oras-project/oras/releases/download',
    archiveOf: (version, platform) => `oras_${version}_${platform.replace('-', '_')}.${extensionOf(platform)}`,
    filesOf: (version) => [`v${version}/oras_${version}_checksums.txt`],
    source: "From oras-project/oras, the release's checksums.txt.",
  },
};
/** Platforms that a release may do without. */
const optional = ['windows-arm64'];

/** A message for the user, as against a bug in this script, which shows its stack. */
class RecordError extends Error {}

async function main(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { 'base-url': { type: 'string' }, file: { type: 'string' } },
  });
  const [tool, text] = positionals.length === 1 ? ['helm', positionals[0]] : positionals;
  const version = /^v?(\d+\.\d+\.\d+)$/.exec(text ?? '')?.[1];
  if (!(tool in tools) || !version || positionals.length > 2) {
    throw new RecordError('usage: node scripts/record-tool-checksums.mjs [helm|oras] VERSION');
  }
  const file = values.file ?? path.join(root, 'src/domain/tool-releases.ts');
  const sums = await published(tool, version, values['base-url'] ?? tools[tool].base);
  const before = fs.readFileSync(file, 'utf8');
  const after = record(before, tool, version, sums);
  fs.writeFileSync(file, after);
  const what = after === before ? 'were recorded already' : 'are recorded';
  console.log(`The checksums of ${tool} ${version} for ${Object.keys(sums).join(', ')} ${what} in ${file}.`);
}

/** The checksums by platform. */
async function published(tool, version, base) {
  const { filesOf, archiveOf } = tools[tool];
  const texts = await Promise.all(filesOf(version).map((file) => download(`${base.replace(/\/+$/, '')}/${file}`)));
  const byArchive = new Map();
  for (const line of texts.join('\n').split('\n')) {
    const match = /^([0-9a-f]{64}) [ *](\S+)$/i.exec(line.trim());
    if (match) byArchive.set(match[2], match[1].toLowerCase());
  }
  const sums = {};
  for (const platform of platforms) {
    const sum = byArchive.get(archiveOf(version, platform));
    if (sum) sums[platform] = sum;
    else if (!optional.includes(platform)) {
      throw new RecordError(
        `No checksum of ${archiveOf(version, platform)} is published at ${base}. Nothing was recorded.`,
      );
    }
  }
  return sums;
}

/** The text of a file; empty when there is none. */
async function download(url) {
  let response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  } catch (error) {
    throw new RecordError(`${url} can't be reached: ${error.cause?.message ?? error.message}`);
  }
  if (response.status === 404) return '';
  if (!response.ok) throw new RecordError(`${url} answered HTTP ${response.status}.`);
  return await response.text();
}

/** The source text of the data with this release in it. */
function record(text, tool, version, sums) {
  const start = `const ${tool.toUpperCase()}_CHECKSUMS: Checksums = {\n`;
  const at = text.indexOf(start);
  const end = text.indexOf('\n};\n', at);
  if (at < 0 || end < 0) throw new RecordError(`There is no "${start.trim()}" in the file. Nothing was recorded.`);
  const block = text.slice(at, end);
  const lines = Object.entries(sums).map(([platform, sum]) => `    '${platform}': '${sum}',\n`);
  const known = new RegExp(`\n  '${version.replaceAll('.', '\\.')}': \\{\n([^}]*)  \\},`).exec(block);
  if (known) {
    // What was once recorded never changes: a published archive doesn't either.
    if (known[1] === lines.join('')) return text;
    throw new RecordError(
      `Other checksums are recorded for ${tool} ${version}:\n${known[1]}published are\n${lines.join('')}Nothing was changed.`,
    );
  }
  const entry = `  // ${tools[tool].source}\n  '${version}': {\n${lines.join('')}  },\n`;
  const recorded = text.slice(0, at + start.length) + entry + text.slice(at + start.length);
  return movePin(recorded, tool, version);
}

function movePin(text, tool, version) {
  const major = version.split('.')[0];
  const pin = new RegExp(`(const ${tool.toUpperCase()}_PINNED = \\{[^}]*\n  ${major}: ')([^']+)(')`);
  return text.replace(pin, (whole, before, pinned, after) =>
    isNewer(version, pinned) ? before + version + after : whole,
  );
}

function isNewer(a, b) {
  const [one, other] = [a, b].map((version) => version.split('.').map(Number));
  const differs = one.findIndex((part, index) => part !== other[index]);
  return differs >= 0 && one[differs] > other[differs];
}

main(process.argv.slice(2)).catch((error) => {
  const isForUser = error instanceof RecordError || String(error.code).startsWith('ERR_PARSE_ARGS');
  console.error(isForUser ? error.message : error);
  process.exitCode = 1;
});
