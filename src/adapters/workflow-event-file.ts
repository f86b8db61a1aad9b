import { readFileSync } from 'node:fs';

/** What the runner wrote down of the event that set a workflow off; `{}` where there is none, or none that can be read. */
export function eventOf({ GITHUB_EVENT_PATH: path }: NodeJS.ProcessEnv): Readonly<Record<string, unknown>> {
  try {
    const event: unknown = JSON.parse(readFileSync(path ?? '', 'utf8'));
    return typeof event === 'object' && event !== null ? (event as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
