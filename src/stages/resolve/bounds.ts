import type { Finding } from '../../domain/finding.ts';
import { ARCHIVE_LIMITS } from '../../domain/limits.ts';
import { joinShown } from '../../domain/paths.ts';
import type { ChartFolder, Found } from './copy.ts';

const MiB = 1024 * 1024;

/** Helm loads no chart over these bounds; what makes a chart so large is nearly always there by mistake. */
export function oversize(folder: ChartFolder, found: readonly Found[], folders: number): Finding[] {
  const finding = (message: string, file: string): Finding => ({
    stage: 'resolve',
    rule: 'resolve/too-large',
    severity: 'error',
    message,
    hint: `Add it to ${joinShown(folder.source, '.helmignore')}.`,
    chart: folder.chart,
    file,
  });
  const total = found.reduce((sum, { size }) => sum + size, 0);
  const source = folder.source;
  if (found.length + folders > ARCHIVE_LIMITS.entries) {
    const largest = heaviest(found, () => 1);
    return [
      finding(
        `${source} holds more than ${ARCHIVE_LIMITS.entries} files and folders, most of them in ${joinShown(source, largest)}`,
        source,
      ),
    ];
  }
  if (total > ARCHIVE_LIMITS.totalBytes) {
    const largest = heaviest(found, ({ size }) => size);
    const text = `${source} holds ${Math.ceil(total / MiB)} MiB, more than the ${ARCHIVE_LIMITS.totalBytes / MiB} MiB that helm takes`;
    return [finding(`${text}, most of them in ${joinShown(source, largest)}`, source)];
  }
  return found
    .filter(({ path, size }) => size > ARCHIVE_LIMITS.fileBytes && !/^charts\/[^/]+\.tgz$/.test(path))
    .map(({ path, size }) => {
      const file = joinShown(source, path);
      const text = `${file} is ${(size / MiB).toFixed(1)} MiB; helm refuses packages with a file over ${ARCHIVE_LIMITS.fileBytes / MiB} MiB`;
      return finding(text, file);
    });
}

/** The direct folder or file of the chart that weighs most. */
function heaviest(found: readonly Found[], weight: (found: Found) => number): string {
  const sums = new Map<string, number>();
  for (const entry of found) {
    const top = entry.path.split('/')[0] ?? entry.path;
    sums.set(top, (sums.get(top) ?? 0) + weight(entry));
  }
  return [...sums].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '.';
}
