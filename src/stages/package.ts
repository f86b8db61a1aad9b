import { createHash } from 'node:crypto';
import { PACKAGE_TIME, readArchive, writeArchive } from '../domain/archive.ts';
import { annotationsOf, configOf, metadataOf, normaliseFiles } from '../domain/archive-metadata.ts';
import type { ChartFile } from '../domain/chart.ts';
import type { Finding } from '../domain/finding.ts';
import { ARCHIVE_LIMITS } from '../domain/limits.ts';
import { joinShown } from '../domain/paths.ts';
import type { ChartPackage, StagedChart } from '../domain/staged.ts';
import type { Ports } from '../ports.ts';
import { helmFinding } from './helm-calls.ts';

/** A values file inside the chart: `path` relative to the chart, `shown` relative to the repository's root. */
export interface ValuesInChart {
  readonly path: string;
  readonly shown: string;
}

/**
 * `helm package`, and its archive written anew by the one writer, so that the same chart gives the same bytes
 * whatever made them. Without a package there is at least one error among the findings.
 */
export async function packageChart(
  staged: StagedChart,
  values: readonly ValuesInChart[],
  ports: Pick<Ports, 'helm' | 'files'>,
): Promise<{ findings: Finding[]; package?: ChartPackage }> {
  const folder = await ports.files.makeTemporary('package');
  try {
    const packed = await ports.helm.package(staged.directory, folder);
    if (!packed.ok) return { findings: packed.faults.map((fault) => helmFinding(fault, 'package', staged)) };
    const bytes = await readBounded(packed.value, ports);
    const archive = bytes && (await readArchive(bytes, ARCHIVE_LIMITS));
    if (archive?.ok !== true) {
      const reason = archive === undefined ? tooLarge() : archive.reason;
      return {
        findings: [
          finding(staged, 'archive', `the package of ${staged.metadata.name} ${reason}`, { hint: hintFor(reason) }),
        ],
      };
    }
    const files = normaliseFiles(archive.files);
    const ignored = values.filter(({ path }) => !files.some((file) => file.path === path));
    if (ignored.length > 0) return { findings: ignored.map((file) => ignoredFinding(file, staged)) };
    const { name, version } = staged.metadata;
    return { findings: [], package: await chartPackage(name, version, files) };
  } finally {
    await ports.files.remove(folder);
  }
}

/** The package of a chart's files, which `normaliseFiles` gave. */
export async function chartPackage(name: string, version: string, files: readonly ChartFile[]): Promise<ChartPackage> {
  const metadata = metadataOf(files);
  if (metadata === undefined) throw new Error(`the Chart.yaml of ${name} is no map`);
  const archive = await writeArchive(name, files);
  return {
    name,
    version,
    fileName: `${name}-${version}.tgz`,
    archive,
    sha256: createHash('sha256').update(archive).digest('hex'),
    config: configOf(metadata),
    annotations: annotationsOf(metadata, PACKAGE_TIME.toISOString().replace('.000Z', 'Z')),
  };
}

async function readBounded(path: string, ports: Pick<Ports, 'files'>): Promise<Uint8Array | undefined> {
  try {
    return await ports.files.read(path, ARCHIVE_LIMITS.packedBytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const tooLarge = () => `is larger than ${ARCHIVE_LIMITS.packedBytes / 1024 / 1024} MiB`;

function hintFor(reason: string): string {
  return reason.endsWith(' twice')
    ? 'Helm unpacks every dependency into a folder of its name: two of one name and different versions can’t be packaged together.'
    : 'List in .helmignore what does not belong to the chart.';
}

function ignoredFinding(file: ValuesInChart, staged: StagedChart): Finding {
  return finding(
    staged,
    'values-file-ignored',
    `${file.path} is a values file of an environment, but .helmignore keeps it out of the package`,
    {
      file: file.shown,
      hint: `Take the line that matches it out of ${joinShown(staged.source, '.helmignore')}, or move the file out of the chart.`,
    },
  );
}

function finding(staged: StagedChart, rule: string, message: string, rest: Partial<Finding> = {}): Finding {
  return {
    stage: 'package',
    rule: `package/${rule}`,
    severity: 'error',
    message,
    chart: staged.metadata.name,
    ...rest,
  };
}
