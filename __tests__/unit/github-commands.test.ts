import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { command, fileEntry, notACommand, stopped } from '../../src/adapters/github-commands.ts';
import { runnerCommands } from '../support/runner-commands.ts';
import { HOSTILE } from '../support/sample-report.ts';

const TEXTS = [...HOSTILE, '100% of a:b, c=d\r\nnext', ''].map((text) =>
  text.replace(/\p{Cs}/gu, '').replaceAll('\0', ''),
);

/** What the field's library writes for the same calls. */
function library(script: string, environment: Record<string, string> = {}): string {
  const code = `import * as core from '@actions/core'; const texts = JSON.parse(process.env.TEXTS); ${script}`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: new URL('../..', import.meta.url),
    env: { PATH: process.env.PATH, TEXTS: JSON.stringify(TEXTS), ...environment },
    encoding: 'utf8',
  });
}

test('commands are written byte for byte as @actions/core writes them', () => {
  const theirs = library(`for (const t of texts) {
    core.setSecret(t); core.startGroup(t); core.endGroup(); core.error(t);
    core.warning(t, { title: t, file: t, startLine: 3, startColumn: 7 });
    core.notice(t, { title: t });
  }`);
  const ours = TEXTS.flatMap((text) => [
    command('add-mask', {}, text),
    command('group', {}, text),
    command('endgroup', {}, ''),
    command('error', {}, text),
    command('warning', { title: text, file: text, line: 3, col: 7 }, text),
    command('notice', { title: text }, text),
  ]);
  // The library writes a blank where all properties are empty; the runner reads both alike.
  expect(`${ours.join('\n')}\n`).toBe(theirs.replaceAll('\r\n::', '\n::').replace(/^::notice ::/gm, '::notice::'));
});

test('outputs and state are written as @actions/core writes them, but for the random delimiter', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chartship-'));
  try {
    const file = join(folder, 'output');
    writeFileSync(file, '');
    library(`for (const t of texts) core.setOutput('name', t);`, { GITHUB_OUTPUT: file });
    const plain = (text: string): string => text.replace(/ghadelimiter_[0-9a-f-]{36}/g, 'DELIMITER');
    const ours = TEXTS.map((text) => fileEntry('name', text)).join('');
    expect(plain(ours)).toBe(plain(readFileSync(file, 'utf8')));
    expect(new Set(ours.match(/ghadelimiter_\S+/g)).size).toBe(TEXTS.length);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the runner reads back what was meant', () => {
  for (const text of TEXTS) {
    const [read, ...more] = runnerCommands(command('error', { file: text, title: text, line: 3 }, text));
    expect(more).toEqual([]);
    expect(read?.data).toBe(text);
    expect(read?.properties).toEqual({ line: '3', ...(text !== '' && { file: text, title: text }) });
  }
});

test.each(HOSTILE)('no line of %j is taken for a command', (text) => {
  expect(runnerCommands(notACommand(text))).toEqual([]);
});

test('line feeds and blanks without end take no time', () => {
  const started = performance.now();
  for (const blank of ['\n', ' ', '\u2028', '\r', '\u0085', ' \n']) notACommand(blank.repeat(500_000));
  expect(performance.now() - started).toBeLessThan(2000);
});

test('what is no command is left as it is', () => {
  for (const text of ['a::b', 'std::string', 'at [::1]:5000', '# heading', '#[x]', '## [x]', '%0A::x::']) {
    expect(notACommand(text)).toBe(text);
  }
});

test('a block of foreign text stops the commands and allows them again, by a token it cannot know', () => {
  const block = stopped('::error::x\n::stop-commands::y\n::y::\n##[error]z');
  const after = `${block}\n::notice::seen`;
  expect(runnerCommands(after).map((one) => one.name)).toEqual(['stop-commands', 'notice']);
  expect(stopped('x')).not.toBe(stopped('x'));
});
