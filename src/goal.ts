import type { Finding } from './domain/finding.ts';
import { isLoopback, type Target } from './domain/reference.ts';
import { STAGES, type StageName } from './domain/stage.ts';
import type { Held, RawRequest } from './request.ts';
import { fault } from './settings.ts';

interface Asked {
  readonly event: NonNullable<RawRequest['workflow']['event']>;
  readonly registries: readonly Target[];
  /** Environments to deploy. */
  readonly deploys: readonly string[];
  readonly test: boolean;
  readonly dryRun: boolean;
  /** `until`, and whether it was given for this very run. */
  readonly until: StageName | undefined;
  readonly isUntilGiven: boolean;
}

/** How far a run goes. */
export interface Goal {
  readonly until: StageName;
  /** The stage that was asked for, which a pull request doesn't reach. */
  readonly wished: StageName;
  readonly publishes: boolean;
  readonly deploys: boolean;
  readonly held: Held | undefined;
}

/**
 * How far a run goes: as far as its inputs say, and on pull requests never to publishing and to a cluster. What must be
 * reached and can't be is a fault, not skipped. `place` is where `until` stands in the configuration.
 */
export function readGoal(asked: Asked, place: () => Partial<Finding>, faults: Finding[]): Goal {
  const { event, registries, deploys } = asked;
  // A registry on loopback and a layout on disk are this machine's own: to try things out there is no publishing.
  const leaves = registries.some((target) => target.kind === 'registry' && !isLoopback(target.host));
  const wished = asked.until ?? farthest(asked);
  const reaches = (stage: StageName): boolean => STAGES.indexOf(wished) >= STAGES.indexOf(stage);
  const holdsDeploy = event !== 'own' && reaches('deploy') && deploys.length > 0;
  const holdsPublish =
    (event === 'foreign' || (event === 'pull-request' && leaves)) && reaches('publish') && registries.length > 0;
  const byEvent = holdsPublish ? 'publish' : holdsDeploy ? 'deploy' : undefined;
  if (byEvent !== undefined && asked.isUntilGiven) {
    const what = byEvent === 'publish' ? 'publish' : 'touch a cluster';
    faults.push(
      fault('pull-request', `until: ${wished} can't be reached on a pull request: pull requests never ${what}`, {
        hint: `Leave until out, or ${byEvent} on push and tags.`,
      }),
    );
  }
  if (wished === 'publish' && registries.length === 0) {
    faults.push(
      fault('no-registry', 'until: publish needs a registry, and none is given', {
        hint: 'Give registry: oci://host/path or oci-layout:DIR.',
        ...place(),
      }),
    );
  }
  if (reaches('deploy') && deploys.length === 0) {
    faults.push(
      fault('no-environment', `until: ${wished} needs environments to deploy, and none is given`, {
        hint: 'Give deploy: the names of environments, in order.',
        ...place(),
      }),
    );
  }
  if (asked.dryRun && deploys.length === 0) {
    faults.push(
      fault('no-environment', 'dry-run needs environments to deploy, and none is given', {
        hint: 'Give deploy; or leave dry-run out, and give until: package where nothing is to be published.',
      }),
    );
  }
  return {
    until: holdsPublish || (holdsDeploy && registries.length === 0) ? 'package' : holdsDeploy ? 'publish' : wished,
    wished,
    publishes: reaches('publish') && !holdsPublish,
    deploys: reaches('deploy') && !holdsDeploy,
    held: byEvent ?? (deploys.length > 0 && !reaches('deploy') ? 'until' : undefined),
  };
}

function farthest({ deploys, registries, test }: Asked): StageName {
  if (deploys.length > 0) return test ? 'test' : 'deploy';
  return registries.length > 0 ? 'publish' : 'package';
}
