import { expect, test } from '@jest/globals';
import { outputsOf } from '../../src/adapters/github-outputs.ts';
import { SAMPLES } from '../support/sample-report.ts';

test('the output deployments has everything but logs: the runner drops an output that holds a masked value', () => {
  const told = JSON.parse(outputsOf(SAMPLES.undeployed, '/report').deployments);
  expect(told).toHaveLength(4);
  expect(told[1].cause).toEqual({
    code: 'test-failed',
    resource: 'Pod/agent-staging-connection-test',
    message: 'the test agent-staging-connection-test failed: container test ended with exit code 1',
  });
  expect(told[1].tests[1]).toEqual({ name: 'agent-staging-connection-test', outcome: 'failed' });
  expect(told[2]).toMatchObject({ environment: 'prod', revision: 3, outcome: 'rolled-back', cause: { line: 8 } });
  expect(JSON.stringify(told)).not.toContain('Traceback');
});
