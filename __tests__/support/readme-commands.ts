import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './scenario.ts';

/** The command blocks below a heading of the chart's README, as they are written. */
export function commandsUnder(heading: string): readonly string[] {
  const readme = readFileSync(join(repository, 'chart/README.md'), 'utf8');
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`chart/README.md has no heading "${heading}"`);
  return [...section.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
}

/** The one block below a heading that has all of these texts in it. */
export function commandBlock(heading: string, ...texts: readonly string[]): string {
  const found = commandsUnder(heading).filter((block) => texts.every((text) => block.includes(text)));
  if (found.length !== 1) throw new Error(`${found.length} blocks under "${heading}" have ${texts.join(', ')}, not 1`);
  return found[0] ?? '';
}
