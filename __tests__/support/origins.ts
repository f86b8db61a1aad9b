import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createFiles } from '../../src/adapters/files.ts';
import { createHelm } from '../../src/adapters/helm.ts';
import { NO_CUSTOM_KINDS } from '../../src/domain/custom-kinds.ts';
import type { Environment } from '../../src/domain/environment.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import { documentsOf } from '../../src/domain/manifest.ts';
import { objectFaults, targetVersion } from '../../src/domain/object-faults.ts';
import { parsePointer } from '../../src/domain/pointer.ts';
import { readDocument } from '../../src/domain/rendered-objects.ts';
import { readSource } from '../../src/domain/source.ts';
import type { StagedChart, StagedDependency } from '../../src/domain/staged.ts';
import { pathsOfSet } from '../../src/domain/values.ts';
import { placed } from '../../src/stages/locate/placed.ts';
import { locate, type Origin } from '../../src/stages/locate.ts';
import { kubernetesSchemas } from './kubernetes-schemas.ts';
import { testRun, tool } from './registry.ts';

/** A chart with the dependencies in its folder, to be changed, rendered and asked about with the real helm. */
export interface Laboratory {
  /** Puts a file's text; the one that was there before. */
  write(file: string, text: string): void;
  read(file: string): string;
  rename(from: string, to: string): void;
  readonly templates: readonly string[];
  /** What a Kubernetes API server would refuse of what is rendered, and where that comes from; none if helm renders nothing. */
  faults(most: number): Promise<LocatedFault[]>;
  /** All that was written to the disk for the experiments. */
  readonly written: readonly string[];
  /** How often the chart was rendered again to find where faults come from. */
  renders(): number;
  /** What is left in the private folder of the run. */
  left(): string[];
  close(): Promise<void>;
}

export interface LocatedFault {
  readonly origin: Origin;
  /** As a finding tells it. */
  readonly told: ReturnType<typeof placed>;
}

export interface Setup {
  /** The chart's own folder. */
  readonly folder: string;
  /** Values files in it that are merged behind values.yaml. */
  readonly values: readonly string[];
  /** Folders of further dependencies, by their names in `charts/`. */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Of dependencies that have one. */
  readonly alias?: Readonly<Record<string, string>>;
  readonly set?: readonly string[];
  readonly secretValues?: string;
  /** Seconds that seem to have passed whenever somebody looks at the clock. */
  readonly secondsALook?: number;
}

