import { randomUUID } from 'node:crypto';

/*
 * The runner's protocol on standard output and in its files, written here and not by @actions/core: a
 * mask must be out, synchronously, before anything else is (the library is worth loading only lazily: it
 * brings an HTTP client, 45 ms), and the library writes to the process's own stdout and environment, past
 * redaction. A test compares each form with what the library writes.
 */

/** `::error file=…,line=…::message`; properties that are not given are left out. */
export function command(
  name: string,
  properties: Readonly<Record<string, string | number | undefined>>,
  data: string,
): string {
  const given = Object.entries(properties).filter(([, value]) => value !== undefined && value !== '');
  const list = given.map(([key, value]) => `${key}=${escapeProperty(String(value))}`).join(',');
  return `::${name}${list === '' ? '' : ` ${list}`}::${escapeData(data)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/**
 * The text so that the runner takes no line of it for a command. It looks for `::` at the beginning of a
 * line, after any blanks (also those of Unicode), and for `##[` anywhere; lines end at CR and LF alike.
 * A backslash breaks both.
 */
export function notACommand(text: string): string {
  return text.replace(/^((?:[^\S\r\n\u2028\u2029]|\u0085)*)::/gm, '$1\\::').replaceAll('##[', '##\\[');
}

/** Foreign text between `::stop-commands::` and its random token, for blocks of many lines. */
export function stopped(text: string): string {
  const token = `chartship-${randomUUID()}`;
  return `::stop-commands::${token}\n${notACommand(text)}\n::${token}::`;
}

/** An entry of GITHUB_OUTPUT or GITHUB_STATE; no value can end it early, for the delimiter is random. */
export function fileEntry(name: string, value: string): string {
  const delimiter = `ghadelimiter_${randomUUID()}`;
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}
