import type { Finding } from './domain/finding.ts';
import type { Request } from './request.ts';

/** What was asked for and is not done; said rather than skipped in silence. */
export function heldBack(request: Request): Finding[] {
  const notPublished = (rule: string, why: string): Finding[] => [
    { stage: 'publish', rule: `publish/${rule}`, severity: 'note', message: `nothing is published: ${why}` },
  ];
  switch (request.held) {
    case undefined:
      return request.deployment.dryRun &&
        request.registries.length > 0 &&
        (request.isRegistryAsked || !request.charts.published)
        ? notPublished('dry-run', 'this is a dry run')
        : [];
    case 'publish':
      return notPublished('pull-request', 'this runs for a pull request, and pull requests never publish');
    case 'until': {
      const message = `nothing is deployed: the run ends with ${request.until}, as "until" says`;
      return [{ stage: 'deploy', rule: 'deploy/until', severity: 'note', message }];
    }
    case 'deploy': {
      const message = 'nothing is deployed: this runs for a pull request, and pull requests never touch a cluster';
      return [{ stage: 'deploy', rule: 'deploy/pull-request', severity: 'note', message }];
    }
  }
}
