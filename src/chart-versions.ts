import { join } from 'node:path';
import { packagedVersion, strangerIn, taggedVersions, withoutPrefix } from './domain/chart-version.ts';
import type { Finding } from './domain/finding.ts';
import { joinShown } from './domain/paths.ts';
import { readSource } from './domain/source.ts';
import type { Files } from './ports.ts';
import type { Request } from './request.ts';
import { type ChartOnDisk, readBounded } from './survey.ts';

type Place = Pick<Finding, 'file' | 'line' | 'column'>;

/** Where a chart's version stands; nowhere when it isn't Chart.yaml's alone. */
export async function versionPlace(
  request: Pick<Request, 'version' | 'preRelease'>,
  chart: ChartOnDisk,
  files: Pick<Files, 'read'>,
): Promise<Place> {
  if (request.version !== undefined || request.preRelease !== undefined) return {};
  const bytes = await readBounded(files, join(chart.directory, 'Chart.yaml'));
  const read = bytes && readSource(bytes);
  return { file: joinShown(chart.source, 'Chart.yaml'), ...(read?.ok && read.source.position(['version'])) };
}

/** A git tag that says another version than a chart has: what would be published isn't what was tagged. */
export async function checkTag(
  request: Pick<Request, 'version' | 'preRelease' | 'tag' | 'tagFormats'>,
  charts: readonly ChartOnDisk[],
  files: Pick<Files, 'read'>,
): Promise<Finding[]> {
  const { tag, tagFormats } = request;
  if (tag === undefined) return [];
  const tagged = taggedVersions(
    tag,
    tagFormats,
    charts.map(({ metadata }) => metadata.name),
  );
  const stranger = tagged.size === 0 ? strangerIn(tag, tagFormats) : undefined;
  if (stranger !== undefined) {
    const message = `the tag ${tag} is of ${stranger}, which is no chart of this run: no version was compared with it`;
    return [{ stage: 'resolve', rule: 'resolve/tag', severity: 'note', message }];
  }
  const findings: Finding[] = [];
  for (const chart of charts) {
    const { name } = chart.metadata;
    const wanted = tagged.get(name);
    const version = packagedVersion(request, chart.metadata);
    if (wanted === undefined || wanted === withoutPrefix(version)) continue;
    findings.push({
      stage: 'resolve',
      rule: 'resolve/tag',
      severity: 'error',
      chart: name,
      message: `the tag ${tag} says that ${name} is ${wanted}, and its version is ${version}`,
      hint: hintFor(request, wanted, charts.length),
      ...(await versionPlace(request, chart, files)),
    });
  }
  return findings;
}

function hintFor(request: Pick<Request, 'version'>, wanted: string, charts: number): string {
  if (request.version !== undefined) return 'Give the version of the tag as version, or leave version out.';
  const one = charts > 1 ? ' A tag NAME-VERSION speaks of one chart alone.' : '';
  return `Write version: ${wanted} into Chart.yaml and tag that commit.${one} Tags that are not of charts: say by tag-format which are.`;
}
