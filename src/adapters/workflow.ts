import type { RawRequest } from '../request.ts';
import { githubRun } from './github-run.ts';
import { workflowEvent } from './workflow-event.ts';
import { workflowPreRelease, workflowTag } from './workflow-ref.ts';
import { hasIdentity } from './workflow-run.ts';

/** What both faces know of the workflow that they run in, if they do. */
export function workflowOf(environment: NodeJS.ProcessEnv): RawRequest['workflow'] {
  const run = githubRun(environment);
  const tag = workflowTag(environment);
  const preRelease = workflowPreRelease(environment);
  return {
    event: workflowEvent(environment),
    hasIdentity: hasIdentity(environment),
    ...(run !== undefined && { run }),
    ...(tag !== undefined && { tag }),
    ...(preRelease !== undefined && { preRelease }),
  };
}
