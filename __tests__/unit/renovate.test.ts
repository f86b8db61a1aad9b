import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { KNOWN_KUBE_VERSIONS } from '../../src/domain/kubernetes.ts';
import { TOOL_RELEASES } from '../../src/domain/tool-releases.ts';

/** Renovate finds by patterns what the code names: a pattern that finds nothing would be silent for ever. */

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n');

interface Manager {
  readonly depNameTemplate: string;
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
}
const { customManagers, packageRules } = JSON.parse(read('renovate.json')) as {
  customManagers: readonly Manager[];
  packageRules: readonly { matchDepNames?: readonly string[]; matchFileNames?: readonly string[] }[];
};

/** As the strategy `recursive` has it: each pattern looks in what the one before found. */
function foundBy({ managerFilePatterns, matchStrings }: Manager): string[] {
  const patterns = managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1)));
  const files = tracked.filter((name) => patterns.some((pattern) => pattern.test(name)));
  let texts = files.map(read);
  let values: string[] = [];
  for (const pattern of matchStrings) {
    const matches = texts.flatMap((text) => [...text.matchAll(new RegExp(pattern, 'g'))]);
    texts = matches.map(([text]) => text);
    values = matches.flatMap(({ groups }) => groups?.currentValue ?? []);
  }
  return values;
}

test.each<[string, readonly string[]]>([
  ['helm', Object.values(TOOL_RELEASES.helm.pinned)],
  ['oras', Object.values(TOOL_RELEASES.oras.pinned)],
  ['kubernetes-schemas', KNOWN_KUBE_VERSIONS.map(({ full }) => full)],
])('finds the versions of %s that src/ names, and no others', (name, versions) => {
  const managers = customManagers.filter(({ depNameTemplate }) => depNameTemplate === name);
  expect(managers.flatMap(foundBy).sort()).toEqual([...versions].sort());
});

test('its rules are about what is found, and about files that are there', () => {
  const names = customManagers.map(({ depNameTemplate }) => depNameTemplate);
  for (const { matchDepNames = [], matchFileNames = [] } of packageRules) {
    for (const name of matchDepNames) expect(names).toContain(name);
    for (const name of matchFileNames) expect(tracked).toContain(name);
  }
});

test('every action of others is pinned by a commit, with its version beside it', () => {
  const files = tracked.filter((name) => /^\.github\/workflows\/.*\.yml$|^tools\/setup\/action\.yml$/.test(name));
  const uses = files.flatMap((name) => [...read(name).matchAll(/uses: (.+)$/gm)].map(([, what = '']) => what));
  const others = uses.filter((what) => what.startsWith('actions/'));
  expect(others.length).toBeGreaterThan(10);
  for (const what of others) expect(what).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  // One version of each: what was looked at once is looked at.
  const versions = new Map(others.map((what) => [what.split('@')[0], what]));
  expect(new Set(others).size).toBe(versions.size);
  const rest = uses.filter((what) => !what.startsWith('actions/') && !what.startsWith('./'));
  const address = (JSON.parse(read('package.json')) as { repository: string }).repository.replace(/^github:/, '');
  expect(new Set(rest)).toEqual(new Set([`${address}@v1`]));
});
