import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createGitHub } from '../../src/adapters/github.ts';
import { createRedaction } from '../../src/adapters/redaction.ts';
import type { Report } from '../../src/domain/outcome.ts';
import { recorder } from '../support/recorder.ts';
import { runnerCommands } from '../support/runner-commands.ts';
import { HOSTILE, hostileReport, reportOf, runOf, SAMPLES } from '../support/sample-report.ts';

let folder: string;
let environment: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartship-'));
  environment = {
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STATE: join(folder, 'state'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
  };
  for (const path of Object.values(environment)) writeFileSync(path, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

function host(options: { environment?: Record<string, string>; quiet?: number } = {}) {
  const out = recorder();
  const github = createGitHub({ stdout: out.stream, environment, redaction: createRedaction(), ...options });
  return { github, log: () => out.text() };
}

/** A file of the runner as it reads it: names and values. */
function entries(path: string): Record<string, string> {
  const text = readFileSync(path, 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^(\S+)<<(ghadelimiter_\S+)\n([\s\S]*?)\n\2\n/gm)].map((match) => [match[1], match[3]]),
  );
}

const steady = (log: string): string => log.replace(/chartship-[0-9a-f-]{36}/g, 'TOKEN');

async function finished(report: Report): Promise<string> {
  const { github, log } = host();
  for (const run of report.stages) {
    if (run.status !== 'skipped') github.progress({ kind: 'started', run });
    github.progress({ kind: 'ended', run });
  }
  await github.finish(report, '/repository/chartship-report');
  return steady(log());
}

describe('what the runner is told', () => {
  test.each(Object.entries(SAMPLES))('%s', async (_name, report) => {
    expect(await finished(report)).toMatchSnapshot('log');
    const outputs = entries(join(folder, 'output'));
    // Windows joins paths with backslashes.
    expect({ ...outputs, package: outputs.package?.replaceAll('\\', '/') }).toMatchSnapshot('outputs');
    expect(readFileSync(join(folder, 'summary'), 'utf8')).toContain('Chartship: ');
  });

  test('a second step with the same files leaves what the first wrote', async () => {
    writeFileSync(join(folder, 'summary'), '# before\n');
    await finished(SAMPLES.good);
    expect(readFileSync(join(folder, 'summary'), 'utf8')).toMatch(/^# before\n## ✅ Chartship/);
  });

  test('by hand, without the files of a runner, it works', async () => {
    const { github, log } = host({ environment: {} });
    await github.finish(SAMPLES.good, undefined);
    await github.saveState('a', 'b');
    expect(log()).toContain('passed: 1 chart × 3 environments');
  });

  test('an output that cannot be written is an error, a summary a warning', async () => {
    const missing = join(folder, 'missing', 'file');
    const summary = host({ environment: { ...environment, GITHUB_STEP_SUMMARY: missing } });
    await summary.github.finish(SAMPLES.good, undefined);
    expect(runnerCommands(summary.log()).map((one) => one.name)).toContain('warning');
    const output = host({ environment: { ...environment, GITHUB_OUTPUT: missing } });
    await expect(output.github.finish(SAMPLES.good, undefined)).rejects.toThrow(
      "the runner's file could not be written",
    );
  });

  test('a log that goes away is no crash', async () => {
    const out = recorder();
    const github = createGitHub({ stdout: out.stream, environment, redaction: createRedaction() });
    out.stream.destroy(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }));
    await new Promise((resolve) => setTimeout(resolve, 1));
    await github.finish(SAMPLES.good, undefined);
    expect(entries(join(folder, 'output')).status).toBe('passed');
  });

  test('state for the post step', async () => {
    const { github } = host();
    await github.saveState('report', '/repository/a\nb');
    expect(entries(join(folder, 'state'))).toEqual({ report: '/repository/a\nb' });
  });

  test('what was refused gives no reference, and several charts give the first', async () => {
    const reference = SAMPLES.good.published[0]?.reference?.replace('task-api', 'other');
    const other = { ...SAMPLES.good.published[0], chart: 'other', version: '2.0.0', reference } as never;
    await finished(reportOf({ packages: SAMPLES.good.packages, published: [other, ...SAMPLES.good.published] }));
    const outputs = entries(join(folder, 'output'));
    expect(outputs.version).toBe('1.0.0');
    expect(outputs.reference).toMatch(/task-api@sha256:/);
    expect(JSON.parse(outputs.published ?? '')).toHaveLength(4);
    writeFileSync(join(folder, 'output'), '');
    await finished(SAMPLES.refused);
    expect(entries(join(folder, 'output'))).toMatchObject({ status: 'failed', reference: '', digest: '' });
  });
});

