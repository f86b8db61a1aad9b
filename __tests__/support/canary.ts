import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * Every secret of these tests holds this word in each of its parts, so that a part of a secret is found as well
 * as the whole. The search knows nothing of how redaction works: it decodes what it finds and looks again.
 */
export const CANARY = 'Kanarie7';

/** Where the word stands in a text: itself, or in base64, percent- or backslash-escapes, twice over. */
export function tracesIn(text: string, depth = 2): string[] {
  const traces: string[] = [];
  for (let at = text.indexOf(CANARY); at !== -1; at = text.indexOf(CANARY, at + 1)) {
    traces.push(text.slice(Math.max(0, at - 60), at + 60));
  }
  if (traces.length > 0 || depth === 0) return traces.slice(0, 3);
  const decoded = [unescaped(text), ...base64Of(text), ...base64Of(text.replace(/\s+/g, ''))].filter(
    (other) => other !== text,
  );
  return decoded.flatMap((other) => tracesIn(other, depth - 1));
}

function unescaped(text: string): string {
  return text
    .replace(/%([0-9a-f]{2})/gi, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\u([0-9a-f]{4})/gi, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\x([0-9a-f]{2})/gi, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** What every run of base64 digits says, from each of the four places where it may begin. */
function base64Of(text: string): string[] {
  const runs = text.match(/[A-Za-z0-9+/_-]{11,}/g) ?? [];
  return [0, 1, 2, 3].map((offset) =>
    runs.map((run) => Buffer.from(run.slice(offset), 'base64').toString('latin1')).join('\n'),
  );
}

/** The traces in all files below a folder, archives unpacked, by file. */
export function tracesBelow(folder: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  if (!existsSync(folder)) return found;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    const traces = [...tracesIn(entry.name), ...tracesIn(content.toString('latin1'))];
    if (traces.length > 0) found[file] = traces;
  }
  return found;
}

/** The log without the lines that only the runner sees. */
export function shownLog(stdout: string): string {
  return stdout.replace(/^::add-mask::.*\n/gm, '');
}
