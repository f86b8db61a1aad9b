import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Finding } from '../../src/domain/finding.ts';
import type { Report } from '../../src/domain/outcome.ts';
import { type Ended, repository } from './scenario.ts';

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(
  JSON.parse(readFileSync(join(repository, 'schemas/report.schema.json'), 'utf8')) as object,
);

const CODES: Record<string, number> = { passed: 0, failed: 1, invalid: 2, error: 3 };

/**
 * What holds however a run ends: it wrote a report that meets its schema and tells the same as the exit code,
 * it shows no stack and none of its temporary paths. `actionCode` is what the Action ends with.
 */
export function sound(ended: Ended, status: keyof typeof CODES): Report {
  const output = `${ended.stdout}${ended.stderr}`;
  const { report } = ended;
  if (report === undefined) throw new Error(`no report was written (exit code ${ended.code}):\n${output}`);
  const said = `${output}\n${JSON.stringify(report.findings, undefined, 1)}`;
  expect({ status: report.status, code: ended.code, said }).toEqual({ status, code: CODES[status], said });
  validate(report);
  expect(validate.errors ?? []).toEqual([]);
  expect(output).not.toMatch(/^\s+at .*[:(]\S+:\d+:\d+\)?$/m);
  expect(output).not.toMatch(/node:internal|[A-Z]\w*Error: /);
  expect(ended.stderr).toBe('');
  expect(JSON.stringify(report.findings)).not.toMatch(
    /\/chartship-[A-Za-z0-9]{6}|chart-[A-Za-z0-9]{6}\/|undefined|\[object/,
  );
  for (const run of report.stages) {
    if (status === 'passed') expect(run.status).not.toBe('failed');
  }
  return report;
}

/** Of a run that ended as it should: its one finding that isn't a note. */
export function oneFinding(ended: Ended, status: 'failed' | 'invalid' | 'error'): Finding {
  const report = sound(ended, status);
  const told = report.findings.filter(({ severity }) => severity !== 'note');
  if (told.length !== 1 || told[0] === undefined)
    throw new Error(`not one finding: ${JSON.stringify(told, undefined, 1)}`);
  // Each face shows it once.
  const message = told[0].message.split('\n')[0]?.trim() ?? '';
  expect(ended.stdout).toContain(message);
  return told[0];
}
