import type { Comparison } from '../domain/comparison.ts';
import type { Report } from '../domain/outcome.ts';
import { diffLines } from '../domain/release-diff.ts';
import { codeBlock, inert, inertLines, table } from './markdown.ts';
import { count, plainText, shorten } from './plain-text.ts';

/** Dangers and images of one comparison that are listed. */
const MOST_DANGERS = 30;
const MOST_IMAGES = 30;
/** UTF-16 units of a line of the differences. */
const LINE_LENGTH = 400;

/** What may lose data or traffic, of every comparison: read before all else. A block each, so that none takes others along. */
export function dangerBlocks({ comparisons = [] }: Report): string[] {
  const number = comparisons.reduce((sum, { dangers }) => sum + dangers.length, 0);
  if (number === 0) return [];
  const blocks = comparisons.flatMap(({ environment, dangers }) => [
    ...dangers
      .slice(0, MOST_DANGERS)
      .map(
        ({ object, message }) =>
          `- **${inert(shorten(environment, 200))}** · ${inert(shorten(object, 300))} ${inert(shorten(message, 500))}`,
      ),
    ...(dangers.length > MOST_DANGERS
      ? [`- **${inert(shorten(environment, 200))}** … and ${dangers.length - MOST_DANGERS} more in \`report.json\`.`]
      : []),
  ]);
  return [`### ⚠️ ${count(number, 'danger')}`, ...blocks];
}

/** What would be different in each environment; all of it in about `bytes`. */
export function comparisonBlocks({ comparisons = [] }: Report, bytes: number): string[] {
  if (comparisons.length === 0) return [];
  const several = new Set(comparisons.map(({ chart }) => chart)).size > 1;
  const share = Math.floor(bytes / comparisons.length);
  return ['### What would change', ...comparisons.flatMap((one) => blocksOf(one, several, share))];
}

function blocksOf(one: Comparison, several: boolean, bytes: number): string[] {
  const { against, reason, objects, images } = one;
  const name = several ? `${one.chart} in ${one.environment}` : one.environment;
  const head = `**${inert(shorten(name, 300))}**`;
  if (reason !== undefined) return [`${head}: not compared: ${inertLines(shorten(reason, 1000))}`];
  const installs = one.as === undefined ? '' : ', as installs (one of them is not rendered as an upgrade here)';
  const since = against === undefined ? '' : ` since ${inert(shorten(against.version, 100))}${installs}`;
  if (objects.length === 0) return [`${head}: nothing${since}`];
  const kinds = [
    ['removed', 'removed'],
    ['changed', 'changed'],
    ['added', 'added'],
  ] as const;
  const counts = kinds.flatMap(([kind, word]) => {
    const number = objects.filter((object) => object.kind === kind).length;
    return number === 0 ? [] : [`${number} ${word}`];
  });
  return [
    `${head}${since}: ${counts.join(', ')}`,
    ...(images.length === 0 ? [] : [imageTable(one)]),
    folded(one, bytes),
  ];
}

function imageTable({ images }: Comparison): string {
  const short = (text: string): string => inert(shorten(text, 200));
  const rows = images
    .slice(0, MOST_IMAGES)
    .map(({ object, container, from, to }) => [short(object), short(container), short(from), short(to)]);
  const more = images.length - rows.length;
  return table(
    ['Object', 'Container', 'Image now', 'Image then'],
    [...rows, ...(more > 0 ? [['…', '', '', `${more} more in \`report.json\``]] : [])],
  );
}

/** What goes first, then what changes, then what comes; cut to so many bytes in whole objects. */
function folded({ objects }: Comparison, bytes: number): string {
  const order = ['removed', 'changed', 'added'] as const;
  const sorted = [...objects].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const lines: string[] = [];
  let room = bytes;
  let shown = 0;
  for (const object of sorted) {
    const own = diffLines([object]).map((line) => shorten(plainText(line).replaceAll('\n', ' '), LINE_LENGTH));
    // GitHub colours `!`, and `-` and `+`.
    own[0] = (own[0] ?? '').replace(/^~/, '!');
    const size = own.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    if (size > room) break;
    room -= size;
    shown += 1;
    lines.push(...own);
  }
  const more = objects.length - shown;
  if (more > 0) lines.push(`… and ${count(more, 'object')} more in report.json`);
  return `<details><summary>${count(objects.length, 'object')}</summary>\n\n${codeBlock('diff', lines)}\n\n</details>`;
}
