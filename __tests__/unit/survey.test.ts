import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createFiles } from '../../src/adapters/files.ts';
import { survey } from '../../src/survey.ts';

test('charts are in the order in which they are given, those of one pattern by name, each once', async () => {
  const root = mkdtempSync(join(tmpdir(), 'chartship-survey-'));
  const cancel = new AbortController().signal;
  const files = await createFiles({ root, temporaryBase: root, cancel });
  try {
    for (const name of ['two/web', 'two/api', 'more/b', 'more/a']) {
      mkdirSync(join(root, name), { recursive: true });
      writeFileSync(join(root, name, 'Chart.yaml'), `apiVersion: v2\nname: ${name.slice(-1)}\nversion: 1.0.0\n`);
    }
    const charted = { patterns: ['two/web', 'two/api', 'more/*', 'two/web'], base: root, insideOnly: false };
    const request = { charts: { ...charted, published: false }, place: () => ({}) };
    const { charts } = await survey(request, files);
    expect(charts.map(({ source }) => source)).toEqual(['two/web', 'two/api', 'more/a', 'more/b']);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
