import type { WorkflowRun } from '../domain/attestation.ts';

/** The run of the workflow that this is a step of; `undefined` elsewhere. Steps before it can't change these variables. */
export function workflowRun(environment: NodeJS.ProcessEnv): WorkflowRun | undefined {
  const read = (name: string): string => environment[`GITHUB_${name}`] ?? '';
  if (read('REPOSITORY') === '' || read('SHA') === '' || read('WORKFLOW_REF') === '') return undefined;
  return {
    server: read('SERVER_URL') || 'https://github.com',
    repository: read('REPOSITORY'),
    ref: read('REF'),
    commit: read('SHA'),
    workflow: read('WORKFLOW_REF'),
    event: read('EVENT_NAME'),
    runner: environment.RUNNER_ENVIRONMENT ?? '',
    repositoryId: read('REPOSITORY_ID'),
    ownerId: read('REPOSITORY_OWNER_ID'),
    run: read('RUN_ID'),
    attempt: read('RUN_ATTEMPT') || '1',
  };
}

/** Whether the runner gives out tokens that show which workflow this is: `permissions: id-token: write`. */
export function hasIdentity(environment: NodeJS.ProcessEnv): boolean {
  return Boolean(environment.ACTIONS_ID_TOKEN_REQUEST_URL && environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
}
