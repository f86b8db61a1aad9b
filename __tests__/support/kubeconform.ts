import { spawn } from 'node:child_process';
import { kubeconformSchemas } from './kubeconform-schemas.ts';
import { pinned } from './scenario.ts';

export interface KubeconformResource {
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  readonly status: 'statusValid' | 'statusInvalid' | 'statusError' | 'statusSkipped' | 'statusEmpty';
  readonly msg: string;
  readonly validationErrors?: readonly { readonly path: string; readonly msg: string }[];
}

export interface KubeconformAnswer {
  /** In the order of their documents. */
  readonly resources: readonly KubeconformResource[];
  readonly summary: Readonly<Record<'valid' | 'invalid' | 'errors' | 'skipped', number>>;
}

/**
 * The real kubeconform's strict verdict on every document of a manifest, for one Kubernetes version (`1.35`). Its only
 * schemas are the committed ones: it has no reason to ask the network, and a kind without a schema is an error.
 */
export async function kubeconform(manifest: string, minor: string): Promise<KubeconformAnswer> {
  const location = `${kubeconformSchemas(minor)}/{{ .ResourceKind }}{{ .KindSuffix }}.json`;
  const args = ['-strict', '-summary', '-verbose', '-output', 'json', '-n', '1', '-schema-location', location, '-'];
  const child = spawn(pinned('kubeconform'), args, { stdio: ['pipe', 'pipe', 'pipe'], env: {} });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  child.stdin.end(manifest);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  // 0: all are valid, 1: some are not; else it didn't work.
  if (code !== 0 && code !== 1) throw new Error(`kubeconform ended with ${code}: ${output.stderr}`);
  return JSON.parse(output.stdout) as KubeconformAnswer;
}
