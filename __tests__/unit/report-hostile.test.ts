import { describe, expect, test } from '@jest/globals';
import { annotationsOf } from '../../src/report/annotations.ts';
import { commentText } from '../../src/report/comment.ts';
import { junitText } from '../../src/report/junit.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { plainText } from '../../src/report/plain-text.ts';
import { sarifText } from '../../src/report/sarif.ts';
import { summaryText } from '../../src/report/summary.ts';
import { terminalText } from '../../src/report/terminal-text.ts';
import { HOSTILE, hostileReport, reportOf, SAMPLES } from '../support/sample-report.ts';

const report = hostileReport();
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\ufeff]|\p{Cs}/u;

/** Milliseconds of the processor: on a busy machine the clock says nothing of what a text costs. */
function cpuMilliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** A report of one finding with this message, hint, file and chart. */
function saying(text: string) {
  const finding = { ...SAMPLES.findings.findings[0], message: text, hint: text, file: text, chart: text };
  return reportOf({ findings: [finding] as never });
}

describe('plain text', () => {
  test.each([
    ['\u001b[1;31mred\u001b[0m', 'red'],
    ['50%\r100%\r\n', '50%\n100%\n'],
    ['a\u0000b\u0007c', 'abc'],
    ['\u009b31mred', 'red'],
    ['\u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u0007', 'link'],
    ['\u001b]0;no end of it', '0;no end of it'],
    ['\u001bcreset\u001b(B', 'reset'],
    ['\u202etxt.exe', 'txt.exe'],
    ['zero\u200bwidth', 'zerowidth'],
    ['half \ud800 pair', 'half  pair'],
    ['ünïcode 🚢\tand tab\nand line', 'ünïcode 🚢\tand tab\nand line'],
    ['a\u2028b\u0085c', 'a\nb\nc'],
  ])('%j is %j', (text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  test('applied again it changes nothing', () => {
    for (const text of HOSTILE) expect(plainText(plainText(text))).toBe(plainText(text));
  });

  test('takes linear time on text made of beginnings of escape sequences', () => {
    const started = process.cpuUsage();
    plainText('\u001b]0;a'.repeat(200_000));
    plainText('\u001b['.repeat(200_000));
    plainText('\u009d'.repeat(400_000));
    plainText('\u001b[1;'.repeat(200_000));
    plainText(`\u001b${'['.repeat(400_000)}`);
    plainText(`\u001b]${';a'.repeat(400_000)}`);
    expect(cpuMilliseconds(started)).toBeLessThan(3000);
  });
});

test('no face takes long on blanks, line feeds or backticks without end', () => {
  const started = process.cpuUsage();
  for (const text of [' '.repeat(1_000_000), '\n'.repeat(1_000_000), '` '.repeat(500_000), ' \n'.repeat(300_000)]) {
    const one = { ...SAMPLES.good.published[0], chart: text } as never;
    const all = { ...saying(text), published: [one] };
    for (const face of [summaryText, junitText, sarifText, annotationsOf]) face(all);
    terminalText(all, text, PLAIN);
  }
  expect(cpuMilliseconds(started)).toBeLessThan(5000);
});

describe('terminal', () => {
  test('no control character comes through, and no line of a message looks like one of ours', () => {
    const text = terminalText(report, '/repository/\u001b[31mreport\u001b[0m', PLAIN);
    expect(text).not.toMatch(CONTROL);
    expect(terminalText(saying('first\nerror: second'), '/r', PLAIN)).not.toMatch(/^error: second/m);
  });

  test('very long text is cut', () => {
    expect(terminalText(saying('x'.repeat(1_000_000)), '/r', PLAIN).length).toBeLessThan(1_020_000);
    const finding = { ...SAMPLES.invalid.findings[0], message: 'x'.repeat(1_000_000) } as never;
    expect(terminalText(reportOf({ findings: [finding] }), '/r', PLAIN).length).toBeLessThan(5000);
  });
});

describe('annotations', () => {
  test('no control character comes through but line feeds of a message', () => {
    for (const { message, title, file } of annotationsOf(report)) {
      expect(message).not.toMatch(CONTROL);
      expect(`${title}${file}`).not.toMatch(/[\n\r]/);
    }
  });
});

const FRAME = { marker: '<!-- chartship-comment 0 run 1.1 -->', commit: 'c0ffee', runUrl: 'https://run.example/1' };

/** What is left when the fenced blocks are taken out, as CommonMark delimits them. */
function prose(markdown: string): string {
  return markdown.replace(/^(`{3,})(?:sh|text|diff)\n[\s\S]*?\n\1$/gm, '');
}

/** The faces that GitHub renders. */
const RENDERED = {
  'job summary': { text: summaryText(report), tables: 3 + (report.comparisons ?? []).length / 2 },
  comment: { text: commentText({ ...report, findings: [] }, FRAME), tables: 1 },
  'comment without checks': { text: commentText({ ...report, stages: [] }, FRAME), tables: 0 },
};

describe.each(Object.entries(RENDERED))('%s', (_name, { text: markdown, tables: number }) => {
  test('nothing of a chart becomes markup, a mention or a link', () => {
    const text = prose(markdown)
      .replace(`${FRAME.marker}\n`, '')
      .replaceAll('`report.json`', '')
      .replaceAll('[the summary of the run](https://run.example/1)', '')
      .replace(/^_(Of c0ffee\..*|This is not all.*)_$/gm, '$1')
      .replace(/^<details><summary>(\d+ objects|What was checked)<\/summary>$|^<\/details>$/gm, '')
      .replaceAll('<br>', '')
      .replace(/^- (\*\*.*?\*\* · )/gm, (_all, place: string) => place.replaceAll('**', ''))
      .replace(/^\*\*(.*?)\*\*( →| \(| since|: not compared|: not released)/gm, '$1$2')
      .replace(/ · set in \*\*(.*?)\*\*$/gm, ' · set in $1');
    expect(text.match(/&#(64|35);(?!&#8203;)/g)).toBeNull();
    const lines = text.split('\n').filter((line) => !/^(#{2,3} [^#]*|\|.*\||)$/.test(line));
    expect(lines.join('\n')).not.toMatch(/[<>`*_[\]\\~]|@|https?:\/\/|www\.|GH-\d|^\s*[#>|]/m);
    expect(markdown).not.toMatch(CONTROL);
  });

  test('every row of a table has as many cells as its head', () => {
    const tables = prose(markdown).match(/(^\|.*\n)+/gm) ?? [];
    expect(tables.length).toBeGreaterThanOrEqual(number);
    for (const rows of tables.map((table) => table.trimEnd().split('\n'))) {
      const cells = (row: string): number => row.split('|').length;
      expect(rows.map(cells)).toEqual(rows.map(() => cells(rows[0] ?? '')));
    }
  });
});

describe('comment', () => {
  test('40 findings and differences of 3 MB: within what GitHub takes, and the worst is said', () => {
    const findings = Array.from({ length: 40 }, (_, index) => ({
      ...SAMPLES.findings.findings[0],
      message: `${index} ${'<&"ü|@'.repeat(60)}`,
    }));
    const comparisons = (SAMPLES.proposed.comparisons ?? []).map((one) => ({
      ...one,
      objects: Array.from({ length: 10_000 }, (_, index) => ({
        kind: 'changed' as const,
        object: `ConfigMap/agent-${index}`,
        changes: [`data.text: ${'ä'.repeat(20)} → ${'ö'.repeat(20)}`],
      })),
    }));
    const large = reportOf({ status: 'failed', findings: findings as never, comparisons });
    expect(JSON.stringify(comparisons).length).toBeGreaterThan(3_000_000);
    const comment = commentText(large, FRAME);
    expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(65_536);
    expect(Buffer.byteLength(summaryText(large))).toBeLessThanOrEqual(1024 * 1024);
    expect(annotationsOf(large)).toHaveLength(10);
    for (const said of [
      'replicas go from 3 to 0',
      '… and 20 more in `report.json`.',
      'Errors (40)',
      'more in report.json',
    ])
      expect(comment).toContain(said);
    expect(comment.indexOf('replicas go from')).toBeLessThan(comment.indexOf('Errors (40)'));
  });

  test('what does not fit is left out in whole blocks', () => {
    const findings = Array.from({ length: 40 }, () => ({
      ...SAMPLES.findings.findings[0],
      message: '<&"ü|@'.repeat(2000),
      hint: '<&"ü|@'.repeat(2000),
    }));
    const comment = commentText(reportOf({ status: 'failed', findings: findings as never }), FRAME);
    expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(65_536);
    expect(comment).toContain('The rest is in `report.json` in the report folder.');
  });
});

describe('job summary', () => {
  test('a fence is longer than any run of backticks within', () => {
    const one = { ...SAMPLES.good.published[0], chart: '````\n# heading', version: '`````' } as never;
    const text = summaryText(reportOf({ published: [one] }));
    expect(text).toMatch(/^`{5,}sh$/m);
    expect(prose(text)).not.toContain('# heading\n');
  });

  test('what is to be pasted into a shell is quoted', () => {
    const one = { ...SAMPLES.good.published[0], chart: "a'; rm -rf $HOME; '" } as never;
    expect(summaryText(reportOf({ published: [one] }))).toContain(
      `helm install 'a'\\''; rm -rf $HOME; '\\''' oci://ghcr.io/`,
    );
  });

  test('a name, a resource and a log of a cluster can do nothing', () => {
    const [, , failed] = SAMPLES.undeployed.deployments;
    const odd = "x'; rm -rf $HOME; '";
    const cause = { ...failed?.cause, resource: odd, log: '~~~\n```\n</code>\n::error::x' };
    const one = { ...failed, outcome: 'failed', namespace: odd, release: odd, cause } as never;
    const text = summaryText(reportOf({ deployments: [one] }));
    expect(text).toContain('````text\n~~~\n```\n</code>\n::error::x\n````');
    expect(text).toContain(`kubectl describe 'x'\\''; rm -rf $HOME; '\\''' -n 'x'`);
    const terminal = terminalText(reportOf({ deployments: [one] }), '/r', PLAIN);
    expect(terminal).toContain('\n  │ ::error::x\n');
    expect(terminal).not.toMatch(/^\s*::/m);
  });

  test('a log of many long lines is cut', () => {
    const [, , failed] = SAMPLES.undeployed.deployments;
    const log = `first\n${`${'x'.repeat(10_000)}\n`.repeat(1000)}last`;
    const one = { ...failed, cause: { ...failed?.cause, log } } as never;
    const report = reportOf({ deployments: [one] });
    for (const text of [summaryText(report), terminalText(report, '/r', PLAIN)]) {
      expect(text.length).toBeLessThan(30_000);
      expect(text).toContain('last');
    }
  });

  test('is at most 1 MiB, and says what was left out', () => {
    const many = Array.from({ length: 500 }, (_, index) => ({
      ...SAMPLES.findings.findings[0],
      message: `${index} ${'<&"ü|'.repeat(3000)}`,
    }));
    const stages = Array.from({ length: 20_000 }, (_, index) => ({
      ...SAMPLES.good.stages[1],
      environment: `environment-${index}`,
    }));
    const text = summaryText(reportOf({ status: 'failed', findings: many as never, stages: stages as never }));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024 * 1024);
    expect(text).toContain('… and 450 more in `report.json`.');
    expect(text).toContain('The rest is in `report.json` in the report folder.');
  });
});

