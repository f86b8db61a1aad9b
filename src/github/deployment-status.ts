import { join } from 'node:path';
import { ANNOUNCED, type AnnouncedDeployment } from '../domain/announced.ts';
import type { DeploymentOutcome, PlannedDeployment } from '../domain/deployment.ts';
import type { Finding } from '../domain/finding.ts';
import type { GitHubRun } from '../domain/github-run.ts';
import type { DeploymentStatus, Files, Forge, ForgeAnswer, ForgeDeployment, ForgeFault } from '../ports.ts';
import { settleOthers } from './unfinished-deployment.ts';
import { untold } from './untold.ts';

/** What is being deployed. */
export interface Deploying {
  readonly chart: string;
  readonly version: string;
  /** By digest. */
  readonly reference: string;
}

type Ended = Pick<DeploymentOutcome, 'outcome' | 'cause'>;

/** One that was begun: `end` says how it went, and gives what could not be said. */
export interface Announced {
  end(outcome: Ended): Promise<Finding[]>;
}

/**
 * GitHub's deployments, kept up to date beside our own: nothing waits for them, and nothing fails for them. Where the
 * job has an `environment:` of the name, GitHub has made one for it, and that is used; else one is made. After the first
 * one of which GitHub won't hear, no other is tried. What is made is noted in the run's private folder: should the run be
 * killed, the post step ends it.
 */
export function createAnnouncer(run: GitHubRun, files: Pick<Files, 'temporary' | 'write'>, open: () => Promise<Forge>) {
  let forge: Promise<Forge> | undefined;
  let isRefused = false;
  return {
    begin(planned: PlannedDeployment, what: Deploying): Announced {
      if (isRefused) return { end: async () => [] };
      forge ??= open();
      const begun = forge.then((opened) => begin({ planned, what, run }, files, opened));
      // Whoever ends it hears of a bug.
      begun.catch(() => undefined);
      return {
        end: async (outcome) => {
          const [opened, { made, isOwn, fault }] = [await (forge as Promise<Forge>), await begun];
          const failed = fault ?? (made && (await end(made.id, isOwn, outcome, { planned, what, run, forge: opened })));
          if (failed === undefined) return [];
          isRefused = true;
          const note = untold('deployment', 'GitHub does not know of the deployment', failed, 'deployments');
          return [{ ...note, environments: [planned.environment] }];
        },
      };
    },
  };
}

interface Begun {
  readonly made?: ForgeDeployment;
  /** Made here, not by GitHub for the job. */
  readonly isOwn: boolean;
  readonly fault?: ForgeFault;
}

async function begin(about: About, files: Pick<Files, 'temporary' | 'write'>, forge: Forge): Promise<Begun> {
  const { planned, what, run } = about;
  const jobs = await ofJob(planned.environment, run, forge);
  if (!jobs.ok) return { isOwn: false, fault: jobs.fault };
  const made =
    jobs.value === undefined ? await make(planned, what, run, forge) : { ok: true as const, value: jobs.value };
  const isOwn = jobs.value === undefined;
  if (!made.ok) return { isOwn, fault: made.fault };
  // Without a note a run days later ends it.
  if (isOwn) await keepNote(made.value.id, about, files).catch(() => undefined);
  const status = statusOf('in_progress', '', about);
  const said = await forge.addDeploymentStatus(made.value.id, status);
  return said.ok ? { made: made.value, isOwn } : { isOwn, fault: said.fault };
}

async function keepNote(id: number, about: About, files: Pick<Files, 'temporary' | 'write'>): Promise<void> {
  const { state: _, ...status } = statusOf('error', WORDS.cancelled, about);
  const { planned, run } = about;
  const note: AnnouncedDeployment = { repository: run.repository, id, environment: planned.environment, ...status };
  await files.write(join(files.temporary, ANNOUNCED, `${id}.json`), JSON.stringify(note));
}

/** Deployments of one commit and environment whose statuses are looked at. */
const MOST = 5;

