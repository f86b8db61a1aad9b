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

/** Days after which GitHub ends any job, on runners of one's own, too: who began before that is dead. */
const LONGEST_JOB_DAYS = 5;

/**
 * The others of its environment and chart: what was live is `inactive` once something else is, also where it was begun
 * later and had the release earlier. What is unfinished may be waiting for the release; only what no job can be at any
 * more is an `error`.
 */
export async function settleOthers(ended: EndedDeployment, forge: Forge): Promise<ForgeFault | undefined> {
  const { id, environment, task, isSuccess, logUrl } = ended;
  const all = await forge.deployments({ environment, task });
  if (!all.ok) return all.fault;
  for (const other of all.value.filter((one) => one.id !== id)) {
    const statuses = await forge.deploymentStatuses(other.id);
    if (!statuses.ok) return statuses.fault;
    const [latest] = statuses.value;
    const isLeft = isUnfinished(statuses.value) && isOfDead(other.created);
    const isFollowed = latest?.state === 'success' && isSuccess;
    if (isLeft || isFollowed) {
      const said = await forge.addDeploymentStatus(
        other.id,
        isLeft
          ? { state: 'error', description: 'its run never said how it ended', logUrl: latest?.logUrl || logUrl }
          : { state: 'inactive', description: 'followed by another', logUrl },
      );
      if (!said.ok) return said.fault;
    }
    // Those before what was live were settled when it came.
    if (latest?.state === 'success' && other.id < id) return undefined;
  }
  return undefined;
}

function isOfDead(created: string): boolean {
  return Date.now() - Date.parse(created) > LONGEST_JOB_DAYS * 24 * 60 * 60 * 1000;
}
