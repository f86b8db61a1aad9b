import type { Holder } from './domain/lease-holder.ts';
import type { UnderWay } from './domain/under-way.ts';
import type { Cluster, Self } from './ports.ts';
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
