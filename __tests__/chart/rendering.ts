import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { load, loadAll } from 'js-yaml';
import pLimit from 'p-limit';
import { pinned, repository } from '../support/scenario.ts';

// biome-ignore lint/suspicious/noExplicitAny: what was rendered is foreign data, and a wrong path fails the test
export type Foreign = any;

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly [field: string]: Foreign;
}

/** What is rendered: chart/ with the stand-ins of its dependencies, as an install unless `upgrade` is set. */
export interface Case {
  readonly release?: string;
  readonly environment?: (typeof ENVIRONMENTS)[number];
  readonly values?: Record<string, unknown>;
  readonly set?: readonly string[];
  readonly upgrade?: boolean;
  readonly kubeVersion?: string;
  readonly helm?: 'helm' | 'helm3';
  /** Another chart's folder. */
  readonly chart?: string;
}

export const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;

/** Passwords, so that what is rendered is the same each time. */
export const PASSWORDS = {
  postgresql: {
    auth: { password: 'Kanarie-user', postgresPassword: 'Kanarie-admin', replicationPassword: 'Kanarie-replica' },
  },
  redis: { auth: { password: 'Kanarie-redis' } },
};

const folder = mkdtempSync(join(tmpdir(), 'chartship-chart-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of chart/ with its dependencies, in a folder that is removed after the tests of this file. */
export function chartCopy(name: string): string {
  const copy = join(folder, name);
  cpSync(join(repository, 'chart'), copy, { recursive: true });
  rmSync(join(copy, 'charts'), { recursive: true, force: true });
  cpSync(join(repository, '__tests__/fixtures/charts'), join(copy, 'charts'), { recursive: true });
  return copy;
}

const chart = chartCopy('task-api');

const cores = pLimit(2);
const answers = new Map<string, Promise<Answer>>();

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function helm(program: 'helm' | 'helm3', args: readonly string[], input = ''): Promise<Answer> {
  return cores(
    () =>
      new Promise((resolve, reject) => {
        const env = { PATH: process.env.PATH, HOME: folder, GOGC: '400' };
        const child = spawn(pinned(program), args, { cwd: folder, env });
        let [stdout, stderr] = ['', ''];
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          stdout += text;
        });
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          stderr += text;
        });
        child.on('error', reject);
        child.on('close', (code) => resolve({ code, stdout, stderr }));
        child.stdin.on('error', () => {});
        child.stdin.end(input);
      }),
  );
}

function argumentsOf(wanted: Case): readonly string[] {
  const release = wanted.release ?? `agent-${wanted.environment ?? 'dev'}`;
  const environment = wanted.environment && ['--values', join(repository, `chart/values-${wanted.environment}.yaml`)];
  return [
    ...[release, wanted.chart ?? chart, '--namespace', 'home'],
    ...(environment ?? []),
    ...(wanted.values ? ['--values', '-'] : []),
    ...(wanted.set ?? []).flatMap((set) => ['--set', set]),
    ...(wanted.kubeVersion ? ['--kube-version', wanted.kubeVersion] : []),
  ];
}

/** The same case is rendered once in a file of tests, however often it is asked for. */
function template(wanted: Case): Promise<Answer> {
  const args = ['template', ...argumentsOf(wanted), ...(wanted.upgrade ? ['--is-upgrade'] : [])];
  const input = JSON.stringify(wanted.values ?? {});
  const key = JSON.stringify([wanted.helm, args, input]);
  const known = answers.get(key) ?? helm(wanted.helm ?? 'helm', args, input);
  answers.set(key, known);
  return known;
}

/** Starts on cases that are going to be asked for one after the other, so that all cores are at work. */
export function prepare(cases: readonly Case[]): void {
  for (const wanted of cases) template(wanted).catch(() => {});
}

/** What helm printed for a case that must render. */
export async function manifest(wanted: Case): Promise<string> {
  const { code, stdout, stderr } = await template(wanted);
  if (code !== 0) throw new Error(`${JSON.stringify(wanted)} isn't rendered:\n${stderr}`);
  return stdout;
}

/** The objects of a case that must render; a key that is there twice is an error. */
export async function render(wanted: Case = {}): Promise<readonly KubernetesObject[]> {
  return loadAll(await manifest(wanted)).filter((object) => object !== null && object !== undefined) as never;
}

/** What helm says of a case that must not render. */
export async function refusal(wanted: Case): Promise<string> {
  const { code, stderr } = await template(wanted);
  if (code === 0) throw new Error(`${JSON.stringify(wanted)} is rendered`);
  return stderr;
}

/** NOTES.txt, which `helm template` doesn't show; by Helm 4, since Helm 3 wants a cluster for it. */
export async function notes(wanted: Case): Promise<string> {
  const args = ['install', ...argumentsOf(wanted), '--dry-run=client', '--output', 'json'];
  const { code, stdout, stderr } = await helm('helm', args, JSON.stringify(wanted.values ?? {}));
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout).info.notes;
}

export function one(objects: readonly KubernetesObject[], kind: string, name?: RegExp | string): KubernetesObject {
  const found = all(objects, kind, name);
  if (found.length !== 1) throw new Error(`${found.length} objects are ${kind} ${name ?? ''}, not 1`);
  return found[0] as KubernetesObject;
}

export function all(objects: readonly KubernetesObject[], kind: string, name?: RegExp | string): KubernetesObject[] {
  const matches = (own: string) => name === undefined || (typeof name === 'string' ? own === name : name.test(own));
  return objects.filter((object) => object.kind === kind && matches(object.metadata.name));
}

export interface Pod {
  readonly of: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly spec: Foreign;
}

/** Every pod that the objects lead to. */
export function pods(objects: readonly KubernetesObject[]): Pod[] {
  return objects.flatMap((object) => {
    const of = `${object.kind}/${object.metadata.name}`;
    const template =
      object.kind === 'Pod' ? object : (object.spec?.jobTemplate?.spec.template ?? object.spec?.template);
    if (template?.spec?.containers === undefined) return [];
    const { labels, annotations = {} } = template.metadata;
    return [{ of, labels, annotations, spec: template.spec }];
  });
}

export function containers({ spec }: Pod): Foreign[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/** A Secret's data, decoded. */
export function decoded(secret: KubernetesObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secret.data as Record<string, string>).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );
}

export function valuesOf(file: string): Foreign {
  return load(readFileSync(join(repository, 'chart', file), 'utf8'));
}

/** Whether a label selector of equality takes in a pod. */
export function selects(matchLabels: Record<string, string>, { labels }: Pod): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}
