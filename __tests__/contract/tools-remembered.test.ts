import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { rememberIn } from '../../src/adapters/tools-remembered.ts';
import { tool } from '../support/registry.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartship-remembered-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a program is remembered until it is another file', () => {
  const remembered = rememberIn(join(folder, 'versions'));
  const oras = join(folder, 'oras');
  copyFileSync(tool('oras'), oras);
  expect(remembered.version(oras)).toBeUndefined();
  remembered.keep(oras, '1.3.2');
  expect(rememberIn(join(folder, 'versions')).version(oras)).toBe('1.3.2');
  appendFileSync(oras, ' ');
  expect(remembered.version(oras)).toBeUndefined();
});

test('a script is asked each time: it may start another version in the next folder', () => {
  const remembered = rememberIn(join(folder, 'versions'));
  const script = join(folder, 'helm');
  writeFileSync(script, '#!/bin/sh\necho v4.3.1\n');
  chmodSync(script, 0o755);
  remembered.keep(script, '4.3.1');
  expect(remembered.version(script)).toBeUndefined();
});

test("so is a version manager's shim, a program under another name", () => {
  const remembered = rememberIn(join(folder, 'versions'));
  mkdirSync(join(folder, 'bin'));
  copyFileSync(tool('oras'), join(folder, 'manager'));
  symlinkSync(join(folder, 'manager'), join(folder, 'bin/oras'));
  remembered.keep(join(folder, 'bin/oras'), '1.3.2');
  expect(remembered.version(join(folder, 'bin/oras'))).toBeUndefined();
});

test("a folder that can't be written to is no fault", () => {
  writeFileSync(join(folder, 'file'), '');
  const remembered = rememberIn(join(folder, 'file'));
  remembered.keep(tool('oras'), '1.3.2');
  expect(remembered.version(tool('oras'))).toBeUndefined();
});
