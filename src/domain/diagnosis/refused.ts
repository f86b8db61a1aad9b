import type { Cause } from '../deployment.ts';
import type { KubeObject } from '../kube-object.ts';
import { at, fields, list, number } from './reading.ts';
import { podMaker } from './release-pods.ts';
import type { Look } from './seen.ts';
import type { Trouble } from './trouble.ts';
import { podSpecOf, workloads } from './workload.ts';

/** Seconds in which a quota may get room (pods of the older revision leave) and an account may be made. */
const PATIENCE = 10;

/** Pods that the API server won't have: quota, Pod Security, a policy, a webhook. Only events tell. */
export function refusedPods(look: Look): Trouble[] {
  const hooks = look.seen.manifest.filter((object) => object.kind === 'Job' && !workloads(look).includes(object));
  return [...workloads(look), ...hooks].flatMap((workload) => {
    const maker = podMaker(workload, look);
    if (maker === undefined || !lacksPods(maker)) return [];
    const events = look.events(maker, 'FailedCreate');
    const last = events.at(-1);
    if (last === undefined) return [];
    const times = events.reduce((sum, each) => sum + each.times, 0);
    const said = refusalWords(last.message);
    const kind = refusalOf(said);
    const lasts = look.lasting('refused', maker);
    const isLeaving = look.of('Pod').some(({ metadata }) => metadata.deletionTimestamp !== undefined);
    const isSure = kind === 'no' ? times >= 2 : staysAway(kind, said, look) && lasts >= PATIENCE && !isLeaving;
    return [
      {
        cause: {
          code: 'refused',
          resource: `${workload.kind}/${workload.metadata.name}`,
          message: `the API server refuses the pods of ${workload.kind} ${workload.metadata.name}: ${said}`,
          ...hintFor(said),
        },
        terminal: isSure,
        logs: [],
        ...blameOf(workload, said),
        of: `${workload.kind}/${workload.metadata.name}`,
        waitsFor: [],
      } satisfies Trouble,
    ];
  });
}

/** Whether what is missing is nothing that this release brings. */
function staysAway(kind: 'quota' | 'account' | 'passing', said: string, look: Look): boolean {
  const account = accountIn(said);
  // The cluster itself makes this one in each namespace; a busy one takes its time.
  if (account?.split('/').at(-1) === 'default') return false;
  return kind === 'quota' || (kind === 'account' && look.inManifest('ServiceAccount', account ?? '') === undefined);
}

function accountIn(said: string): string | undefined {
  return /serviceaccount "([^"]+)" not found/.exec(said)?.[1];
}

function lacksPods(maker: KubeObject): boolean {
  const status = (key: string): number => number(at(maker, 'status', key));
  switch (maker.kind) {
    case 'DaemonSet':
      return (
        status('currentNumberScheduled') < status('desiredNumberScheduled') || status('desiredNumberScheduled') === 0
      );
    case 'Job':
      return status('active') + status('succeeded') + status('failed') === 0;
    default:
      return status('replicas') < number(at(maker, 'spec', 'replicas') ?? 1);
  }
}

/** Without the names of pods that never were, which differ with each try. */
function refusalWords(message: string): string {
  return message
    .replace(/^\(combined from similar events\): /, '')
    .replace(/^Error creating: |^Create Pod \S+ in StatefulSet \S+ failed error: /, '')
    .replace(/^pods "[^"]*" is forbidden: /, '')
    .replace(/^Pod "[^"]*" is invalid: /, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 600);
}

/** `no` stays no; a quota may get room, an account may still be made; `passing` may be over at the next try. */
export function refusalOf(said: string): 'no' | 'quota' | 'account' | 'passing' {
  if (/exceeded quota/i.test(said)) return 'quota';
  if (/error looking up service account .* not found/i.test(said)) return 'account';
  if (/denied (the )?request|violates PodSecurity|must specify/i.test(said)) return 'no';
  return PASSING.test(said) ? 'passing' : 'no';
}

const PASSING =
  /failed (calling|to call) webhook|time(d )?out|deadline exceeded|connection (refused|reset)|no endpoints|not yet ready|being terminated|internal error|too many requests|(unable to|status) .*quota/i;

export function hintFor(said: string): Pick<Cause, 'hint'> {
  if (/exceeded quota/i.test(said))
    return { hint: 'Ask for less, or have the ResourceQuota raised: kubectl describe resourcequota' };
  if (/violates PodSecurity/i.test(said))
    return { hint: "Set the securityContext that the namespace's Pod Security Standard demands." };
  if (/service account/i.test(said)) return { hint: 'Create the ServiceAccount, or correct its name in the values.' };
  if (/field is immutable/i.test(said))
    return { hint: 'Give the object another name, or delete it before the deployment.' };
  if (/(maximum|minimum) .* per/i.test(said))
    return { hint: "Keep within the namespace's LimitRange: kubectl describe limitrange" };
  if (/webhook/i.test(said)) return { hint: 'An admission webhook says so; whoever runs it knows its rules.' };
  if (/ValidatingAdmissionPolicy/i.test(said))
    return { hint: 'Correct the object, or have the policy changed: kubectl get validatingadmissionpolicy' };
  return {};
}

function blameOf(workload: KubeObject, said: string): Pick<Trouble, 'blame'> {
  const account = accountIn(said);
  if (account !== undefined) return { blame: { kind: 'name', name: account } };
  const asked = /exceeded quota: \S+, requested: ([^ ]+?)[=:]/.exec(said)?.[1];
  if (asked === 'pods' || asked === 'count/pods') {
    const replicas = number(at(workload, 'spec', 'replicas'));
    return replicas > 1 ? { blame: { kind: 'replicas', replicas } } : {};
  }
  const [way, resource] = /^(?:(requests|limits)\.)?(cpu|memory|ephemeral-storage)$/.exec(asked ?? '')?.slice(1) ?? [];
  if (resource === undefined) return {};
  const path = [way ?? 'requests', resource] as const;
  const asking = list(podSpecOf(workload).containers).filter((each) => at(each, 'resources', ...path) !== undefined);
  const [only] = asking;
  if (only === undefined || asking.length > 1) return {};
  return { blame: { kind: 'quantity', path: [path[0], path[1]], resources: fields(only.resources) } };
}
