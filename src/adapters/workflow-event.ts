import { eventOf } from './workflow-event-file.ts';

/**
 * What set a workflow off. `foreign`: the workflow's secrets are at hand while the checkout may be somebody
 * else's (pull_request_target, or workflow_run for a fork's head or after a pull request's workflow).
 */
export type WorkflowEvent = 'own' | 'pull-request' | 'foreign';

/** Reads GITHUB_EVENT_NAME and the event's file. What can't be read of a `workflow_run` is taken as foreign. */
export function workflowEvent(environment: NodeJS.ProcessEnv): WorkflowEvent {
  switch (environment.GITHUB_EVENT_NAME) {
    case 'pull_request':
    case 'pull_request_review':
    case 'pull_request_review_comment':
    case 'merge_group':
      return 'pull-request';
    case 'pull_request_target':
      return 'foreign';
    case 'workflow_run':
      return isForeign(environment) ? 'foreign' : 'own';
    default:
      return 'own';
  }
}

function isForeign(environment: NodeJS.ProcessEnv): boolean {
  const { workflow_run: run } = eventOf(environment) as {
    workflow_run?: { event?: unknown; head_repository?: { full_name?: unknown } | null } | null;
  };
  const head = run?.head_repository?.full_name;
  return head === undefined || head !== environment.GITHUB_REPOSITORY || !isOfBranch(run?.event);
}

/** Whether what set off the workflow before this one was in a branch or tag: a pull request of ours is not merged yet. */
function isOfBranch(event: unknown): boolean {
  return typeof event === 'string' && !/^(?:pull_request|merge_group)/.test(event);
}
