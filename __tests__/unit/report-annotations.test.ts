import { expect, test } from '@jest/globals';
import type { Severity } from '../../src/domain/finding.ts';
import { annotationsOf } from '../../src/report/annotations.ts';
import { reportOf } from '../support/sample-report.ts';

function findings(severity: Severity, number: number) {
  return Array.from({ length: number }, (_, index) => ({
    stage: 'lint' as const,
    rule: 'lint/helm',
    severity,
    message: `${severity} ${index}`,
  }));
}

test('ten of a level are shown as they are', () => {
  const annotations = annotationsOf(reportOf({ findings: findings('warning', 10) }));
  expect(annotations.map((one) => one.message)).toEqual(findings('warning', 10).map((one) => one.message));
});

test('of more than ten the runner would drop some silently: the tenth says how many', () => {
  const annotations = annotationsOf(
    reportOf({ findings: [...findings('note', 12), ...findings('error', 25), ...findings('warning', 11)] }),
  );
  for (const level of ['error', 'warning', 'notice']) {
    expect(annotations.filter((one) => one.level === level)).toHaveLength(10);
  }
  expect(annotations.map((one) => one.level).indexOf('warning')).toBe(10);
  expect(annotations[9]?.message).toBe('16 more of these: see the job summary and report.json.');
  expect(annotations[19]?.message).toMatch(/^2 more/);
  expect(annotations[29]?.message).toMatch(/^3 more/);
});

test('a run that failed is never without an error, nor with an eleventh', () => {
  expect(annotationsOf(reportOf({ status: 'failed' }))).toHaveLength(1);
  const warnings = annotationsOf(reportOf({ status: 'failed', findings: findings('warning', 1) }));
  expect(warnings.map((one) => one.level)).toEqual(['warning']);
  const notes = annotationsOf(reportOf({ status: 'failed', findings: findings('note', 1) }));
  expect(notes.map((one) => one.level)).toEqual(['error', 'notice']);
});
