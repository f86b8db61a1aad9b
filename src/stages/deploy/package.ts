import { gzipSync } from 'node:zlib';
import type { ChartFile } from '../../domain/chart.ts';
import type { Cause } from '../../domain/deployment.ts';
import type { Finding } from '../../domain/finding.ts';
import { outdatedDefinitions } from './definitions.ts';
import { packedFiles } from './packed-files.ts';
import type { Session } from './session.ts';
import { done, failed, type Step } from './step.ts';

/** Bytes of a Secret's data, as the API server has it. */
const SECRET_BYTES = 1024 * 1024;

/** What of a package helm itself is silent about: its record must fit into a Secret, and crds/ are never upgraded. */
export async function checkPackage(
  path: string,
  rendered: { readonly manifest: string; readonly hooks: string },
  isInstall: boolean,
  session: Session,
): Promise<Step<readonly Finding[]>> {
  const files = await packedFiles(path, session);
  if (!files.ok) return files;
  const tooLarge = recordTooLarge(files.value, rendered);
  if (tooLarge !== undefined) return failed(tooLarge);
  // An install makes them.
  return done(isInstall ? [] : await outdatedDefinitions(files.value, session));
}

/** Helm keeps chart, values and manifest as JSON, gzipped and in base64, in one Secret. */
export function recordTooLarge(
  files: readonly ChartFile[],
  { manifest, hooks }: { readonly manifest: string; readonly hooks: string },
): Cause | undefined {
  const contents = files.reduce((sum, { content }) => sum + content.byteLength, 0);
  // It doesn't pack worse than this: most charts needn't be packed to know.
  if (((contents * 4) / 3 + manifest.length + hooks.length) * (4 / 3) < SECRET_BYTES) return undefined;
  const json = JSON.stringify({
    files: files.map(({ path, content }) => ({ name: path, data: Buffer.from(content).toString('base64') })),
    manifest,
    hooks,
  });
  const size = (gzipSync(json, { level: 9 }).byteLength * 4) / 3;
  if (size < SECRET_BYTES) return undefined;
  const largest = [...files].sort((one, other) => other.content.byteLength - one.content.byteLength).slice(0, 3);
  return {
    code: 'refused',
    message: `helm's record of the release would have ${mebibytes(size)}, and a Secret holds 1 MiB: it could not be written`,
    hint: `Leave large files out of the chart (.helmignore): ${largest.map(({ path }) => path).join(', ')}`,
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
