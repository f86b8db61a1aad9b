import { expect, test } from '@jest/globals';
import { checkNodeDeploys } from '../../src/adapters/node-version.ts';
import { EnvironmentError } from '../../src/domain/errors.ts';

test.each(['22.15.0', '22.21.1', '23.0.0', '24.1.0', '100.0.0'])('Node %s deploys', (version) => {
  expect(() => checkNodeDeploys(version)).not.toThrow();
});

test.each(['18.20.0', '20.20.2', '22.14.9'])('Node %s does not, and both versions are named', (version) => {
  expect(() => checkNodeDeploys(version)).toThrow(EnvironmentError);
  expect(() => checkNodeDeploys(version)).toThrow(`Deploying needs Node 22.15 or later, and this is Node ${version}.`);
});
