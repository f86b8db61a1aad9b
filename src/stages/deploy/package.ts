import { gzipSync } from 'node:zlib';
import { readArchive } from '../../domain/archive.ts';
import type { ChartFile } from '../../domain/chart.ts';
import type { Cause } from '../../domain/deployment.ts';
import { at } from '../../domain/diagnosis/reading.ts';
import type { Finding } from '../../domain/finding.ts';
import { type KubeObject, shownObject } from '../../domain/kube-object.ts';
import { ARCHIVE_LIMITS } from '../../domain/limits.ts';
import { objectsOf } from '../../domain/manifest-objects.ts';
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
  const bytes = await session.files.read(path, ARCHIVE_LIMITS.packedBytes);
  const archive = bytes && (await readArchive(bytes));
  if (archive === undefined || !archive.ok) {
    const why = archive === undefined ? 'is not there' : archive.reason;
    return failed({ code: 'package', message: `the package ${why}` });
  }
  const tooLarge = recordTooLarge(archive.files, rendered);
  if (tooLarge !== undefined) return failed(tooLarge);
  // An install makes them.
  return done(isInstall ? [] : await outdatedDefinitions(archive.files, session));
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

async function outdatedDefinitions(files: readonly ChartFile[], session: Session): Promise<Finding[]> {
  const { cluster, chart, environment } = session;
  const findings: Finding[] = [];
  for (const { path, content } of files) {
    if (!/(^|\/)crds\/.*\.(ya?ml|json)$/.test(path)) continue;
    for (const wanted of await objectsOf(new TextDecoder().decode(content))) {
      const { apiVersion, kind } = wanted;
      const { name } = wanted.metadata;
      const live = await cluster.get({ apiVersion, kind, name });
      // Who may not look at definitions can't be told about them.
      if (!live.ok) continue;
      const state =
        live.value === undefined ? 'is not in the cluster' : differs(live.value, wanted) && 'is another one';
      if (state === false) continue;
      findings.push({
        stage: 'deploy',
        rule: 'deploy/crds',
        severity: 'warning',
        message: `${shownObject({ kind, name })} ${state}, and helm leaves crds/ alone once a release is installed`,
        hint: `Apply it yourself before: helm show crds PACKAGE | kubectl apply --server-side -f -`,
        chart,
        environments: [environment],
        resource: shownObject({ kind, name }),
      });
    }
  }
  return findings;
}

/** The API server adds to what it is given; what it was given is in there. */
function differs(live: KubeObject, wanted: KubeObject): boolean {
  return !holds(at(live, 'spec'), at(wanted, 'spec'));
}

function holds(live: unknown, wanted: unknown): boolean {
  if (wanted === null || wanted === undefined) return true;
  if (Array.isArray(wanted))
    return (
      Array.isArray(live) && live.length === wanted.length && wanted.every((entry, index) => holds(live[index], entry))
    );
  if (typeof wanted !== 'object') return live === wanted;
  if (typeof live !== 'object' || live === null) return false;
  return Object.entries(wanted).every(([key, value]) => holds((live as Record<string, unknown>)[key], value));
}
