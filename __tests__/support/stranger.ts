import { dirname } from 'node:path';
import { type ActRun, runCallerByAct } from './act.ts';
import { callerWorkflow } from './readme-workflow.ts';
import { pinned } from './scenario.ts';

/** A repository of somebody's with only a chart in it, for three environments; no image is needed for what it makes. */
export const CHART: Readonly<Record<string, string>> = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\n',
  'chart/values.yaml': 'greeting: hello\n',
  'chart/values-dev.yaml': 'greeting: dev\n',
  'chart/values-staging.yaml': 'greeting: staging\n',
  'chart/values-prod.yaml': 'greeting: prod\n',
  'chart/templates/configmap.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  greeting: {{ .Values.greeting }}\n',
};

export interface StrangersRun extends ActRun {
  /** What became of each job that ran, in the order in which they ended. */
  readonly jobs: readonly string[];
}

export interface StrangersEvent {
  readonly name: string;
  readonly payload: object;
}

/** Runs the workflow that the README tells him to write, by act. */
export async function runStranger(
  { name, payload }: StrangersEvent,
  options: {
    readonly registry: string;
    /** The content of a kubeconfig. */
    readonly kubeconfig: string;
    /** What is different in the workflow. */
    readonly changes?: readonly (readonly [string, string])[];
    /** Further files, or others. */
    readonly files?: Readonly<Record<string, string>>;
    readonly environment?: NodeJS.ProcessEnv;
    /** Further arguments of act. */
    readonly args?: readonly string[];
  },
): Promise<StrangersRun> {
  const workflow = callerWorkflow(options.registry, ...(options.changes ?? []));
  const ended = await runCallerByAct(
    { files: { ...CHART, ...options.files, '.github/workflows/chart.yml': workflow }, event: payload },
    [name, '--secret', 'KUBECONFIG', ...(options.args ?? [])],
    { KUBECONFIG: options.kubeconfig, ...options.environment },
    [dirname(pinned('helm')), dirname(pinned('oras'))],
  );
  const jobs = [...ended.output.matchAll(/^\[[^\]]*\/pipeline\/([^\]]+?)\s*\] .*Job (succeeded|failed)/gm)];
  // act numbers the jobs of a matrix.
  return { ...ended, jobs: jobs.map(([, job = '', how]) => `${job.replace(/-\d+$/, '')}: ${how}`) };
}
