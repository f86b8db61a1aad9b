import { homedir } from 'node:os';
import { connectCluster } from './adapters/cluster-connection.ts';
import { createGitHub } from './adapters/github.ts';
import { createRunner } from './adapters/process.ts';
import { createRedaction } from './adapters/redaction.ts';
import { removeTree } from './adapters/remove-tree.ts';
import { runIdentity } from './adapters/run-identity.ts';
import { runToItsEnd } from './adapters/run-to-its-end.ts';
import { readAnnounced, readUnderWay } from './adapters/under-way.ts';
import { workflowInputs } from './adapters/workflow-inputs.ts';
import { aftermath, aftermathOnGitHub } from './aftermath.ts';
import { DEFAULT_LIMITS } from './domain/limits.ts';

/**
 * The post step: finishes what a main step that was killed could not, and clears away what it left. A program of its
 * own, so that a main step that was cancelled before it could save anything is not run a second time, as the post step.
 */
async function post(left: string): Promise<number> {
  const { env: environment, stdout } = process;
  const host = createGitHub({ stdout, environment, redaction: createRedaction() });
  const tell = (text: string): void => host.progress({ kind: 'note', text });
  const place: Place = { left, environment, tell, mask: (secret) => host.mask(secret) };
  await inClusters(place).catch((error: unknown) => {
    tell(`what the main step left in a cluster was not looked at: ${words(error)}; the next run puts it right`);
  });
  await onGitHub(place).catch((error: unknown) => {
    tell(`what the main step told GitHub was not looked at: ${words(error)}; the next run puts it right`);
  });
  // Last: the way to the cluster lies in there.
  return await removeTree(left).then(
    () => 0,
    (error: unknown) => {
      tell(`The temporary folder ${left} could not be removed: ${words(error)}`);
      return 1;
    },
  );
}

interface Place {
  /** The private folder of the main step. */
  readonly left: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly tell: (text: string) => void;
  readonly mask: (secret: string) => void;
}

/** Nobody waits long for a post step: each request has the three seconds of a run that is interrupted. */
const HURRY = AbortSignal.abort();

async function inClusters({ left, environment, tell, mask }: Place): Promise<void> {
  const underWay = await readUnderWay(left);
  const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, environment, 1);
  const connect = async (kubeconfig: string) => {
    const access = await connectCluster({
      given: { path: kubeconfig },
      cwd: left,
      environment,
      home: homedir(),
      mask,
      helm: () => Promise.reject(new Error('the post step needs no helm')),
      run,
      temporary: left,
      limits: DEFAULT_LIMITS,
      cancel: HURRY,
    });
    return access.cluster;
  };
  for (const sentence of await aftermath(underWay, connect, runIdentity(environment))) tell(sentence);
}

/** The token is in no file: the runner gives this step the inputs, too. */
async function onGitHub({ left, environment, tell, mask }: Place): Promise<void> {
  const token = workflowInputs(environment).find(({ name }) => name === 'github-token')?.text ?? '';
  if (token === '') return;
  mask(token);
  const open = async (repository: string) => {
    const { createForge } = await import('./adapters/forge.ts');
    return createForge({ repository, token, environment, cancel: HURRY, note: tell });
  };
  for (const sentence of await aftermathOnGitHub(await readAnnounced(left), open)) tell(sentence);
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const left = process.env.STATE_temporary;
if (left !== undefined && left !== '') runToItsEnd(() => post(left));
