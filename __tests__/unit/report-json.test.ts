import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { CAUSE_CODES } from '../../src/domain/deployment.ts';
import { SEVERITIES } from '../../src/domain/finding.ts';
import type { Report } from '../../src/domain/outcome.ts';
import { STAGES } from '../../src/domain/stage.ts';
import { renderReport } from '../../src/report/render.ts';
import { hostileReport, SAMPLES } from '../support/sample-report.ts';

const schema = JSON.parse(readFileSync(new URL('../../schemas/report.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
const same = (text: string): string => text;

const reports = { ...SAMPLES, hostile: hostileReport() };

describe('report.json', () => {
  test.each(Object.entries(reports))('%s meets the schema', (_name, report) => {
    validate(JSON.parse(renderReport(report, same)['report.json']));
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each(Object.entries(SAMPLES))('%s says what the report says', (_name, report) => {
    expect(JSON.parse(renderReport(report, same)['report.json'])).toEqual(report);
  });

  test.each([
    ['a key that is not described', { ...SAMPLES.good, extra: 1 }],
    [
      'a key of a finding that is not described',
      { ...SAMPLES.good, findings: [{ ...SAMPLES.invalid.findings[0], x: 1 }] },
    ],
    ['a status that is none', { ...SAMPLES.good, status: 'ok' }],
    ['a line without a file', { ...SAMPLES.good, findings: [{ ...SAMPLES.invalid.findings[0], line: 1 }] }],
    ['a line 0', { ...SAMPLES.good, findings: [{ ...SAMPLES.invalid.findings[0], file: 'a', line: 0 }] }],
    ['a digest that is none', { ...SAMPLES.good, published: [{ ...SAMPLES.good.published[0], digest: 'abc' }] }],
  ])('the schema refuses %s', (_name, report) => {
    expect(validate(report)).toBe(false);
  });

  test('the schema names the stages and severities of the code, and describes every key', () => {
    const { stages, findings } = schema.properties;
    expect(stages.items.properties.name.enum).toEqual([...STAGES]);
    expect(findings.items.properties.stage.enum).toEqual([...STAGES, 'request', 'tools', 'github']);
    expect(findings.items.properties.severity.enum).toEqual([...SEVERITIES]);
    const [, cause] = schema.properties.deployments.items.properties.cause.oneOf;
    expect(cause.properties.code.enum).toEqual([...CAUSE_CODES]);
    expect(undescribed(schema, '')).toEqual([]);
  });

  test('a secret is redacted before it is escaped, and no secret can break the JSON', () => {
    const secret = 'p<&"\'w|d';
    const finding = { ...SAMPLES.invalid.findings[0], message: `wrong password ${secret} given`, rule: 'request/x' };
    const report = { ...SAMPLES.invalid, findings: [finding] } as typeof SAMPLES.invalid;
    const redact = (text: string): string => text.replaceAll(secret, '***').replaceAll('invalid', '***');
    const files = renderReport(report, redact);
    for (const text of Object.values(files)) {
      expect(text).toMatch(/wrong password (\*\*\*|&#42;&#42;&#42;) given/);
      expect(text).not.toMatch(/w\|d|w&#124;d/);
    }
    expect(validate(JSON.parse(files['report.json']))).toBe(true);
  });

  test('an escape sequence in the middle of a secret does not hide it', () => {
    const finding = { ...SAMPLES.invalid.findings[0], message: 'hun\u001b[0mter\u00002' };
    const report = { ...SAMPLES.invalid, findings: [finding] } as typeof SAMPLES.invalid;
    const files = renderReport(report, (text) => text.replaceAll('hunter2', '***'));
    expect(JSON.parse(files['report.json']).findings[0].message).toBe('***');
  });
});

function undescribed(node: unknown, path: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    const here = `${path}/${key}`;
    const missing = path.endsWith('/properties') && typeof value.description !== 'string' ? [here] : [];
    return [...missing, ...undescribed(value, here)];
  });
}

test('a secret in any text of the report is redacted: what is added to it later must be cleaned, too', () => {
  const secret = 'hunter22';
  const finding = {
    stage: 'render',
    rule: 'render/template',
    severity: 'error',
    message: secret,
    hint: secret,
    chart: secret,
    file: secret,
    line: 1,
    column: 1,
    environments: [secret],
    kubeVersions: [secret],
    resource: secret,
    path: secret,
  } as const;
  const report: Report = {
    version: 1,
    status: 'failed',
    stages: [{ name: 'render', chart: secret, environment: secret, kubeVersion: secret, status: 'failed', seconds: 1 }],
    findings: [finding],
    packages: [{ chart: secret, version: secret, file: secret, sha256: '0'.repeat(64) }],
    published: [
      {
        chart: secret,
        version: secret,
        registry: `oci://h/${secret}`,
        reference: `oci://h/${secret}/x@sha256:${'0'.repeat(64)}`,
        digest: `sha256:${'0'.repeat(64)}`,
        outcome: 'pushed',
      },
    ],
    deployments: [
      {
        chart: secret,
        environment: secret,
        namespace: secret,
        release: secret,
        reference: `oci://h/${secret}/x@sha256:${'0'.repeat(64)}`,
        outcome: 'failed',
        cause: { code: 'other', resource: secret, message: secret, hint: secret, file: secret, line: 1, log: secret },
        tests: [{ name: secret, outcome: 'failed', log: secret }],
      },
    ],
  };
  for (const text of Object.values(renderReport(report, (text) => text.replaceAll(secret, '***'))))
    expect(text).not.toContain(secret);
});
