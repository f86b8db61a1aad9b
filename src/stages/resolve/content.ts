import type { ChartFile } from '../../domain/chart.ts';
import {
  CONTENT_LOCK,
  type ContentLock,
  entryText,
  isFor,
  type LockedContent,
  readContentLock,
  writeContentLock,
} from '../../domain/content-lock.ts';
import { shown } from '../../domain/dependency-mirror.ts';
import type { Finding } from '../../domain/finding.ts';
import { joinShown } from '../../domain/paths.ts';
import type { ChartFolder } from './copy.ts';

/** An archive that got into the staged copy. */
export interface Content {
  readonly content: LockedContent;
  /** Where Chart.yaml asks for it; found only when it is pointed at. */
  readonly place: () => Pick<Finding, 'file' | 'line' | 'column'>;
  /** Whether its version was locked. */
  readonly locked: boolean;
  /** Whether it came over the network, now; what is vendored is committed and needs no second lock. */
  readonly fetched: boolean;
  readonly from: string;
}

/** Compares what was fetched with the chart's chartship.lock; where there is none, says what it could be. */
export function checkContent(
  folder: ChartFolder,
  committed: ChartFile | undefined,
  contents: readonly Content[],
): { findings: Finding[]; contentLock?: string } {
  const file = joinShown(folder.source, CONTENT_LOCK);
  const about = { stage: 'resolve', chart: folder.chart } as const;
  if (committed === undefined) {
    const fetched = contents.filter((each) => each.fetched);
    // A lock of versions that the next run may choose differently would only be in the way.
    if (fetched.length === 0 || !fetched.every(({ locked }) => locked)) return { findings: [] };
    const note: Finding = {
      ...about,
      rule: 'resolve/content-not-locked',
      severity: 'note',
      message: `${names(fetched)}: locked by version, not by content, since there is no ${file}`,
      hint: `Commit locks/${folder.chart}/${CONTENT_LOCK} of the report folder as ${file}: then another content is refused.`,
      ...fetched[0]?.place(),
    };
    return { findings: [note], contentLock: writeContentLock(fetched.map(({ content }) => content)) };
  }
  const read = readContentLock(committed);
  if (!read.ok) {
    const findings = read.faults.map(
      (fault): Finding => ({
        ...about,
        rule: 'resolve/content-lock',
        severity: 'error',
        ...fault,
        message: `${file} ${fault.message}`,
        file,
      }),
    );
    return { findings };
  }
  const changed = contents.flatMap((content) => compare(about, file, read.lock, content));
  return { findings: [...changed, ...stale(about, file, read.lock, contents)] };
}

type About = Pick<Finding, 'stage' | 'chart'>;

function compare(about: About, file: string, lock: ContentLock, { content, place, fetched, from }: Content): Finding[] {
  const entry = lock.entries.find((each) => isFor(each, content));
  const what = `${content.name} ${content.version}`;
  if (entry === undefined) {
    if (!fetched) return [];
    const message = `${what} from ${shown(content.repository)} is not in ${file}`;
    const hint = `If this is the content that you want, add under dependencies:\n${entryText(content)}`;
    return [{ ...about, rule: 'resolve/content-missing', severity: 'error', message, hint, ...place() }];
  }
  if (entry.sha256 === content.sha256) return [];
  const message = `${what} from ${shown(from)} has another content than ${file} says: sha256 ${content.sha256}, not ${entry.sha256}`;
  const hint =
    'A published version was replaced, or a mirror holds something else. If the new content is the right one, write its sum into the file.';
  return [{ ...about, rule: 'resolve/content-changed', severity: 'error', message, hint, file, ...entry.position }];
}

function stale(about: About, file: string, lock: ContentLock, contents: readonly Content[]): Finding[] {
  return lock.entries
    .filter((entry) => !contents.some(({ content }) => isFor(entry, content)))
    .map((entry) => ({
      ...about,
      rule: 'resolve/content-stale',
      severity: 'warning',
      message: `${file} lists ${entry.name} ${entry.version} from ${shown(entry.repository)}, which is no dependency`,
      hint: 'Remove the entry.',
      file,
      ...entry.position,
    }));
}

function names(contents: readonly Content[]): string {
  return [...new Set(contents.map(({ content }) => `${content.name} ${content.version}`))].join(', ');
}
