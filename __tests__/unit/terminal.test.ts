import { describe, expect, test } from '@jest/globals';
import { createRedaction } from '../../src/adapters/redaction.ts';
import { createTerminal } from '../../src/adapters/terminal.ts';
import { createBoard } from '../../src/adapters/terminal-board.ts';
import { codeFrame } from '../../src/domain/code-frame.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { recorder } from '../support/recorder.ts';
import { runnerCommands } from '../support/runner-commands.ts';
import { HOSTILE, hostileReport, reportOf, runOf, SAMPLES } from '../support/sample-report.ts';
import { screen } from '../support/screen.ts';

function host(options: { tty?: boolean; rows?: number; environment?: Record<string, string>; quiet?: number } = {}) {
  const out = recorder(options.tty ? { isTTY: true, columns: 100, rows: options.rows ?? 30 } : {});
  const errors = recorder();
  const terminal = createTerminal({
    stdout: out.stream,
    stderr: errors.stream,
    environment: options.environment ?? {},
    redaction: createRedaction(),
    ...(options.quiet !== undefined && { quiet: options.quiet }),
  });
  return { terminal, out: out.text, errors: errors.text };
}

const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('the lines of a finding', () => {
  const [first] = SAMPLES.findings.findings;
  const frame = codeFrame('a: 1\nreplicas: "3"\n', 2, 11);
  const report = reportOf({ status: 'failed', findings: [{ ...first, frame }] as never });

  test.each([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
  ])('are coloured on a terminal, with %j: %s', async (environment, isColoured) => {
    const { terminal, out } = host({ tty: true, environment: { CI: 'true', ...environment } });
    await terminal.finish(report, undefined);
    expect(out().includes('\u001b[31m^\u001b[39m')).toBe(isColoured);
    expect(out().includes('\u001b')).toBe(isColoured);
    expect(out()).toContain('replicas: "3"');
  });
});

describe('in a log', () => {
  test('a line as each run ends, then the result; the last line is the verdict', async () => {
    const { terminal, out, errors } = host();
    for (const run of SAMPLES.findings.stages) {
      if (run.status !== 'skipped') terminal.progress({ kind: 'started', run });
      terminal.progress({ kind: 'ended', run });
    }
    terminal.progress({ kind: 'note', text: 'GET https://example.org/index.yaml' });
    await terminal.finish(SAMPLES.findings, '/repository/chartship-report');
    expect(out()).toMatchSnapshot();
    expect(out()).not.toContain('\u001b');
    expect(out().trimEnd().split('\n').at(-1)).toMatch(/^failed: /);
    expect(errors()).toBe('');
  });

  test.each(Object.entries(SAMPLES))('%s ends with its verdict', async (_name, report) => {
    const { terminal, out } = host();
    await terminal.finish(report, '/repository/chartship-report');
    const words = { passed: 'passed', failed: 'failed', invalid: 'invalid request', error: '', cancelled: 'cancelled' };
    expect(out().trimEnd().split('\n').at(-1)).toMatch(new RegExp(`^${words[report.status]}`));
  });

  test('when nothing was printed for a while, what is still running', async () => {
    const { terminal, out } = host({ quiet: 20 });
    terminal.progress({ kind: 'started', run: runOf('render', 'passed', { environment: 'prod' }) });
    await later(70);
    expect(out()).toMatch(/^still running: render task-api prod \(0 s\)$/m);
    terminal.progress({ kind: 'ended', run: runOf('render', 'passed', { environment: 'prod' }) });
    const length = out().length;
    await later(70);
    expect(out().length).toBe(length);
  });

  test('a run that prints often needs no sign of life', async () => {
    const { terminal, out } = host({ quiet: 200 });
    terminal.progress({ kind: 'started', run: runOf('render', 'passed') });
    for (let round = 0; round < 12; round++) {
      await later(25);
      terminal.progress({ kind: 'note', text: 'working' });
    }
    expect(out()).not.toContain('still running');
  });

  test('a secret is redacted in progress, result and bug, also with an escape sequence in its middle', async () => {
    const { terminal, out, errors } = host();
    terminal.mask('hunter2-hunter2');
    terminal.progress({ kind: 'note', text: 'password hunter2-\u001b[1mhunter2' });
    terminal.bug(new Error('hunter2-hunter2'));
    const findings = [{ ...SAMPLES.invalid.findings[0], message: 'hunter2-hunter2', file: 'hunter2-hunter2' } as never];
    await terminal.finish(reportOf({ findings }), '/repository/hunter2-hunter2');
    expect(`${out()}${errors()}`).not.toContain('hunter2');
    expect(out().match(/\*\*\*/g)).toHaveLength(4);
    expect(errors()).toMatch(/^Chartship has a bug: Error: \*\*\*\n {4}at /);
  });

  test('within a workflow no text is taken for a command of the runner', async () => {
    const { terminal, out, errors } = host({ environment: { GITHUB_ACTIONS: 'true' } });
    for (const text of HOSTILE) {
      terminal.progress({ kind: 'note', text });
      terminal.bug(text);
      terminal.progress({ kind: 'ended', run: runOf('lint', 'passed', { chart: text }) });
    }
    await terminal.finish(hostileReport(), `/work\n::error::x`);
    expect(runnerCommands(`${out()}\n${errors()}`)).toEqual([]);
  });

  test('no control sequence of foreign text reaches the terminal', async () => {
    for (const tty of [false, true]) {
      const { terminal, out, errors } = host({ tty, environment: { NO_COLOR: '1', CI: 'true' } });
      for (const text of HOSTILE) {
        terminal.progress({ kind: 'note', text });
        terminal.bug(text);
        terminal.progress({ kind: 'ended', run: runOf('lint', 'passed', { chart: text, environment: text }) });
      }
      await terminal.finish(hostileReport(), '/repository/\u001b[31m');
      expect(`${out()}${errors()}`).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b]/);
    }
  });

  test('a reader that goes away is no crash', async () => {
    const { terminal } = host();
    const out = recorder();
    const gone = createTerminal({
      stdout: out.stream,
      stderr: out.stream,
      environment: {},
      redaction: createRedaction(),
    });
    out.stream.destroy(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }));
    await later(1);
    gone.progress({ kind: 'note', text: 'x' });
    await gone.finish(SAMPLES.good, undefined);
    await terminal.finish(SAMPLES.good, undefined);
  });
});

