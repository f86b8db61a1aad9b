import { expect, test } from '@jest/globals';
import { failureOf, refusalsOf } from '../../src/adapters/kyverno-report.ts';
import type { Ran } from '../../src/adapters/process.ts';
import { kyvernoPolicies } from '../../src/domain/kyverno-policies.ts';

/** What Kyverno's command says, as it was seen of versions that the contract tests don't run, and larger than any. */

const { policies } = kyvernoPolicies([
  { shown: 'a.yaml', text: 'apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: { name: broken-expr }\n' },
]);

const ran = (stdout: string, stderr = '', code = 1): Ran => ({
  ended: 'exit',
  code,
  stdout: Buffer.from(stdout),
  stderr,
  seconds: 0,
  command: 'kyverno',
});

test('1.18 lists what it passes over under another title, without a reason', () => {
  const line = '-'.repeat(70);
  const title = 'Policies Skipped (as required variables are not provided by the user):';
  const said = ran(`${line}\n${title}\n1. broken-expr\n${line}\n{"kind":"ClusterReport","results":[]}\n`);
  expect([failureOf(said, 1000), refusalsOf(said, policies)]).toEqual([
    undefined,
    [{ message: 'it is passed over, and no reason is given', policy: policies[0], stops: false }],
  ]);
});

test('however much it says, it is read in bounded time', () => {
  const started = performance.now();
  for (const filler of [')', ' ', '\n', '"', '\\', 'Policies Skipped:\n', '1. x\n', ' error="']) {
    const much = filler.repeat(300_000 / filler.length);
    const error = `Error: failed to compile policy broken-expr (${much}x`;
    const said = ran(`Policies Skipped:\n${much}`, `${error}\n skipping invalid YAML file ${much}\n`);
    expect(refusalsOf(said, policies).every(({ message }) => message.length <= 500)).toBe(true);
    expect(failureOf(said, 1000)?.length).toBeLessThan(600);
  }
  expect(performance.now() - started).toBeLessThan(10_000);
});