describe('hostile text', () => {
  test('nothing of a report becomes a command of the runner', async () => {
    const log = await finished(hostileReport());
    // The runner reads the newer form first; its log viewer knows the older one wherever it stands.
    expect(log).not.toContain('##[');
    const commands = runnerCommands(log);
    const names = new Set(commands.map((one) => one.name));
    expect([...names].sort()).toEqual(['endgroup', 'error', 'group', 'notice', 'stop-commands', 'warning']);
    expect(commands.filter((one) => one.name === 'error')).toHaveLength(6);
    for (const { properties } of commands) {
      for (const name of Object.keys(properties)) expect(['title', 'file', 'line', 'col']).toContain(name);
    }
  });

  test('nor of a note, a bug or an output', async () => {
    const { github, log } = host();
    for (const text of HOSTILE) {
      github.progress({ kind: 'note', text });
      github.bug(new Error(text));
      await github.saveState('name', `${text}\nghadelimiter_x\nother=1`);
    }
    const names = new Set(runnerCommands(log()).map((one) => one.name));
    expect([...names].sort()).toEqual(['error', 'stop-commands']);
    await github.finish(hostileReport(), `/repository/${HOSTILE.join('')}`);
    expect(Object.keys(entries(join(folder, 'output'))).sort()).toEqual(
      [
        'deployments',
        'digest',
        'findings',
        'matrix',
        'package',
        'published',
        'reference',
        'references',
        'report',
        'status',
        'version',
      ].sort(),
    );
    expect(Object.keys(entries(join(folder, 'state')))).toEqual(['name']);
  });
});

describe('secrets', () => {
  test('each line is masked before anything else is written, short ones are not', () => {
    const { github, log } = host();
    github.mask('line-one%\nline-two\nab');
    github.mask('short');
    github.progress({ kind: 'note', text: 'line-two and short' });
    expect(log()).toBe('::add-mask::line-one%25\n::add-mask::line-two\n*** and short\n');
  });

  test('none is in the log, the summary, the outputs or the state', async () => {
    const secret = 'p<a&s"s|w*o_rd';
    const { github, log } = host();
    github.mask(secret);
    const findings = SAMPLES.findings.findings.map((finding) => ({
      ...finding,
      message: `wrong: ${secret}`,
      file: `${secret}.yaml`,
    }));
    const published = SAMPLES.good.published.map((one) => ({
      ...one,
      registry: `oci://${secret}`,
      reference: `oci://${secret}/${one.reference?.split('/').at(-1)}`,
    }));
    await github.finish(reportOf({ ...SAMPLES.good, findings, published }), `/repository/${secret}`);
    await github.saveState('a', secret);
    github.bug(new Error(secret));
    const written = Object.values(environment).map((path) => readFileSync(path, 'utf8'));
    const all = [log().replace(/^::add-mask::.*$/gm, ''), ...written].join('\n');
    expect(all.match(/\*\*\*|(&#42;){3}/g)?.length).toBeGreaterThan(20);
    expect(all).not.toMatch(/o_rd|o&#95;rd|w\*|w&#42;/);
  });
});

describe('groups', () => {
  const dev = { chart: 'a', environment: 'dev' };

  test('stages that overlap are not mixed: the lines of one wait for the other', () => {
    const { github, log } = host();
    const lint = runOf('lint', 'passed', dev);
    const render = runOf('render', 'passed', dev);
    const second = runOf('lint', 'failed', { ...dev, environment: 'prod' });
    for (const run of [lint, render, second]) github.progress({ kind: 'started', run });
    github.progress({ kind: 'ended', run: lint });
    github.progress({ kind: 'ended', run: render });
    expect(log()).not.toContain('render');
    github.progress({ kind: 'ended', run: second });
    expect(log().split('\n')).toEqual([
      '::group::lint',
      'passed      0.08 s  lint a dev',
      'failed      0.08 s  lint a prod',
      '::endgroup::',
      '::group::render',
      'passed      0.08 s  render a dev',
      '',
    ]);
  });

  test('each is closed, also when a run ends in the middle of one', async () => {
    for (const end of ['finish', 'bug'] as const) {
      const { github, log } = host();
      const lint = runOf('lint', 'passed', dev);
      github.progress({ kind: 'started', run: lint });
      github.progress({ kind: 'started', run: lint });
      github.progress({ kind: 'ended', run: lint });
      github.progress({ kind: 'ended', run: runOf('render', 'skipped', dev) });
      if (end === 'finish') await github.finish(SAMPLES.cancelled, undefined);
      else github.bug('x');
      const names = runnerCommands(log()).map((one) => one.name);
      expect(names.slice(0, 4)).toEqual(['group', 'endgroup', 'group', 'endgroup']);
      expect(log()).toContain('render a dev');
    }
  });

  test('a log that is silent for a while says what still runs', async () => {
    const { github, log } = host({ quiet: 20 });
    for (const environment of ['a', 'b', 'c', 'd']) {
      github.progress({ kind: 'started', run: runOf('render', 'passed', { environment, kubeVersion: '1.35' }) });
    }
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(log()).toMatch(/^still running: render task-api a 1\.35 \(0 s\), .* b .*, .* c .*, 1 more$/m);
    const length = log().length;
    github.bug('x');
    const after = log().length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(log().length).toBe(after);
    expect(after).toBeGreaterThan(length);
  });
});
