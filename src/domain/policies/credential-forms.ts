import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';

/** A text, and the name that it is under: some credentials are known only by both. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/**
 * Which of these texts hold a credential in a form that secretlint knows (tokens of well-known services, private keys,
 * connection strings with a password), and what it calls them. Loaded only for texts that may (secret-texts.ts).
 */
export async function recognised(texts: readonly NamedText[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { name, text } of texts) {
    // As in a file of settings, which is what its rules look for.
    const content = `${name}=${text}`;
    const { messages } = await lintSource({
      source: { filePath: 'settings.txt', ext: '.txt', contentType: 'text', content },
      options: { config: { rules: [{ id: PRESET, rule: creator, options: {} }] }, maskSecrets: true },
    });
    const first = messages.find(({ range: [start, end] }) => !isReference(content.slice(start, end)));
    if (first !== undefined) found.set(text, wordsOf(first.messageId));
  }
  return found;
}

const PRESET = '@secretlint/secretlint-rule-preset-recommend';

/** The password in it is a variable, or a template's. */
function isReference(text: string): boolean {
  return /\$[({A-Za-z_]|\{\{/.test(text);
}

/** `GITHUB_TOKEN`, `PostgreSQLConnection` → `GITHUB TOKEN`, `PostgreSQL Connection`: what a person reads. */
function wordsOf(id: string): string {
  return (id.match(WORDS) ?? [id]).join(' ');
}

/** Names that have capitals inside, abbreviations, and words. */
const WORDS = /PostgreSQL|MySQL|MongoDB|[A-Z]+[0-9]*(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+/g;
