import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createFiles } from '../../src/adapters/files.ts';
import { createRedaction } from '../../src/adapters/redaction.ts';
import { runIdentity } from '../../src/adapters/run-identity.ts';
import { Cancelled } from '../../src/domain/errors.ts';
import { type Deployed, type DeployOptions, deploy } from '../../src/stages/deploy.ts';
import { type Cluster, ranWell } from './cluster.ts';
import { accessTo } from './cluster-access.ts';
import { pinned } from './scenario.ts';

/** A small chart: a Deployment whose command, environment and probe are values, a hook and a test if asked for. */
export const smallChart: Record<string, string> = {
  'Chart.yaml': 'apiVersion: v2\nname: small\nversion: 1.0.0\n',
  'values.yaml':
    'image: chartship.test/agent:1.0.0\nreplicas: 1\nenv: a\ncommand: sleep 3600\ntest: "true"\nhook: ""\n',
  'templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  {{- with .Values.replicas }}
  replicas: {{ . }}
  {{- end }}
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: {{ .Values.image }}
          imagePullPolicy: IfNotPresent
          command: [sh, -c, {{ .Values.command | quote }}]
          env: [{ name: E, value: {{ .Values.env | quote }} }]
          {{- if .Values.probe }}
          readinessProbe: { exec: { command: [sh, -c, {{ .Values.probe | quote }}] }, periodSeconds: 1 }
          {{- end }}
          {{- if .Values.claim }}
          volumeMounts: [{ name: data, mountPath: /data }]
      volumes: [{ name: data, persistentVolumeClaim: { claimName: {{ .Values.claim }} } }]
          {{- end }}
`,
  'templates/hook.yaml': `{{- if .Values.hook }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-hook
  annotations: { helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers:
        - { name: hook, image: "chartship.test/agent:1.0.0", command: [sh, -c, {{ .Values.hook | quote }}] }
{{- end }}
`,
  'templates/extra.yaml': `{{- if .Values.extra }}
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}-extra }
{{- end }}
`,
  'templates/test.yaml': `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations: { helm.sh/hook: test, helm.sh/hook-delete-policy: before-hook-creation }
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
    - { name: test, image: "chartship.test/agent:1.0.0", command: [sh, -c, {{ .Values.test | quote }}] }
`,
};

/** Packs a chart; the package's path. `files` are added to the small chart; an empty text leaves one out. */
export async function packed(folder: string, files: Record<string, string> = {}): Promise<string> {
  const chart = mkdtempSync(join(folder, 'chart-'));
  for (const [path, text] of Object.entries({ ...smallChart, ...files })) {
    if (text === '') continue;
    mkdirSync(dirname(join(chart, path)), { recursive: true });
    writeFileSync(join(chart, path), text);
  }
  const to = mkdtempSync(join(folder, 'package-'));
  await ranWell(pinned('helm'), ['package', chart, '--destination', to]);
  return join(to, readdirSync(to)[0] ?? '');
}

export interface Deploying extends Deployed {
  /** What was told while it went on, without what stands before each line. */
  readonly lines: readonly string[];
  readonly seconds: number;
  /** The evidence, by file name. */
  readonly evidence: Readonly<Record<string, string>>;
}

export interface Ask extends Partial<Pick<DeployOptions, 'failFast' | 'rollback' | 'test' | 'dryRun'>> {
  readonly package: string;
  readonly namespace: string;
  readonly release?: string;
  readonly set?: readonly string[];
  readonly timeout?: number;
  readonly helm?: 'helm' | 'helm3';
  readonly kubeconfig?: { readonly path: string } | { readonly content: string };
  /** Where the evidence goes instead of a folder of its own. */
  readonly evidenceFolder?: string;
  /** Called with each line as it is told; `cancel` interrupts the run as SIGTERM does. */
  readonly told?: (line: string, cancel: () => void) => void;
}

/** Deploys as the program does, in this process. */
export async function deploying(cluster: Cluster, ask: Ask): Promise<Deploying> {
  const { helm = 'helm', release = 'small', namespace } = ask;
  const folder = mkdtempSync(join(tmpdir(), 'chartship-deploying-'));
  const evidence = ask.evidenceFolder ?? join(folder, 'evidence');
  const access = await accessTo(ask.kubeconfig ?? { path: cluster.kubeconfig }, { helm });
  const controller = new AbortController();
  const redaction = createRedaction();
  const files = await createFiles({ root: folder, temporaryBase: folder, cancel: new AbortController().signal });
  const lines: string[] = [];
  const cancel = (): void => {
    const reason = new Cancelled('SIGTERM');
    access.cancel(reason);
    controller.abort(reason);
  };
  const started = performance.now();
  try {
    const deployed = await deploy(
      {
        chart: 'small',
        version: '1.0.0',
        reference: `oci-layout:layout/small@sha256:${'0'.repeat(64)}`,
        package: ask.package,
        values: [],
        set: ask.set ?? [],
        layers: [],
      },
      { environment: 'test', namespace, release, timeout: ask.timeout ?? 60 },
      {
        failFast: ask.failFast ?? true,
        rollback: ask.rollback ?? true,
        test: ask.test ?? true,
        dryRun: ask.dryRun ?? false,
        ...runIdentity({}),
        evidence,
        cancel: controller.signal,
        testStage: (work) => work(),
      },
      {
        ...access,
        // Nobody is logged in to any.
        registry: { hasLogin: async () => false, manifest: async () => ({ ok: true, value: undefined }) },
        files,
        host: {
          mask: redaction.mask,
          redact: redaction.redact,
          progress: (event) => {
            if (event.kind !== 'note') return;
            const line = redaction.redact(event.text).replace(`${release}: `, '');
            lines.push(line);
            ask.told?.(line, cancel);
          },
        },
        clock: { now: () => performance.now() / 1000 },
      },
    );
    return { ...deployed, lines, seconds: (performance.now() - started) / 1000, evidence: filesOf(evidence) };
  } finally {
    await files.close();
    access.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function filesOf(folder: string): Record<string, string> {
  try {
    const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(
      names.map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name), 'utf8')]),
    );
  } catch {
    return {};
  }
}
