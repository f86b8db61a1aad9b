import { readFile } from 'node:fs/promises';
import { type ChosenContext, isFields, pluginEnvironment } from './kubeconfig-merge.ts';
import type { Run } from './process.ts';

/** What a credential plugin of a kubeconfig (client-go's exec plugins) gave. */
export interface PluginCredential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Milliseconds since the epoch. */
  readonly expires?: number;
}

/** A plugin may ask a cloud, never a person. */
const MILLISECONDS = 30_000;

/** Why there is no credential, in one sentence. */
export class NoCredential extends Error {}

/**
 * Runs the plugin by client-go's protocol. The library's own runner gives it the whole environment, no
 * KUBERNETES_EXEC_INFO (without which Google's doesn't work) and no time limit.
 */
export async function askPlugin(
  { cluster, user }: ChosenContext,
  run: Run,
  environment: NodeJS.ProcessEnv,
): Promise<PluginCredential> {
  const exec = isFields(user.exec) ? user.exec : {};
  const command = String(exec.command ?? '');
  const ran = await run({
    file: command,
    args: Array.isArray(exec.args) ? exec.args.map(String) : [],
    env: {
      ...pluginNeeds(environment),
      ...Object.fromEntries(pluginEnvironment(user).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify({
        apiVersion: exec.apiVersion,
        kind: 'ExecCredential',
        spec: {
          interactive: false,
          ...(exec.provideClusterInfo === true && { cluster: await clusterInfo(cluster) }),
        },
      }),
    },
    milliseconds: MILLISECONDS,
    aside: true,
  });
  const hint = typeof exec.installHint === 'string' ? `: ${oneLine(exec.installHint)}` : '';
  const plugin = `the credential plugin ${command}`;
  if (ran.ended === 'not-started') throw new NoCredential(`${plugin} could not be started${hint}`);
  if (ran.ended === 'timeout') throw new NoCredential(`${plugin} gave no answer within ${MILLISECONDS / 1000} s`);
  if (ran.ended !== 'exit' || ran.code !== 0) {
    const said = oneLine(ran.stderr.trim().split('\n').slice(-3).join(' '));
    throw new NoCredential(`${plugin} failed${said === '' ? '' : `: ${said}`}`);
  }
  return credentialIn(new TextDecoder().decode(ran.stdout), plugin);
}

function credentialIn(stdout: string, plugin: string): PluginCredential {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw new NoCredential(`${plugin} gave no JSON`);
  }
  const status = isFields(answer) && isFields(answer.status) ? answer.status : {};
  const text = (name: string): string | undefined => {
    const value = status[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const token = text('token');
  const certificate = text('clientCertificateData');
  const key = text('clientKeyData');
  const expires = Date.parse(text('expirationTimestamp') ?? '');
  if (token === undefined && (certificate === undefined || key === undefined)) {
    throw new NoCredential(`${plugin} gave no token and no certificate`);
  }
  return {
    ...(token !== undefined && { token }),
    ...(certificate !== undefined && key !== undefined && { certificate, key }),
    ...(!Number.isNaN(expires) && { expires }),
  };
}

async function clusterInfo(cluster: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const kept = ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'certificate-authority-data', 'proxy-url'];
  const info: Record<string, unknown> = {};
  for (const name of kept) if (cluster[name] !== undefined) info[name] = cluster[name];
  if (typeof cluster['certificate-authority'] === 'string') {
    info['certificate-authority-data'] = (await readFile(cluster['certificate-authority'])).toString('base64');
  }
  const extensions = Array.isArray(cluster.extensions) ? cluster.extensions : [];
  const config = extensions.find((each) => isFields(each) && each.name === 'client.authentication.k8s.io/exec');
  if (isFields(config)) info.config = config.extension;
  return info;
}

/**
 * What the plugins of the clouds look for in the environment beside PATH and HOME: who we are there. It goes to
 * the plugin, and to helm, which starts the plugin itself, only where the kubeconfig names a plugin. Never the
 * runner's own tokens: ACTIONS_* is not in it.
 */
const NEEDS =
  /^(AWS_|AMAZON_|AZURE_|ARM_|AAD_|MSI_|IDENTITY_|IMDS_|GOOGLE_|CLOUDSDK_|GCE_|USE_GKE_|OCI_|DIGITALOCEAN_|LINODE_|SCW_|OS_|VAULT_|TELEPORT_|TSH_|KUBELOGIN_|XDG_)/;

export function pluginNeeds(environment: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && NEEDS.test(name)) found[name] = value;
  return found;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 500);
}
