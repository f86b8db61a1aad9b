import type { KubeObject } from '../kube-object.ts';
import { containersOf } from './container.ts';
import { at, condition, number, text } from './reading.ts';
import { hookOf } from './release-pods.ts';
import { controllerOf, type Look } from './seen.ts';
import type { LogSource, Trouble } from './trouble.ts';

/** Jobs of the release, and hooks, that failed. Those that were there before (helm keeps failed hooks) are not asked. */
export function failedJobs(look: Look): Trouble[] {
  return look.seen.manifest.flatMap((object) => {
    const live = look.live(object.kind, object.metadata.name);
    if (live === undefined || look.isOld(live)) return [];
    if (object.kind === 'Job') return failedJob(live, hookOf(object), look);
    if (object.kind === 'Pod' && hookOf(object) !== '') return failedPod(live, hookOf(object));
    return [];
  });
}

/** Hooks that have begun and come to no end; never terminal by itself, and what helm's time limit is told as. */
export function unendedHooks(told: ReadonlySet<string>, look: Look): Trouble[] {
  return look.seen.manifest.flatMap((object) => {
    const { kind, metadata } = object;
    const of = `${kind}/${metadata.name}`;
    const hook = hookOf(object);
    const live = look.live(kind, metadata.name);
    if (hook === '' || isTest(hook) || told.has(of) || live === undefined || look.isOld(live)) return [];
    if (kind === 'Job' ? condition(live, 'Complete')?.status === 'True' : at(live, 'status', 'phase') !== 'Running')
      return [];
    const pods = kind === 'Job' ? look.of('Pod').filter((pod) => controllerOf(pod)?.uid === live.metadata.uid) : [live];
    const running = pods.filter((pod) => at(pod, 'status', 'phase') === 'Running');
    const noun = kind === 'Job' ? 'Job' : 'pod';
    return [
      {
        cause: {
          code: 'hook-failed',
          resource: of,
          message: `${what(hook, noun)} ${metadata.name} has not ended: ${running.length > 0 ? 'it still runs' : 'no pod of it runs'}`,
          hint: 'See what it waits for; if it needs longer, raise timeout.',
        },
        terminal: false,
        logs: running.slice(-1).flatMap(failedFirst),
        of,
        waitsFor: [],
      },
    ];
  });
}

function failedJob(job: KubeObject, hook: string, look: Look): Trouble[] {
  const failed = condition(job, 'Failed');
  const isOver = failed?.status === 'True';
  if (!isOver && (number(at(job, 'status', 'failed')) === 0 || condition(job, 'Complete')?.status === 'True'))
    return [];
  const pods = look
    .of('Pod')
    .filter((pod) => controllerOf(pod)?.uid === job.metadata.uid)
    .sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1));
  const tries = number(at(job, 'spec', 'backoffLimit') ?? 6) + 1;
  // It fails for sure, and waits for its pods to end.
  const reason = isOver ? failed : condition(job, 'FailureTarget');
  const why =
    reason?.status === 'True'
      ? reasonOf(text(reason.reason), text(reason.message), job)
      : `${number(at(job, 'status', 'failed'))} of ${tries} tries so far`;
  const exit = pods.map(exitWords).find((words) => words !== '') ?? '';
  return [
    {
      cause: {
        code: codeOf(hook),
        resource: `Job/${job.metadata.name}`,
        message: `${what(hook, 'Job')} ${job.metadata.name} failed: ${[why, exit].filter((part) => part !== '').join('; ')}`,
      },
      terminal: isOver,
      logs: pods.slice(0, 1).flatMap(failedFirst),
      of: `Job/${job.metadata.name}`,
      waitsFor: [],
    },
  ];
}

function failedPod(pod: KubeObject, hook: string): Trouble[] {
  if (at(pod, 'status', 'phase') !== 'Failed') return [];
  const why = text(at(pod, 'status', 'message')).trim();
  const exit = exitWords(pod);
  return [
    {
      cause: {
        code: codeOf(hook),
        resource: `Pod/${pod.metadata.name}`,
        message: `${what(hook, 'pod')} ${pod.metadata.name} failed: ${[why, exit].filter((part) => part !== '').join('; ') || 'it does not say why'}`,
      },
      terminal: true,
      logs: failedFirst(pod),
      of: `Pod/${pod.metadata.name}`,
      waitsFor: [],
    },
  ];
}

function codeOf(hook: string): 'job-failed' | 'hook-failed' | 'test-failed' {
  if (hook === '') return 'job-failed';
  return isTest(hook) ? 'test-failed' : 'hook-failed';
}

export function isTest(hook: string): boolean {
  return hook.split(',').some((each) => each.trim() === 'test' || each.trim() === 'test-success');
}

function what(hook: string, noun: string): string {
  if (hook === '') return `the ${noun}`;
  return isTest(hook) ? 'the test' : `the ${hook.split(',').join(', ')} hook`;
}

function reasonOf(reason: string, message: string, job: KubeObject): string {
  switch (reason) {
    case 'BackoffLimitExceeded': {
      const tries = number(at(job, 'spec', 'backoffLimit') ?? 6) + 1;
      return tries === 1 ? '' : `all of its ${tries} tries failed`;
    }
    case 'DeadlineExceeded':
      return `it took longer than its activeDeadlineSeconds of ${number(at(job, 'spec', 'activeDeadlineSeconds'))} s`;
    case 'PodFailurePolicy':
      return 'its podFailurePolicy ends it at this exit code';
    default:
      return message || reason;
  }
}

function exitWords(pod: KubeObject): string {
  const container = containersOf(pod).find(({ ended }) => ended !== undefined && ended.code !== 0);
  const exit = container?.ended;
  if (container === undefined || exit === undefined) return '';
  if (exit.reason === 'OOMKilled') return `container ${container.name} was killed for using more memory than its limit`;
  if (exit.reason === 'StartError')
    return `container ${container.name} could not be started: ${exit.message.replace(/\s+/g, ' ').slice(0, 300)}`;
  return `container ${container.name} ended with exit code ${exit.code}`;
}

/** The logs of a pod's containers, those first that failed. */
export function failedFirst(pod: KubeObject): LogSource[] {
  const started = containersOf(pod).filter(
    ({ running, ended, last }) => running || ended !== undefined || last !== undefined,
  );
  const hasFailed = ({ ended }: { ended: { code: number } | undefined }): number =>
    ended !== undefined && ended.code !== 0 ? 0 : 1;
  return started
    .sort((a, b) => hasFailed(a) - hasFailed(b))
    .map(({ name }) => ({ pod: pod.metadata.name, container: name, previous: false }));
}
