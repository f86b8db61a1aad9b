import { EnvironmentError } from '../domain/errors.ts';

/** The oldest Node that deploys; everything up to publish runs on older ones (README, "Requirements"). */
const OLDEST = [22, 15] as const;

/** Throws, by name of both versions, where Node is too old to deploy. Called before anything starts. */
export function checkNodeDeploys(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new EnvironmentError(`Deploying needs Node ${OLDEST.join('.')} or later, and this is Node ${version}.`, {
    hint: 'The Action brings its own; for the command install a newer Node. Everything up to publish works with this one.',
  });
}