export async function laboratory(options: Setup, program: 'helm' | 'helm3'): Promise<Laboratory> {
  const { folder } = options;
  const root = mkdtempSync(join(tmpdir(), 'chartship-origins-'));
  const name = nameOf(folder);
  const chart = join(root, 'repository', name);
  cpSync(folder, chart, { recursive: true });
  for (const [to, from] of Object.entries(options.dependencies ?? {}))
    cpSync(from, join(chart, 'charts', to), { recursive: true });
  const written: string[] = [];
  const disk = await createFiles({ root: join(root, 'repository'), temporaryBase: join(root, 'temporary') });
  const files = {
    ...disk,
    write: (path: string, content: string | Uint8Array) => {
      written.push(typeof content === 'string' ? content : new TextDecoder().decode(content));
      return disk.write(path, content);
    },
  };
  let looks = 0;
  const ports = {
    files,
    // By its own clock, a slow machine finds no less.
    clock: { now: () => looks++ * (options.secondsALook ?? 0) },
    helm: createHelm({
      tool: async () => ({ path: tool(program), version: program === 'helm' ? '4.3.1' : '3.22.0' }),
      run: testRun(),
      temporary: files.temporary,
      limits: DEFAULT_LIMITS,
      credentials: { registryConfig: async () => undefined, basic: () => undefined },
      plainHttp: false,
      caFile: undefined,
      note: () => {},
    }),
  };
  const target = targetVersion('1.35', kubernetesSchemas());
  const layer = (file: string) => {
    const read = readSource(readFileSync(join(chart, file)));
    return { kind: 'file' as const, shown: `${name}/${file}`, source: read.ok ? read.source : undefined };
  };
  const kubeVersion = { label: '1.35', full: '1.35.3' };
  return {
    write: (file, text) => writeFileSync(join(chart, file), text),
    read: (file) => readFileSync(join(chart, file), 'utf8'),
    rename: (from, to) => renameSync(join(chart, from), join(chart, to)),
    templates: filesBelow(chart).filter((file) => /templates\/.*\.(ya?ml|tpl)$/.test(file)),
    written,
    // The clock is looked at once at the beginning of a question, and once before each render.
    renders: () => Math.max(0, looks - 1),
    left: () => readdirSync(files.temporary).filter((each) => each.startsWith('locate')),
    faults: async (most) => {
      const set = options.set ?? [];
      const { secretValues } = options;
      const environment: Environment = {
        name: 'live',
        namespace: 'live',
        release: 'rel',
        values: options.values.map((file) => ({
          named: file,
          path: join(chart, file),
          shown: `${name}/${file}`,
          inChart: file,
        })),
        set,
        kubeVersions: [kubeVersion],
        timeout: 60,
        requiredValues: [],
        layers: [
          ...['values.yaml', ...options.values].map(layer),
          ...(secretValues === undefined ? [] : [secretLayer(secretValues)]),
          ...set.map((each) => ({
            kind: 'set' as const,
            shown: `set ${each}`,
            source: undefined,
            paths: pathsOfSet(each),
          })),
        ],
      };
      const staged: StagedChart = {
        directory: chart,
        source: name,
        metadata: { name, version: '1.0.0', apiVersion: 'v2', type: 'application', dependencies: [] },
        files: [],
        dependencies: dependenciesOf(chart, options.alias ?? {}),
        readsCapabilities: false,
        readsOperation: false,
      };
      const answer = await ports.helm.template({
        chart,
        values: options.values.map((file) => join(chart, file)),
        set,
        ...(secretValues !== undefined && { secretValues }),
        kubeVersion: kubeVersion.full,
        release: 'rel',
        namespace: 'live',
        skipSchema: true,
        apiVersions: [],
        upgrade: false,
      });
      if (!answer.ok) return [];
      const questions: (Parameters<typeof locate>[1][number] & { readonly message: string })[] = [];
      const documents = documentsOf(answer.value, name);
      for (const [document, { text }] of documents.entries()) {
        for (const { data, within } of readDocument(text).objects) {
          for (const { rule, path, message, what = 'value', wanted } of objectFaults(data, target, NO_CUSTOM_KINDS)) {
            // What is missing has no line; these are told at that of what should hold it.
            if (['schema/required', 'schema/no-name'].includes(rule) || path === '') continue;
            questions.push({
              document,
              within,
              path: parsePointer(path),
              what,
              ...(wanted !== undefined && { wanted }),
              message: `${String(data.kind)}${path} ${message}`,
            });
          }
        }
      }
      const asked = questions.slice(0, most);
      const rendering = {
        kubeVersion,
        upgrade: false,
        documents,
        apiVersions: [],
        secretValues,
      };
      const origins = asked.length === 0 ? [] : await locate({ staged, environment, rendering }, asked, ports);
      return asked.map(({ message, document }, index) => {
        const origin = origins[index] as Origin;
        return { origin, told: placed(message, documents[document]?.template ?? '', origin, staged) };
      });
    },
    close: async () => {
      await disk.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function secretLayer(text: string) {
  const read = readSource(new TextEncoder().encode(text));
  return { kind: 'secret' as const, shown: 'secret-values', source: read.ok ? read.source : undefined };
}

function dependenciesOf(chart: string, alias: Readonly<Record<string, string>>): StagedDependency[] {
  mkdirSync(join(chart, 'charts'), { recursive: true });
  return readdirSync(join(chart, 'charts'))
    .map((folder) => ({ folder, name: nameOf(join(chart, 'charts', folder)) }))
    .map(({ folder, name }) => ({
      name,
      version: '1.0.0',
      ...(alias[name] !== undefined && { alias: alias[name] }),
      from: 'vendored',
      files: filesBelow(join(chart, 'charts', folder)).map((path) => ({
        path,
        content: readFileSync(join(chart, 'charts', folder, path)),
      })),
    }));
}

function nameOf(folder: string): string {
  return /^name: (.*)$/m.exec(readFileSync(join(folder, 'Chart.yaml'), 'utf8'))?.[1] ?? '';
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
