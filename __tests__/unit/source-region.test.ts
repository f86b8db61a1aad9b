import { describe, expect, test } from '@jest/globals';
import { sourceRegions } from '../../src/domain/source-region.ts';
import { cleaned } from '../../src/report/cleaned.ts';
import { jsonText } from '../../src/report/json.ts';
import { sarifText } from '../../src/report/sarif.ts';
import { reportOf } from '../support/sample-report.ts';

const VALUES = 'image: demo\r\nreplicas: "3"\npassword: hunter2x\nlevel: 1\n\nauth:\n  token: hunter2x\n';

describe('a region', () => {
  const at = sourceRegions(VALUES);

  test('is the text from the place on, with the whole lines beside it', () => {
    expect(at(1, 8)).toEqual({ text: 'demo', around: { line: 1, endLine: 2, text: 'image: demo\nreplicas: "3"' } });
    expect(at(1)?.text).toBe('image: demo');
  });

  test('has no line beside it that may hold a secret, and none of such a line itself', () => {
    expect(at(2, 11)).toEqual({ text: '"3"', around: { line: 1, endLine: 2, text: 'image: demo\nreplicas: "3"' } });
    expect(at(4, 1)).toEqual({ text: 'level: 1' });
    expect(at(3, 1)).toBeUndefined();
    expect(at(7, 3)).toBeUndefined();
  });

  test('is none where there is no such place, nor of a line without measure', () => {
    for (const [line, column] of [
      [99, 1],
      [5, 1],
      [1, 99],
    ] as const)
      expect(at(line, column)).toBeUndefined();
    expect(sourceRegions(`a: ${'x'.repeat(5_000)}`)(1)).toBeUndefined();
  });

  test('of a thousand findings in one file is found in some seconds', () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => `${' '.repeat(index % 500)}key${index}: value`);
    const region = sourceRegions(lines.join('\n'));
    const started = performance.now();
    for (let line = 1; line <= lines.length; line++) region(line, 1);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

const finding = {
  stage: 'validate',
  rule: 'schema/type',
  severity: 'error',
  message: 'a',
  file: 'chart/values.yaml',
  line: 2,
  column: 11,
  region: { text: 's3cr3t "3"', around: { line: 1, endLine: 2, text: 'image: demo\nreplicas: s3cr3t "3"\u001b[31m' } },
} as const;
const redact = (text: string): string => text.replaceAll('s3cr3t', '***');

test('in SARIF it is a snippet, with the known secrets taken out, and within a larger region', () => {
  const report = cleaned(reportOf({ findings: [finding] }), redact);
  const [result] = JSON.parse(sarifText(report)).runs[0].results;
  expect(result.locations[0].physicalLocation).toEqual({
    artifactLocation: { uri: 'chart/values.yaml', uriBaseId: '%SRCROOT%' },
    region: { startLine: 2, startColumn: 11, snippet: { text: '*** "3"' } },
    contextRegion: { startLine: 1, endLine: 2, snippet: { text: 'image: demo\nreplicas: *** "3"' } },
  });
  expect(jsonText(report)).not.toContain('region');
});
