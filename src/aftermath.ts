import type { AnnouncedDeployment } from './domain/announced.ts';
import type { Holder } from './domain/lease-holder.ts';
import type { UnderWay } from './domain/under-way.ts';
import { endAnnounced } from './github/unfinished-deployment.ts';
import type { Cluster, Forge, Self } from './ports.ts';
import { settleAfter } from './stages/deploy/aftermath.ts';

/** What is done about the deployments that a killed main step left under way; a sentence for each that needed it. */
export async function aftermath(
  left: readonly UnderWay[],
  connect: (kubeconfig: string) => Promise<Cluster>,
  { run, here }: Pick<Self, 'run' | 'here'>,
): Promise<string[]> {
  const said: string[] = [];
  for (const each of left) {
    const holder: Holder = { ...run, id: crypto.randomUUID(), since: new Date().toISOString() };
    const done = await settleAfter(each, { holder, here }, await connect(each.kubeconfig));
    if (done !== undefined) said.push(done);
  }
  return said;
}

/** The same for those that GitHub was told of: it would have them in progress for ever. */
export async function aftermathOnGitHub(
  left: readonly AnnouncedDeployment[],
  open: (repository: string) => Promise<Forge>,
): Promise<string[]> {
  const said: string[] = [];
  for (const each of left) {
    const { environment } = each;
    const done = await endAnnounced(each, await open(each.repository));
    if (!done.ok) {
      said.push(`${environment}: GitHub still has it in progress (${done.fault.message}); a run days later ends it`);
      // Who isn't heard once is not waited for again.
      break;
    }
    if (done.value) said.push(`${environment}: the deployment that was in progress on GitHub is ended`);
  }
  return said;
}
