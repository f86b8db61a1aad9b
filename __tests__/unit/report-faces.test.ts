import { describe, expect, test } from '@jest/globals';
import { annotationsOf } from '../../src/report/annotations.ts';
import { commentText } from '../../src/report/comment.ts';
import { junitText } from '../../src/report/junit.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { sarifText } from '../../src/report/sarif.ts';
import { summaryText } from '../../src/report/summary.ts';
import { terminalText } from '../../src/report/terminal-text.ts';
import { SAMPLES } from '../support/sample-report.ts';

/** What each face says of each kind of ending: read the snapshots as a user would. */
describe.each(Object.entries(SAMPLES))('%s', (_name, report) => {
  test('terminal', () => {
    expect(terminalText(report, '/repository/chartship-report', PLAIN)).toMatchSnapshot();
  });
  test('job summary', () => {
    expect(summaryText(report)).toMatchSnapshot();
  });
  test('comment', () => {
    const frame = { marker: '<!-- marker -->', commit: 'c0ffee00c0ffee00', runUrl: 'https://github.example/run/1' };
    expect(commentText(report, frame)).toMatchSnapshot();
  });
  test('annotations', () => {
    expect(annotationsOf(report)).toMatchSnapshot();
  });
  test('JUnit', () => {
    expect(junitText(report)).toMatchSnapshot();
  });
  test('SARIF', () => {
    expect(sarifText(report)).toMatchSnapshot();
  });
});
