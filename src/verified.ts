import type { Finding } from './domain/finding.ts';
import type { PublishedChart } from './domain/published-chart.ts';
import { together } from './domain/together.ts';
import type { Ports } from './ports.ts';
import type { Record } from './record.ts';
import type { Request } from './request.ts';
import { verify } from './stages/verify.ts';

/** With `verify`, whoever attested each chart that is to be copied or deployed must be who is expected: else none is. */
export async function verifyAll(
  request: Request,
  sources: ReadonlyMap<string, PublishedChart>,
  record: Record,
  ports: Pick<Ports, 'registry' | 'verifying' | 'host'>,
): Promise<void> {
  const { verification } = request;
  if (verification === undefined || record.failed) return;
  if (request.deployment.dryRun && !request.charts.published) {
    record.add([unpublished()]);
    return;
  }
  const found = await together(
    [...sources].map(([name, source]) => verify(name, source, verification.expected, ports)),
  );
  record.add(found.flat());
}

function unpublished(): Finding {
  const message = 'what is deployed is not verified: a dry run publishes nothing that could be attested';
  return { stage: 'deploy', rule: 'deploy/provenance', severity: 'note', message };
}
