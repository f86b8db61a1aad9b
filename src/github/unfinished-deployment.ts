import type { AnnouncedDeployment } from '../domain/announced.ts';
import type { DeploymentStatus, Forge, ForgeAnswer, ForgeFault } from '../ports.ts';

/** Whether nobody said how a deployment ended; its statuses are newest first. */
function isUnfinished([latest]: readonly DeploymentStatus[]): boolean {
  return latest === undefined || ['in_progress', 'queued', 'pending'].includes(latest.state);
}

/** Says of a deployment that a killed run left that it has ended. Whether that had to be said. */
export async function endAnnounced(
  { id, description, logUrl, environmentUrl }: AnnouncedDeployment,
  forge: Forge,
): Promise<ForgeAnswer<boolean>> {
  const statuses = await forge.deploymentStatuses(id);
  if (!statuses.ok) return statuses;
  if (!isUnfinished(statuses.value)) return { ok: true, value: false };
  const url = environmentUrl !== undefined && { environmentUrl };
  const said = await forge.addDeploymentStatus(id, { state: 'error', description, logUrl, ...url });
  return said.ok ? { ok: true, value: true } : said;
}

/** One that has ended, of those that Chartship made. */
export interface EndedDeployment {
  readonly id: number;
  readonly environment: string;
  readonly task: string;
  /** It is what is live now. */
  readonly isSuccess: boolean;
  readonly logUrl: string;
}

/**
 * The ones before it: what was live is `inactive` once something else is; what a run left that could say nothing any
 * more, not even by its post step, is an `error`. If such a run was only slow, it has the last word all the same.
 */
export async function settleEarlier(ended: EndedDeployment, forge: Forge): Promise<ForgeFault | undefined> {
  const { id, environment, task, isSuccess, logUrl } = ended;
  const all = await forge.deployments({ environment, task });
  if (!all.ok) return all.fault;
  for (const earlier of all.value.filter((one) => one.id < id)) {
    const statuses = await forge.deploymentStatuses(earlier.id);
    if (!statuses.ok) return statuses.fault;
    const [latest] = statuses.value;
    if (latest?.state === 'failure' || latest?.state === 'error') continue;
    const isLeft = isUnfinished(statuses.value);
    // Those before it were settled when it came; and what failed takes no other's place.
    if (latest?.state === 'inactive' || (!isLeft && !isSuccess)) return undefined;
    const said = await forge.addDeploymentStatus(
      earlier.id,
      isLeft
        ? { state: 'error', description: 'its run never said how it ended', logUrl: latest?.logUrl || logUrl }
        : { state: 'inactive', description: 'followed by another', logUrl },
    );
    if (!said.ok) return said.fault;
    if (!isLeft) return undefined;
  }
  return undefined;
}
