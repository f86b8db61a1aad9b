import {
  ARTIFACTHUB_CONFIG_TYPE,
  ARTIFACTHUB_FILE,
  ARTIFACTHUB_LAYER_TYPE,
  ARTIFACTHUB_TAG,
} from '../domain/artifacthub.ts';
import type { Finding } from '../domain/finding.ts';
import { locationOf, type Target } from '../domain/reference.ts';
import { together } from '../domain/together.ts';
import type { Ports } from '../ports.ts';

/** Puts what Artifact Hub is to know beside a published chart, in each registry; a layout on disk is nothing that it reads. */
export async function pushRepositoryMetadata(
  chart: string,
  content: Uint8Array,
  targets: readonly Target[],
  { registry }: Pick<Ports, 'registry'>,
): Promise<Finding[]> {
  const pushed = await together(
    targets.map(async (target): Promise<Finding[]> => {
      const location = locationOf(target, chart, (...parts) => parts.join('/'));
      if (location.kind === 'layout') return [];
      const answer = await registry.pushFile(location, ARTIFACTHUB_TAG, {
        ...{ name: ARTIFACTHUB_FILE, content, type: ARTIFACTHUB_LAYER_TYPE, configType: ARTIFACTHUB_CONFIG_TYPE },
      });
      if (answer.ok) return [];
      const { message, hint } = answer.fault;
      return [
        {
          ...{ stage: 'publish', rule: 'publish/artifacthub', severity: 'error', chart },
          message: `${ARTIFACTHUB_FILE} could not be pushed to ${target.text}/${chart}: ${message}`,
          ...(hint !== undefined && { hint }),
        },
      ];
    }),
  );
  return pushed.flat();
}