describe('on a terminal', () => {
  async function shown(environment: Record<string, string>): Promise<string> {
    const { terminal, out } = host({ tty: true, environment });
    for (const run of SAMPLES.findings.stages) {
      if (run.status === 'skipped') continue;
      terminal.progress({ kind: 'started', run });
      terminal.progress({ kind: 'ended', run });
    }
    await later(250);
    terminal.progress({ kind: 'note', text: 'HEAD https://ghcr.io/v2/\u001b[31m' });
    await later(250);
    await terminal.finish(SAMPLES.findings, '/repository/chartship-report');
    return out();
  }

  test('the view is redrawn in place, notes stand above it, and it stays when the run ends', async () => {
    const output = await shown({ NO_COLOR: '1' });
    expect(screen(output)).toMatchSnapshot();
    expect(output).not.toMatch(/\u001b\[[0-9;]*m/);
  });

  test('colours mark what failed, on a terminal alone, and not where NO_COLOR says so', async () => {
    expect(await shown({})).toContain('\u001b[31mfailed: ');
    const colored = async (tty: boolean, environment: Record<string, string>): Promise<boolean> => {
      const { terminal, out } = host({ tty, environment });
      await terminal.finish(SAMPLES.findings, undefined);
      return out().includes('\u001b[');
    };
    expect(await colored(true, {})).toBe(true);
    expect(await colored(true, { CI: 'true' })).toBe(true);
    expect(await colored(true, { NO_COLOR: '' })).toBe(true);
    expect(await colored(true, { NO_COLOR: '1' })).toBe(false);
    expect(await colored(true, { TERM: 'dumb' })).toBe(false);
    expect(await colored(false, {})).toBe(false);
  });

  test.each([{ CI: 'true' }, { GITHUB_ACTIONS: 'true' }, { TERM: 'dumb' }])(
    'with %j there are plain lines',
    async (environment) => {
      const { terminal, out } = host({ tty: true, environment });
      terminal.progress({ kind: 'ended', run: runOf('lint', 'passed') });
      expect(out()).toBe('passed      0.08 s  lint task-api\n');
      await terminal.finish(SAMPLES.empty, undefined);
    },
  );

  test('without a window there are plain lines', async () => {
    const { terminal, out } = host({ tty: true, rows: 0, environment: { NO_COLOR: '1' } });
    terminal.progress({ kind: 'ended', run: runOf('lint', 'passed') });
    await terminal.finish(SAMPLES.empty, undefined);
    expect(out()).toBe('passed      0.08 s  lint task-api\n\npassed\n');
  });

  test('a run that ends before the view is loaded shows it once', async () => {
    const { terminal, out } = host({ tty: true, environment: { NO_COLOR: '1' } });
    terminal.mask('hunter2-hunter2');
    terminal.progress({ kind: 'note', text: 'a note of hunter2-hunter2' });
    terminal.progress({ kind: 'ended', run: runOf('lint', 'passed', { chart: 'hunter2-hunter2' }) });
    terminal.progress({ kind: 'ended', run: runOf('lint', 'passed') });
    await terminal.finish(SAMPLES.empty, undefined);
    expect(screen(out())).toBe(
      'a note of ***\n***\n  lint      ✓  0.08 s\ntask-api\n  lint      ✓  0.08 s\n\npassed\n',
    );
  });
});

describe('the view', () => {
  test('one environment is one field: running while anything runs, failed as soon as anything failed', () => {
    const board = createBoard((text) => text);
    const run = { name: 'render', chart: 'a', environment: 'dev' } as const;
    board.started({ ...run, kubeVersion: '1.34' });
    board.started({ ...run, kubeVersion: '1.35' });
    expect(board.text('*', PLAIN)).toBe('a\n  render    * dev');
    board.ended({ ...run, kubeVersion: '1.34', status: 'passed', seconds: 1 });
    expect(board.text('*', PLAIN)).toBe('a\n  render    * dev  1.00 s');
    board.ended({ ...run, kubeVersion: '1.35', status: 'failed', seconds: 0.5 });
    expect(board.text('*', PLAIN)).toBe('a\n  render    ✗ dev  1.50 s');
    board.ended({ ...run, kubeVersion: '1.36', status: 'passed', seconds: 0 });
    expect(board.text('*', PLAIN)).toBe('a\n  render    ✗ dev  1.50 s');
  });

  test('several charts, each with its stages in order', () => {
    const board = createBoard((text) => text);
    for (const chart of ['b', 'a']) {
      board.ended({ name: 'lint', chart, environment: 'dev', status: 'passed', seconds: 0 });
      board.ended({ name: 'lint', chart, environment: 'prod', status: 'skipped', seconds: 0 });
      board.ended({ name: 'resolve', chart, status: 'cancelled', seconds: 0 });
    }
    const stages = '  resolve   !\n  lint      ✓ dev  - prod';
    expect(board.text('*', PLAIN)).toBe(`b\n${stages}\na\n${stages}`);
  });
});
