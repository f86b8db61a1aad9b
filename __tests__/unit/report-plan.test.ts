import { expect, test } from '@jest/globals';
import { outputsOf } from '../../src/adapters/github-outputs.ts';
import type { Report } from '../../src/domain/outcome.ts';
import { cleaned } from '../../src/report/cleaned.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { renderPlan } from '../../src/report/render.ts';
import { summaryText } from '../../src/report/summary.ts';
import { terminalText } from '../../src/report/terminal-text.ts';

const folder = 'charts/hunter22\n::error::x\u202e | <b>@team';
const report: Report = {
  version: 1,
  status: 'passed',
  stages: [],
  findings: [],
  packages: [],
  published: [],
  deployments: [],
  plan: {
    charts: [
      {
        chart: 'demo',
        version: '1.0.0',
        source: folder,
        environments: ['dev', 'hunter22'],
        kubeVersions: ['1.35'],
        shard: 1,
        cost: 12.34,
      },
    ],
    publish: ['oci://registry.example/hunter22'],
    matrix: {
      charts: { include: [{ shard: 1, name: 'hunter22', chart: folder }] },
      environments: ['dev', 'hunter22'],
    },
    costs: 'seconds',
  },
};
const redact = (text: string): string => text.replaceAll('hunter22', '***');

test('a secret and hostile text in a plan are in no face of it', () => {
  const shown = cleaned(report, redact);
  const texts = [
    terminalText(shown, undefined, PLAIN),
    summaryText(shown),
    outputsOf(shown, undefined).matrix,
    renderPlan(report, redact)?.['plan.json'] ?? '',
  ];
  for (const text of texts) {
    expect(text).toMatch(/\*\*\*|&#42;&#42;&#42;/);
    expect(text).not.toMatch(/hunter22|\u202e|^::error/m);
  }
  const [, summary] = texts;
  expect(summary).not.toMatch(/<b>|@team/);
  expect(JSON.parse(texts[2] ?? '').environments).toEqual(['dev', '***']);
});

test('a person reads how long a shard takes, and of how large it is where nothing was measured', () => {
  expect(terminalText(report, undefined, PLAIN)).toContain('shard 1 (about 12.3 s, as measured)');
  const { plan } = report;
  if (plan === undefined) throw new Error('no plan');
  expect(terminalText({ ...report, plan: { ...plan, costs: 'bytes' } }, undefined, PLAIN)).toContain(
    'shard 1 (12.34 bytes)',
  );
});
