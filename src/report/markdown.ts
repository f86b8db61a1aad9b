import { oneLine, plainText } from './plain-text.ts';

/**
 * Foreign text as Markdown that reads the same and does nothing. CommonMark takes an entity for the
 * character but never for markup, so every mark that could begin some is written as one. Mentions,
 * issue numbers and bare URLs are looked for by GitHub after that, in the finished text: a zero-width
 * space breaks those.
 */
export function inert(text: string): string {
  return oneLine(text)
    .replace(/[&<>"`*_{}[\]\\|~#+!=$^@]/g, (mark) => ENTITIES[mark] ?? `&#${mark.charCodeAt(0)};`)
    .replace(/:(?=\/\/)/g, ':&#8203;')
    .replace(/\bwww\./gi, (found) => `${found.slice(0, 3)}&#8203;.`)
    .replace(/\bGH-(?=\d)/gi, (found) => `${found}&#8203;`);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '@': '&#64;&#8203;',
  '#': '&#35;&#8203;',
};

/** As `inert`, line by line, with the line breaks kept; fits into a list item or a table cell. */
export function inertLines(text: string): string {
  return plainText(text)
    .trim()
    .split('\n')
    .map((line) => inert(line))
    .join('<br>');
}

/** A fenced block of lines that are to be copied exactly; its fence is longer than any within. */
export function codeBlock(language: string, lines: readonly string[]): string {
  // Blanks before a line mean something in a traceback.
  const text = lines.map((line) => plainText(line).replaceAll('\n', ' ').trimEnd()).join('\n');
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** A short text of ours that stays on one line: in a narrow column GitHub breaks at every blank. */
export function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** A table; cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
