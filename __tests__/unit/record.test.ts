import { expect, test } from '@jest/globals';
import { Cancelled, EnvironmentError } from '../../src/domain/errors.ts';
import { Record } from '../../src/record.ts';

test.each([
  ['what was interrupted is cancelled', new Cancelled('SIGTERM'), 'cancelled'],
  ['what could not work, for want of a tool, failed', new EnvironmentError('helm could not be downloaded'), 'failed'],
  ['a bug failed', new TypeError('x is not a function'), 'failed'],
])('%s, and the error goes on', async (_what, error, status) => {
  const record = new Record({ progress: () => undefined }, { now: () => 0 }, 'error');
  await expect(record.stage({ name: 'lint', chart: 'demo' }, () => Promise.reject(error))).rejects.toBe(error);
  expect(record.report('error').stages).toEqual([{ name: 'lint', chart: 'demo', status, seconds: 0 }]);
});
