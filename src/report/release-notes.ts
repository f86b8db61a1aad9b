import { bySection, type Change } from '../domain/changelog.ts';
import type { Report } from '../domain/outcome.ts';
import { commandsFor, isPublished } from './commands.ts';
import { fitted } from './fitted.ts';
import { codeBlock, inert, table } from './markdown.ts';
import { oneLine, shorten } from './plain-text.ts';

/** GitHub takes 125,000 characters; so many bytes are never more of them. */
const LIMIT_BYTES = 120_000;
/** Changes of one section. */
const MOST_CHANGES = 200;

/** By this the next run knows that a draft is Chartship's own. */
export const RELEASE_MARKER = '<!-- chartship-release -->';

export interface ReleaseNotes {
  /** Of a person, who answers for what they do: in place of the changes. */
  readonly words?: string | undefined;
  /** Of each chart; one entry without a name where they are of all. */
  readonly changes: readonly { readonly chart?: string; readonly changes: readonly Change[] }[];
  /** The tag before, where the changes are since it. */
  readonly since?: string | undefined;
}

/** The notes of a release: what changed, and how to get it. Nothing of a commit or a chart can act in them. */
export function releaseNotes(report: Pick<Report, 'packages' | 'published'>, notes: ReleaseNotes): string {
  // A layout lies on a disk that no reader has.
  const published = report.published.filter(isPublished).filter(({ registry }) => !registry.startsWith('oci-layout:'));
  return fitted(
    [
      RELEASE_MARKER,
      ...(notes.words === undefined ? [] : [notes.words]),
      ...notes.changes.flatMap(({ chart, changes }) => [
        ...(chart === undefined || changes.length === 0 ? [] : [`## ${inert(shorten(chart, 200))}`]),
        ...bySection(changes).flatMap(({ section, changes: those }) => [
          `### ${section}`,
          ...those.slice(0, MOST_CHANGES).map(changeLine),
          ...(those.length > MOST_CHANGES ? [`- … and ${those.length - MOST_CHANGES} more`] : []),
        ]),
      ]),
      ...(notes.since === undefined ? [] : [`Since ${inert(notes.since)}.`]),
      '### Packages',
      table(
        ['Chart', 'Version', 'File', 'sha256'],
        report.packages.map((one) => [inert(one.chart), inert(one.version), inert(one.file), inert(one.sha256)]),
      ),
      ...published.map((one) => codeBlock('sh', commandsFor(one))),
    ],
    LIMIT_BYTES,
  );
}

/** The number of a pull request at a subject's end, as GitHub writes it, leads there. */
function changeLine({ text, links }: Change): string {
  const line = oneLine(text);
  const number = /^(.*) \(#([0-9]{1,9})\)$/.exec(line);
  const said = number === null ? inert(shorten(line, 500)) : `${inert(shorten(number[1] ?? '', 500))} (#${number[2]})`;
  const leads = links.flatMap(({ name, url }) => {
    const address = safeUrl(url);
    return address === undefined ? [] : [`[${inert(shorten(name, 100))}](${address})`];
  });
  return `- ${[said, ...leads].join(' · ')}`;
}

/** Only https, and nothing that could end the address in Markdown. */
function safeUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'https:' || url.username !== '' || url.href.length > 500) return undefined;
  return url.href.replace(/[()<>\\[\]|`*_]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
