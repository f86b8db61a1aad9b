import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const source = join(dirname(fileURLToPath(import.meta.url)), '../../src');

/** The rooms of the house and the rooms each may import from (docs/decisions/0001-the-house.md). */
const ARROWS: Record<string, readonly string[]> = {
  root: ['main', 'adapters', 'domain', 'config', 'version'],
  main: ['config', 'plan', 'stages', 'github', 'report', 'ports', 'domain', 'version'],
  plan: ['config', 'ports', 'domain', 'plan'],
  stages: ['ports', 'domain', 'stages'],
  github: ['ports', 'domain', 'report', 'github'],
  report: ['domain', 'report'],
  config: ['inputs', 'config', 'ports', 'domain'],
  adapters: ['ports', 'domain', 'config', 'inputs', 'report', 'adapters'],
  ports: ['domain', 'ports'],
  inputs: [],
  version: [],
  domain: ['domain'],
};

/** Files that stand directly in src/. */
const ROOMS: Record<string, string> = {
  'start.ts': 'root',
  'index.ts': 'root',
  'post.ts': 'root',
  'cli.ts': 'root',
  'main.ts': 'main',
  'check.ts': 'main',
  'code-frames.ts': 'main',
  'record.ts': 'main',
  'release.ts': 'main',
  'release-files.ts': 'main',
  'published.ts': 'main',
  'verified.ts': 'main',
  'aftermath.ts': 'main',
  'checked-with.ts': 'main',
  'deployments.ts': 'main',
  'aliases.ts': 'main',
  'planning.ts': 'main',
  'publishing.ts': 'main',
  'pull-request.ts': 'main',
  'held-back.ts': 'main',
  'report-folder.ts': 'main',
  'plan.ts': 'plan',
  'chart-versions.ts': 'plan',
  'matrix.ts': 'plan',
  'costs.ts': 'plan',
  'survey.ts': 'plan',
  'own-policies.ts': 'plan',
  'crd-schemas.ts': 'plan',
  'definition-artifacts.ts': 'plan',
  'values-files.ts': 'plan',
  'encrypted-values.ts': 'plan',
  'config.ts': 'config',
  'request.ts': 'config',
  'goal.ts': 'config',
  'configuration.ts': 'config',
  'secret-settings.ts': 'config',
  'artifacthub-settings.ts': 'config',
  'config-file.ts': 'config',
  'policy-settings.ts': 'config',
  'settings.ts': 'config',
  'attestation-settings.ts': 'config',
  'version-settings.ts': 'config',
  'github-request.ts': 'config',
  'release-settings.ts': 'config',
  'inputs.ts': 'inputs',
  'ports.ts': 'ports',
  'version.ts': 'version',
};

function roomOf(path: string): string | undefined {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ROOMS[path];
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'));

function importsOf(path: string): string[] {
  const text = readFileSync(join(source, path), 'utf8');
  // What isn't code, such as the schemas, is in no room.
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g)].map((match) => match[1] ?? '');
  return found.map((target) => relative(source, join(source, dirname(path), target)).replaceAll('\\', '/'));
}

describe('imports point one way', () => {
  test('every file is in a room', () => {
    expect(files.filter((path) => roomOf(path) === undefined || !((roomOf(path) ?? '') in ARROWS))).toEqual([]);
    expect(files.length).toBeGreaterThan(20);
  });

  test('no arrow but the allowed ones', () => {
    const wrong: string[] = [];
    for (const path of files) {
      const from = roomOf(path) ?? '';
      for (const target of importsOf(path)) {
        const to = roomOf(target) ?? '';
        const same = from === to && ['main'].includes(from);
        if (!same && !ARROWS[from]?.includes(to)) wrong.push(`${path} → ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('only adapters/process.ts, and what it needs itself, start programs', () => {
    const starters = files.filter((path) =>
      /'(node:)?child_process'|'execa'|'@actions\/exec'/.test(readFileSync(join(source, path), 'utf8')),
    );
    // start.ts loads that module in time, and starts nothing.
    expect(starters.sort()).toEqual(['adapters/memory.ts', 'adapters/process.ts', 'adapters/watchdog.ts', 'start.ts']);
  });

  test('no room for odds and ends', () => {
    expect(files.filter((path) => /(^|\/)(utils?|helpers?|common|types)(\.ts|\/)/.test(path))).toEqual([]);
  });
});
