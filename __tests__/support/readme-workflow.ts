import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './scenario.ts';

/** The workflow that the README tells a stranger to write, as it stands there. */
export function readmeWorkflow(): string {
  const readme = readFileSync(join(repository, 'README.md'), 'utf8');
  const [, text] = /^## The whole pipeline\n[\s\S]*?^```yaml\n([\s\S]*?)```$/m.exec(readme) ?? [];
  if (text === undefined) throw new Error('README.md has no workflow under "The whole pipeline"');
  return text;
}

/** It with another registry than the example's; what else is different is said. */
export function callerWorkflow(registry: string, ...changes: readonly (readonly [string, string])[]): string {
  return [['oci://ghcr.io/acme/charts', registry] as const, ...changes].reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the README's workflow has no ${from}`);
    return text.replace(from, to);
  }, readmeWorkflow());
}