/** The one that GitHub made for this job: its statuses lead to this run of the workflow. */
async function ofJob(
  environment: string,
  run: GitHubRun,
  forge: Forge,
): Promise<ForgeAnswer<ForgeDeployment | undefined>> {
  const there = await forge.deployments({ environment, task: 'deploy', sha: run.sha });
  if (!there.ok) return there;
  for (const deployment of there.value.slice(0, MOST)) {
    const statuses = await forge.deploymentStatuses(deployment.id);
    if (!statuses.ok) return statuses;
    if (statuses.value.some(({ logUrl }) => isOf(logUrl, run))) return { ok: true, value: deployment };
  }
  return { ok: true, value: undefined };
}

/** `…/actions/runs/ID/job/…`. */
function isOf(logUrl: string, { repository, id }: GitHubRun): boolean {
  return new RegExp(`/actions/runs/${id}(?:/|$)`).test(logUrl) && logUrl.includes(`/${repository}/`);
}

/** Of this chart alone: the other charts of an environment have deployments of their own. */
function taskOf({ chart }: Deploying): string {
  return `deploy:${chart}`;
}

async function make(
  { environment, namespace, release }: PlannedDeployment,
  what: Deploying,
  run: GitHubRun,
  forge: Forge,
): Promise<ForgeAnswer<ForgeDeployment>> {
  const task = taskOf(what);
  const add = () =>
    forge.addDeployment({
      environment,
      task,
      sha: run.sha,
      description: described(what, ''),
      payload: { ...what, digest: digestOf(what), namespace, release },
      isProduction: /^prod(?:uction)?$/i.test(environment),
    });
  const made = await add();
  if (made.ok || (made.fault.kind !== 'unreachable' && made.fault.kind !== 'server-error')) return made;
  // The answer may have been lost: then there is one of which nothing was said yet.
  const there = await forge.deployments({ environment, task, sha: run.sha });
  const newest = there.ok ? there.value[0] : undefined;
  const statuses = newest && (await forge.deploymentStatuses(newest.id));
  if (!there.ok || statuses?.ok === false) return made;
  return newest !== undefined && statuses?.value.length === 0 ? { ok: true, value: newest } : await add();
}

interface About {
  readonly planned: PlannedDeployment;
  readonly what: Deploying;
  readonly run: GitHubRun;
}

async function end(
  id: number,
  isOwn: boolean,
  outcome: Ended,
  about: About & { readonly forge: Forge },
): Promise<ForgeFault | undefined> {
  const { forge, planned, what } = about;
  const state = stateOf(outcome);
  const said = await forge.addDeploymentStatus(id, statusOf(state, WORDS[outcome.outcome], about));
  if (!said.ok) return said.fault;
  // What GitHub made for the job, it makes inactive itself. And one that another run kept from the release says nothing of that.
  if (!isOwn || outcome.outcome === 'cancelled' || outcome.cause?.code === 'busy') return undefined;
  const { environment } = planned;
  const isSuccess = state === 'success';
  return await settleOthers({ id, environment, task: taskOf(what), isSuccess, logUrl: about.run.url }, forge);
}

const WORDS: Record<DeploymentOutcome['outcome'], string> = {
  deployed: 'deployed',
  unchanged: 'unchanged',
  'rolled-back': 'rolled back',
  removed: 'removed again',
  failed: 'failed',
  skipped: 'not deployed',
  cancelled: 'interrupted',
};

function stateOf({ outcome, cause }: Ended): DeploymentStatus['state'] {
  switch (outcome) {
    case 'deployed':
    case 'unchanged':
      return cause === null ? 'success' : 'failure';
    case 'cancelled':
      return 'error';
    default:
      return 'failure';
  }
}

function statusOf(state: DeploymentStatus['state'], word: string, { planned, what, run }: About): DeploymentStatus {
  const { url } = planned;
  return {
    state,
    description: described(what, word),
    logUrl: `${run.url}/attempts/${run.attempt}`,
    ...(url !== undefined && { environmentUrl: url }),
  };
}

/** `deployed: task-api 1.2.3 sha256:…`, with the digest whole. */
function described(what: Deploying, word: string): string {
  const digest = digestOf(what);
  const name = `${word === '' ? '' : `${word}: `}${what.chart} ${what.version}`;
  return `${name.slice(0, 140 - digest.length - 1)} ${digest}`;
}

function digestOf({ reference }: Deploying): string {
  return reference.slice(reference.lastIndexOf('@') + 1);
}
