import { join } from 'node:path';
import { RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import type { PublishOutcome } from './domain/outcome.ts';
import { type FetchedChart, parseChartReference } from './domain/published-chart.ts';
import { locationOf } from './domain/reference.ts';
import { together } from './domain/together.ts';
import type { ValuesRecord } from './domain/values-record.ts';
import type { Ports, RegistryAnswer } from './ports.ts';
import type { Record } from './record.ts';
import { type Request, reaches } from './request.ts';
import { fault, quote } from './settings.ts';
import { fetchPublished } from './stages/fetch-published.ts';
import { promote } from './stages/promote.ts';
import { readRecords } from './stages/values-record.ts';
import { type ChartOnDisk, readCharts } from './survey.ts';

/** A published chart that was asked for by reference, unpacked into a private folder. */
export interface UnpackedChart {
  readonly chart: ChartOnDisk;
  readonly fetched: FetchedChart;
  /** What was recorded of the values files outside it when it was published, each time that it was. */
  readonly records: RegistryAnswer<readonly ValuesRecord[]>;
}

/** `chart: oci://…`: fetched once by its digest; a tag is resolved here and never looked at again. */
export async function fetchAsked(
  request: Request,
  record: Record,
  ports: Pick<Ports, 'registry' | 'files'>,
): Promise<readonly UnpackedChart[]> {
  const faults: Finding[] = [];
  const references = [...new Set(request.charts.patterns)].flatMap((text) => {
    const reference = parseChartReference(text);
    if (!reference.ok)
      faults.push(
        fault('chart', `chart ${quote(text)} is no reference to a published chart`, { hint: reference.hint }),
      );
    return reference.ok ? [{ text, ...reference }] : [];
  });
  if (faults.length > 0) throw new RequestError(faults);
  const unpacked: UnpackedChart[] = [];
  for (const { text, host, repository, tagOrDigest } of references) {
    const found = await record.stage(
      { name: 'resolve', chart: repository.split('/').at(-1) ?? repository },
      async () => {
        const fetched = await fetchPublished(
          { kind: 'registry', host, repository },
          tagOrDigest,
          (which) => (which.startsWith('sha256:') ? `oci://${host}/${repository}@${which}` : text),
          ports.registry,
        );
        return fetched.ok
          ? await unpack(fetched.chart, ports)
          : { findings: [notFetched(fetched)], unpacked: undefined };
      },
    );
    const { unpacked: one } = found;
    const other = unpacked.find(({ fetched }) => fetched.name === one?.fetched.name);
    // One chart by its tag and by its digest is one chart.
    if (one === undefined || one.fetched.digest === other?.fetched.digest) continue;
    if (other !== undefined) throw twoOfOneName(one.fetched, other.fetched);
    unpacked.push(one);
  }
  return unpacked;
}

function twoOfOneName(one: FetchedChart, other: FetchedChart): RequestError {
  return new RequestError([
    fault('same-name', `${other.reference} and ${one.reference} are both named ${quote(one.name)}`, {
      hint: 'Which is to be live in the end can only be one of them: name one.',
    }),
  ]);
}

function notFetched({ message, hint }: { readonly message: string; readonly hint?: string }): Finding {
  return {
    stage: 'resolve',
    rule: 'resolve/published',
    severity: 'error',
    message,
    ...(hint !== undefined && { hint }),
  };
}

async function unpack(
  fetched: FetchedChart,
  { files, registry }: Pick<Ports, 'files' | 'registry'>,
): Promise<{ findings: Finding[]; unpacked: UnpackedChart | undefined }> {
  const directory = join(await files.makeTemporary('published'), 'chart');
  const written = async () => {
    for (const { path, content } of fetched.files) await files.write(join(directory, path), content);
    return await readCharts([{ directory, source: fetched.name }], files);
  };
  // The registry answers meanwhile.
  const [records, { charts, findings }] = await together([
    readRecords(fetched.location, fetched.digest, registry),
    written(),
  ]);
  const [chart] = charts;
  return { findings, unpacked: chart && { chart, fetched, records } };
}

/** A registry that is given for this very run is where to copy it; one in the file is where it is published already. */
export function promotes(request: Request): boolean {
  const { isRegistryAsked, registries, deployment } = request;
  return isRegistryAsked && registries.length > 0 && reaches(request, 'publish') && !deployment.dryRun;
}

/** Where each chart is published that was asked for. */
export function sourcesIn(unpacked: readonly UnpackedChart[]): ReadonlyMap<string, FetchedChart> {
  return new Map(unpacked.map(({ chart, fetched }) => [chart.metadata.name, fetched]));
}

/** Copies each chart to the registries that are asked for; where each is to be deployed from: the first of those. */
export async function promoteAll(
  request: Request,
  unpacked: readonly UnpackedChart[],
  record: Record,
  ports: Ports,
): Promise<ReadonlyMap<string, FetchedChart>> {
  const sources = new Map(sourcesIn(unpacked));
  if (!promotes(request) || record.failed) return sources;
  await together(
    unpacked.map(async ({ chart: { metadata }, fetched }) => {
      const { name, version } = metadata;
      const told = (outcome: PublishOutcome): void => record.publish(name, [...record.publishedOf(name), outcome]);
      const { outcomes } = await record.stage({ name: 'publish', chart: name }, () =>
        promote({ ...fetched, name, version }, request.registries, { root: ports.files.root, told }, ports),
      );
      record.publish(name, outcomes);
      const [first] = request.registries;
      const reference = outcomes[0]?.reference;
      if (first === undefined || reference === undefined) return;
      sources.set(name, { ...fetched, reference, location: locationOf(first, name, join) });
    }),
  );
  return sources;
}
