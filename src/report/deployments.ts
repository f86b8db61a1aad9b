import type { CauseCode, DeploymentOutcome, TestOutcome } from '../domain/deployment.ts';
import type { Finding } from '../domain/finding.ts';
import type { Report } from '../domain/outcome.ts';
import { oneLine } from './plain-text.ts';
import { shellWord } from './shell-word.ts';

export const DEPLOYMENT_WORDS: Record<DeploymentOutcome['outcome'], string> = {
  deployed: 'deployed',
  unchanged: 'unchanged',
  'rolled-back': 'rolled back',
  removed: 'removed',
  failed: 'deployment failed',
  skipped: 'not deployed',
  cancelled: 'deployment cancelled',
};

/** Whether what was to be deployed is live, healthy and tested. */
export function isLive({ outcome, cause }: DeploymentOutcome): boolean {
  return (outcome === 'deployed' || outcome === 'unchanged') && cause === null;
}

/** For an order in which what failed comes last, where a reader's eye is. */
export function urgencyOf(one: DeploymentOutcome): number {
  return isLive(one) ? 0 : one.outcome === 'skipped' ? 1 : 2;
}

/** What became of it, beside the word for the outcome: `revision 4 is live`. */
export function endingOf({ outcome, revision, cause }: DeploymentOutcome): string {
  const live = revision === undefined ? '' : `revision ${revision} is live`;
  switch (outcome) {
    case 'deployed':
      return live;
    case 'unchanged':
      return live === '' ? 'nothing to do' : `nothing to do, ${live}`;
    case 'rolled-back':
      return `the last healthy revision is live again${revision === undefined ? '' : `, as revision ${revision}`}`;
    case 'removed':
      return 'the first install failed and was removed';
    case 'failed':
      if (live !== '') return `left as it is, ${live}`;
      return cause !== null && OUT_OF_SIGHT.includes(cause.code) ? 'what is live is not known' : 'nothing is live';
    case 'skipped':
      return live === '' ? 'nothing was changed' : `nothing was changed, ${live}`;
    case 'cancelled':
      return live === '' ? 'interrupted' : `interrupted, ${live}`;
  }
}

/** After these nobody could look. */
const OUT_OF_SIGHT: readonly CauseCode[] = ['unreachable', 'unauthorized', 'forbidden', 'busy'];

/** `agent-prod in prod`, with the environment where that is called otherwise. */
export function targetOf({ environment, namespace, release }: DeploymentOutcome): string {
  const where = `${oneLine(release)} in namespace ${oneLine(namespace)}`;
  return environment === namespace ? where : `${where} (${oneLine(environment)})`;
}

/** `2 tests passed`, `1 of 2 tests failed: NAME`; empty without tests. */
export function testsText(tests: readonly TestOutcome[]): string {
  if (tests.length === 0) return '';
  const failed = tests.filter(({ outcome }) => outcome === 'failed').map(({ name }) => oneLine(name));
  const passed = tests.filter(({ outcome }) => outcome === 'passed').length;
  const noun = tests.length === 1 ? 'test' : 'tests';
  if (failed.length > 0) {
    const share = tests.length === 1 ? '1' : `${failed.length} of ${tests.length}`;
    return `${share} ${noun} failed: ${failed.join(', ')}`;
  }
  return passed === tests.length ? `${passed} ${noun} passed` : `${passed} of ${tests.length} ${noun} passed`;
}

/** What a person can paste into a shell to look further. */
export function commandsToLook(one: DeploymentOutcome): string[] {
  const namespace = `-n ${shellWord(one.namespace)}`;
  const release = shellWord(one.release);
  if (one.outcome === 'skipped') return [];
  if (isLive(one)) return [`helm status ${release} ${namespace}`, `helm get values ${release} ${namespace}`];
  const { resource } = one.cause ?? {};
  const described = resource === undefined ? [] : [`kubectl describe ${shellWord(resource)} ${namespace}`];
  // What was rolled back or removed can't be asked any more; the evidence has it.
  const isThere = one.outcome === 'failed' || one.outcome === 'cancelled';
  return [
    ...(isThere ? described : []),
    `kubectl get pods,events ${namespace} --sort-by=.metadata.creationTimestamp`,
    ...(one.outcome === 'removed' ? [] : [`helm history ${release} ${namespace}`]),
  ];
}

/** Where the cause stands in the values: `chart/values-prod.yaml:8`. */
export function causePlace({ cause }: DeploymentOutcome): string | undefined {
  if (cause?.file === undefined) return undefined;
  return [oneLine(cause.file), ...(cause.line === undefined ? [] : [cause.line])].join(':');
}

/** A finding that says what a deployment says with its log: faces that show both tell it once. */
export function isTold(finding: Finding, { deployments }: Pick<Report, 'deployments'>): boolean {
  return (
    (finding.stage === 'deploy' || finding.stage === 'test') &&
    finding.severity === 'error' &&
    deployments.some(
      ({ cause, chart, environment }) =>
        cause !== null &&
        (finding.chart === undefined || finding.chart === chart) &&
        finding.environments?.length === 1 &&
        finding.environments[0] === environment &&
        finding.rule === `deploy/${cause.code}` &&
        finding.message.includes(cause.message),
    )
  );
}