describe('JUnit', () => {
  test('is well-formed XML 1.0 whatever the text', () => {
    const xml = junitText(report);
    expect(xml).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/u);
    const open: string[] = [];
    for (const [, slash, name, rest] of xml.matchAll(/<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)\/?>/g)) {
      if (slash === '/') expect(open.pop()).toBe(name);
      else if (!`${rest}>`.endsWith('/>')) open.push(name ?? '');
    }
    const text = xml.replace(/^<\?xml .*\?>/, '').replace(/<\/?[a-z-]+(?: [a-z]+="[^"<]*")*\/?>/g, '');
    expect(text).not.toMatch(/[<>]|&(?!(amp|lt|gt|quot|apos);)/);
  });
});

describe('SARIF', () => {
  test('a place is a relative URI, whatever the file is called', () => {
    const odd = ['::error::x', '../a b', 'https://evil.example/x', 'ü?#%.yaml', 'a\\b'];
    for (const file of odd) {
      const { uri } = JSON.parse(sarifText(saying(file))).runs[0].results[0].locations[0].physicalLocation
        .artifactLocation;
      expect(uri).toMatch(/^[A-Za-z0-9._~!'()*%/-]+$/);
      expect(decodeURIComponent(uri)).toBe(file);
    }
  });

  test('a fingerprint stays when the line moves, and two equal findings have two', () => {
    const [first] = SAMPLES.findings.findings;
    const findings = [first, { ...first, line: 99, message: 'replicas: got string, want integer' }];
    const prints = (list: unknown[]): string[] =>
      JSON.parse(sarifText(reportOf({ findings: list as never }))).runs[0].results.map(
        (result: { partialFingerprints: Record<string, string> }) => result.partialFingerprints['chartship/v1'],
      );
    expect(prints([findings[1]])).toEqual(prints([findings[0]]));
    expect(new Set(prints(findings)).size).toBe(2);
  });
});
