import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFiles } from '../../src/adapters/files.ts';
import { createHelm } from '../../src/adapters/helm.ts';
import { createCredentials } from '../../src/adapters/registry-credentials.ts';
import { lockDigest } from '../../src/domain/chart-lock.ts';
import type { Credential } from '../../src/domain/credential.ts';
import { readDependencyFiles } from '../../src/domain/dependency-file.ts';
import type { Finding } from '../../src/domain/finding.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import { readSource } from '../../src/domain/source.ts';
import { type ResolveOptions, type ResolveResult, resolve } from '../../src/stages/resolve.ts';
import { readMetadata } from '../../src/survey.ts';
import { registryClient, testRun, tool } from './registry.ts';

/** A file's text, or a symbolic link to somewhere. */
export type Content = string | Uint8Array | { readonly link: string };

export interface Sandbox {
  /** The repository's root, links followed. */
  readonly root: string;
  /** Its parent: outside the repository. */
  readonly outside: string;
  /** Progress notes of the last run. */
  readonly notes: string[];
  write(files: Readonly<Record<string, Content>>): Promise<void>;
  /** Runs the stage on a chart folder of the repository, with the real helm and oras. */
  resolve(chart: string, options?: Partial<ResolveOptions> & SandboxOptions): Promise<ResolveResult>;
  /** Files below a folder with their texts; folders and links aside. */
  contents(folder: string): Promise<Record<string, string>>;
  helm(
    args: readonly string[],
    version?: 'helm' | 'helm3',
  ): Promise<{ code: number | undefined; stdout: string; stderr: string }>;
  close(): Promise<void>;
}

export interface SandboxOptions {
  readonly helm?: 'helm' | 'helm3';
  readonly credentials?: readonly Credential[];
}

export async function createSandbox(): Promise<Sandbox> {
  const outside = await realpath(await mkdtemp(path.join(tmpdir(), 'chartship-resolve-')));
  const root = path.join(outside, 'repository');
  await mkdir(root);
  const home = path.join(outside, 'home');
  const files = await createFiles({ root, temporaryBase: path.join(outside, 'temporary') });
  const notes: string[] = [];
  const run = testRun();
  const sandbox: Sandbox = {
    root,
    outside,
    notes,
    write: async (contents) => {
      for (const [name, content] of Object.entries(contents)) {
        const file = path.resolve(root, name);
        await mkdir(path.dirname(file), { recursive: true });
        if (typeof content === 'object' && 'link' in content) await symlink(content.link, file);
        else await writeFile(file, content);
      }
    },
    resolve: async (chart, { helm = 'helm', credentials = [], ...options } = {}) => {
      notes.length = 0;
      const directory = await realpath(path.resolve(root, chart));
      const read = readSource(await readFile(path.join(directory, 'Chart.yaml')));
      if (!read.ok) throw new Error(read.fault.message);
      const metadata = readMetadata(read.source);
      if ('message' in metadata) throw new Error(metadata.message);
      const note = (text: string): void => void notes.push(text);
      const given = {
        given: credentials,
        registries: [],
        environment: {},
        home,
        platform: process.platform,
        temporary: files.temporary,
        mask: () => {},
      };
      const ports = {
        files,
        registry: registryClient({ temporary: files.temporary, given: credentials }),
        helm: createHelm({
          tool: async () => ({ path: tool(helm), version: helm === 'helm' ? '4.3.1' : '3.22.0' }),
          run,
          temporary: files.temporary,
          limits: DEFAULT_LIMITS,
          credentials: createCredentials(given),
          plainHttp: false,
          caFile: undefined,
          note,
        }),
        host: {
          mask: () => {},
          redact: (text: string) => text,
          progress: (event: { kind: string; text?: string }) => event.kind === 'note' && note(event.text ?? ''),
          finish: async () => {},
        },
      };
      return await resolve({ directory, source: chart, metadata }, { mirrors: [], exclude: [], ...options }, ports);
    },
    contents: async (folder) => {
      const found: Record<string, string> = {};
      for (const entry of await readdir(path.resolve(root, folder), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const file = path.join(entry.parentPath, entry.name);
        const name = path.relative(path.resolve(root, folder), file).split(path.sep).join('/');
        found[name] = (await readFile(file)).toString(name.endsWith('.tgz') ? 'base64' : 'utf8');
      }
      return found;
    },
    helm: async (args, version = 'helm') => {
      const ran = await run({
        file: tool(version),
        args,
        cwd: root,
        env: {
          HELM_CACHE_HOME: path.join(home, 'cache'),
          HELM_CONFIG_HOME: path.join(home, 'config'),
          HELM_DATA_HOME: path.join(home, 'data'),
        },
        milliseconds: 30_000,
      });
      return { code: ran.code, stdout: Buffer.from(ran.stdout).toString(), stderr: ran.stderr };
    },
    close: async () => {
      await files.close();
      await rm(outside, { recursive: true, force: true });
    },
  };
  return sandbox;
}

/** A chart's files below a folder. `dependencies` is YAML for the items of the list. */
export function chartFiles(
  folder: string,
  name: string,
  version: string,
  dependencies: readonly string[] = [],
): Record<string, string> {
  const list =
    dependencies.length === 0 ? '' : `dependencies:\n${dependencies.map((item) => `  - ${item}\n`).join('')}`;
  return {
    [`${folder}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: ${version}\n${list}`,
    [`${folder}/templates/config.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-${name}\n`,
  };
}

/** Rules with severities, sorted: what a run said in short. */
export function rules(result: { readonly findings: readonly Finding[] }): string[] {
  return result.findings.map(({ rule, severity }) => `${severity} ${rule}`).sort();
}

/** The Chart.lock that `helm dependency update` would write for a Chart.yaml, had it found these versions. */
export function lockFor(chartYaml: string, versions: readonly string[]): string {
  const read = readDependencyFiles([{ path: 'Chart.yaml', content: Buffer.from(chartYaml) }]);
  if (!read.ok) throw new Error(read.faults[0]?.message);
  const { requirements } = read.value;
  const plain = { condition: '', tags: [], enabled: false, importValues: [], alias: '' };
  const locked = requirements.map((each, index) => ({
    ...plain,
    name: each.name,
    repository: each.repository,
    version: versions[index] ?? '',
  }));
  const items = locked.map(
    ({ name, repository, version }) =>
      `- name: ${name}\n  repository: ${JSON.stringify(repository)}\n  version: ${JSON.stringify(version)}\n`,
  );
  return `dependencies:\n${items.join('')}digest: ${lockDigest(requirements, locked)}\ngenerated: "2026-01-01T00:00:00Z"\n`;
}

/** `chartFiles` with the lock beside it. */
export function lockedChart(
  folder: string,
  dependencies: readonly string[],
  versions: readonly string[],
  name = 'app',
): Record<string, string> {
  const files = chartFiles(folder, name, '1.0.0', dependencies);
  return { ...files, [`${folder}/Chart.lock`]: lockFor(files[`${folder}/Chart.yaml`] ?? '', versions) };
}
