import type { ReportingDescriptor } from 'sarif';
import type { RulePages } from '../domain/rule-pages.ts';
import { shorten } from './plain-text.ts';

/** Characters of a page, and of the lines that stand for it: code scanning shows no more than some. */
const MOST_OF_PAGE = 8_000;
const MOST_OF_LINE = 1_000;

/** A rule as SARIF describes it: by its page, where it has one, else by its name alone. */
export function ruleDescriptor(id: string, { pages, address }: RulePages): ReportingDescriptor {
  const page = Object.hasOwn(pages, id) ? pages[id] : undefined;
  if (page === undefined) return { id, shortDescription: { text: id.replace(/[/-]+/g, ' ') } };
  // The title is the rule's name, which is there already.
  const body = page.replace(/^# .*\n+/, '').trim();
  const lead = withoutMarks(body.slice(0, Math.max(body.indexOf('\n\n'), 0)) || body);
  const folder = address && `${address}/${id.replace(/[^/]*$/, '')}`;
  return {
    id,
    shortDescription: { text: shorten(firstSentence(lead), MOST_OF_LINE) },
    fullDescription: { text: shorten(lead, MOST_OF_LINE) },
    help: {
      text: shorten(withoutMarks(body), MOST_OF_PAGE),
      markdown: shorten(withWholeLinks(body, folder), MOST_OF_PAGE),
    },
    ...(address !== undefined && { helpUri: `${address}/${id}.md` }),
  };
}

function firstSentence(lead: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(lead)?.[0] ?? lead;
}

/** Markdown for who shows it as it is. Blocks of code and tables can be read so. */
function withoutMarks(markdown: string): string {
  return markdown
    .replace(LINK, (_, text: string, target: string) => (isWhole(target) ? `${text} (${target})` : text))
    .replace(/^```.*\n/gm, '')
    .replace(/^```$/gm, '')
    .replace(/^#+ /gm, '')
    .replace(/\*\*([^*\n]+)\*\*/g, '$1')
    .replace(/`([^`\n]+)`/g, '$1')
    .trim();
}

/** Links between pages lead nowhere from where a report is shown, unless the pages' address is known. */
function withWholeLinks(markdown: string, folder: string | undefined): string {
  return markdown.replace(LINK, (link, text: string, target: string) => {
    if (isWhole(target)) return link;
    return folder === undefined ? text : `[${text}](${new URL(target, folder).href})`;
  });
}

const LINK = /\[([^\][\n]*)\]\(([^()\s]*)\)/g;

function isWhole(target: string): boolean {
  return /^https?:/.test(target);
}
