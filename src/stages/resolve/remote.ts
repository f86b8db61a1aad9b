import type { ReadChart } from '../../domain/dependency-archive.ts';
import { readChartArchive } from '../../domain/dependency-archive.ts';
import type { DependencyFault } from '../../domain/dependency-fault.ts';
import { sameVersion, satisfies } from '../../domain/dependency-range.ts';
import type { Resolving, Wanted } from './context.ts';
import { fetchArchive } from './fetch.ts';
import { sha256 } from './vendored.ts';

export type Remote =
  | { readonly ok: true; readonly chart: ReadChart; readonly bytes: Uint8Array; readonly sha256: string }
  | { readonly ok: false; readonly fault: DependencyFault };

/** Fetches an archive and looks into it before anything of it is used. */
export async function fetchChart(resolving: Resolving, wanted: Wanted, repository: string): Promise<Remote> {
  const { requirement, version, locked } = wanted;
  const name = requirement.name;
  const fetched = await fetchArchive(resolving, { name, version, repository });
  if (!fetched.ok) return fetched;
  const read = await readChartArchive(fetched.bytes);
  const from = `the archive of ${name} ${version} from ${repository}`;
  if (!read.ok) {
    const hint = 'It was not unpacked. Whoever keeps that repository should know.';
    return { ok: false, fault: { rule: 'resolve/unsafe-archive', message: `${from} ${read.reason}`, hint } };
  }
  const { chart } = read;
  const isIt =
    chart.name === name && (locked ? sameVersion(chart.version, version) : satisfies(chart.version, version) === true);
  if (!isIt) {
    const hint = 'The repository serves something else under that name and version.';
    return {
      ok: false,
      fault: { rule: 'resolve/wrong-chart', message: `${from} holds ${chart.name} ${chart.version}`, hint },
    };
  }
  return { ok: true, chart, bytes: fetched.bytes, sha256: sha256(fetched.bytes) };
}
