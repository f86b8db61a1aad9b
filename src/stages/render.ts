import { idOf } from '../domain/custom-kinds.ts';
import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import { admits, type KubeVersion } from '../domain/kubernetes.ts';
import { documentsOf, type RenderedDocument } from '../domain/manifest.ts';
import type { DocumentContent, RepeatedKey } from '../domain/rendered-objects.ts';
import type { StagedChart } from '../domain/staged.ts';
import { together } from '../domain/together.ts';
import type { HelmFault, Ports } from '../ports.ts';
import { helmCall, helmFinding } from './helm-calls.ts';
import { linesOfRepeatedKeys } from './locate/repeated-keys.ts';

export interface Rendered {
  readonly kubeVersion: KubeVersion;
  readonly upgrade: boolean;
  readonly manifest: string;
  readonly documents: readonly RenderedDocument[];
  /** What helm was told that the cluster has. */
  readonly apiVersions: readonly string[];
}

export interface RenderOptions {
  readonly apiVersions: readonly string[];
  readonly secretValues: string | undefined;
  /** Left out where a schema refers outside: helm would follow it. */
  readonly skipSchema: boolean;
}

/** The Kubernetes versions that can make a difference: all of them only where a template or Chart.yaml looks at them. */
export function versionsToRender(staged: StagedChart, environment: Environment): readonly KubeVersion[] {
  const range = staged.metadata.kubeVersion;
  return environment.kubeVersions.filter(
    (version, index) =>
      index === 0 || staged.readsCapabilities || (range !== undefined && !admits(range, version.full)),
  );
}

/**
 * Renders a chart for one environment and version: as an install and, where a template asks, as an
 * upgrade. `schema` faults are left to the validate stage, which knows where values come from.
 */
export async function render(
  staged: StagedChart,
  environment: Environment,
  kubeVersion: KubeVersion,
  options: RenderOptions,
  read: (text: string) => DocumentContent,
  ports: Pick<Ports, 'helm' | 'files' | 'clock'>,
): Promise<{ findings: Finding[]; schema: HelmFault[]; rendered: Rendered[]; skipped: boolean; unchecked: boolean }> {
  const first = kubeVersion === environment.kubeVersions[0];
  const operations = staged.readsOperation ? [false, true] : [false];
  const apiVersions = [...(staged.readsCapabilities ? await apisOf(kubeVersion) : []), ...options.apiVersions];
  const renders = await together(
    operations.map(async (upgrade) => {
      // The same values are checked against the schema once.
      const call = helmCall(
        staged,
        environment,
        kubeVersion,
        options.secretValues,
        options.skipSchema || upgrade || !first,
      );
      return { upgrade, answer: await ports.helm.template({ ...call, apiVersions, upgrade }) };
    }),
  );
  const findings: Finding[] = [];
  const schema: HelmFault[] = [];
  const rendered: Rendered[] = [];
  const installed = renders.find(({ upgrade }) => !upgrade)?.answer;
  for (const { upgrade, answer } of renders) {
    const onlyUpgrade = upgrade && installed?.ok === true;
    if (answer.ok) {
      const documents = documentsOf(answer.value, staged.metadata.name);
      const one = { kubeVersion, upgrade, manifest: answer.value, documents, apiVersions };
      rendered.push(one);
      const keys = documents.flatMap(({ text }, document) => {
        const { repeatedKey: key } = read(text);
        return key === undefined ? [] : [{ document, key }];
      });
      if (keys.length === 0) continue;
      const rendering = { ...one, secretValues: options.secretValues };
      const lines = await linesOfRepeatedKeys({ staged, environment, rendering }, keys, ports);
      for (const [index, { document, key }] of keys.entries()) {
        const fault = repeated(key, lines[index] ?? { file: documents[document]?.template ?? '' });
        findings.push(helmFinding(fault, 'render', staged, environment, kubeVersion));
      }
      continue;
    }
    for (const fault of answer.faults) {
      if (fault.kind === 'schema' || fault.kind === 'schema-file') schema.push(fault);
      else {
        const finding = helmFinding(fault, 'render', staged, environment, kubeVersion);
        findings.push(onlyUpgrade ? await asUpgrade(finding, fault, staged) : finding);
      }
    }
  }
  // Values that the schema refuses are not rendered.
  const skipped = rendered.length === 0 && schema.length > 0;
  return { findings, schema, rendered, skipped, unchecked: installed?.ok === false && installed.faults.some(isEarly) };
}

/**
 * The API versions and the kinds that every cluster of a version has, such as `networking.k8s.io/v1/Ingress`. Without a
 * cluster helm knows no kinds and not every API version, and a template that asks would choose what is long gone.
 */
export async function apisOf(version: KubeVersion): Promise<string[]> {
  const { KUBERNETES_SCHEMAS } = await import('../domain/bundled-schemas.ts');
  const kinds = KUBERNETES_SCHEMAS.version(version.full)?.kinds() ?? [];
  const stable = kinds.filter(({ apiVersion }) => /(?:^|\/)v[0-9]+$/.test(apiVersion));
  return [...new Set(stable.flatMap((kind) => [kind.apiVersion, idOf(kind)]))];
}

/** A key twice in one mapping helm lets pass. */
function repeated({ name }: RepeatedKey, place: { readonly file: string; readonly line?: number }): HelmFault {
  const which = name === '' ? '' : `: ${JSON.stringify(name.slice(0, 80))}`;
  return { kind: 'yaml', severity: 'error', message: `renders the same key twice in one mapping${which}`, ...place };
}

/** Whether helm may have ended before it came to check the values: of them nothing is known then. */
function isEarly({ kind, file = '' }: HelmFault): boolean {
  if (kind === 'yaml') return !/(^|\/)templates\//.test(file);
  return kind === 'other' || kind === 'missing-dependency' || kind === 'timeout' || kind === 'memory';
}

/** What an upgrade alone meets. With nothing found by `lookup`, which is why some charts refuse to go on, nobody can say. */
async function asUpgrade(finding: Finding, fault: HelmFault, staged: StagedChart): Promise<Finding> {
  const { kind, file, line, message } = fault;
  // What trips over a value trips over it in the cluster, too.
  const isOfValue = / at <\$?\.Values\.[^>]*>/.test(message);
  if (kind === 'template' && file !== undefined && line !== undefined && !isOfValue) {
    const { asksCluster } = await import('../domain/values-use/asks-cluster.ts');
    if (asksCluster(staged, [{ file, line }, ...includersIn(message)]))
      return {
        ...finding,
        rule: 'render/lookup',
        severity: 'warning',
        message: `not rendered as an upgrade: a template asks the cluster (lookup), which isn't asked here: ${finding.message}`,
        hint: 'Give in the values what it asks for, and the upgrade is checked as well; or accept that it is not, by render/lookup=note in policies.',
      };
  }
  return { ...finding, message: `${finding.message} (only when rendered as an upgrade)` };
}

/** The places that a fault names as those that included the template. */
function includersIn(message: string): { readonly file: string; readonly line: number }[] {
  const [, all = ''] = /\(included from (.*)\)$/.exec(message) ?? [];
  return all.split(', ').flatMap((place) => {
    const [, file, line] = /^(.+):([0-9]+)$/.exec(place) ?? [];
    return file === undefined ? [] : [{ file, line: Number(line) }];
  });
}
