import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { FLAGS } from '../../src/adapters/engine.ts';
import { node24 } from '../support/scenario.ts';

/** Node passes on to V8 the options that V8 has, and ends with others. */
const withOption = (option: string) => {
  const { status, stderr } = spawnSync(node24, [option, '--eval', '0'], { encoding: 'utf8' });
  return { status, stderr };
};

(existsSync(node24) ? describe : describe.skip)("V8 of the Action's own runtime", () => {
  test.each(FLAGS)('knows %s', (flag) => {
    expect(withOption(flag)).toEqual({ status: 0, stderr: '' });
  });

  test("would tell one that it doesn't know", () => {
    expect(withOption('--no-such-flag').status).not.toBe(0);
  });
});
