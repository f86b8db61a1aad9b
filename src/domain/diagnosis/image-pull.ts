import type { Container } from './container.ts';
import type { ReleasePod } from './release-pods.ts';
import type { Look } from './seen.ts';
import type { Trouble } from './trouble.ts';

export type PullFault = 'not-found' | 'denied' | 'invalid' | 'passing';

const WAITING = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError'];

/** A registry that is busy or can't be reached may serve the next time. Looked for first: it may say both. */
const PASSING =
  /\b429\b|too ?many ?requests|rate.?limit|time(d )?.?out|deadline exceeded|\bdial\b|no such host|connection (refused|reset)|broken pipe|\beof\b|handshake|temporar|\b50\d\b|server (error|misbehaving)|unavailable|unreachable|x509|certificate|canceled|too many open files|no space left/i;
const INVALID = /couldn'?t parse image|invalid reference format|InvalidImageName/i;
const DENIED =
  /\b40[13]\b|forbidden|unauthorized|authentication required|access denied|\bdenied\b|authorization failed|insufficient.scope|no basic auth/i;
const NOT_FOUND =
  /\b404\b|not found|manifest unknown|name unknown|no such image|does not exist|no match(ing)? (for platform|manifest)|is not present with pull policy/i;

/** What a node says of a pull that failed → whether another try can help, and if not why. */
export function pullFault(message: string, image: string): PullFault | undefined {
  // Names of images and hosts may hold any of the words and numbers.
  const repository = image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
  const said = [image, repository]
    .filter((name) => name !== '')
    .reduce((rest, name) => rest.replace(whole(name), ''), message)
    .replace(/"[^"]*"|\b[a-z]+:\/\/[^\s"]+|\bhost \S+/g, '');
  if (PASSING.test(said)) return 'passing';
  if (INVALID.test(said)) return 'invalid';
  if (DENIED.test(said)) return 'denied';
  if (NOT_FOUND.test(said)) return 'not-found';
  return undefined;
}

/** A name that is not a part of a longer word. */
function whole(name: string): RegExp {
  return new RegExp(`(?<!\\w)${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`, 'g');
}

/** The contract: not found, denied or an invalid name, twice, is terminal; a 429, a timeout or a 5xx is not. */
export function imagePull(where: ReleasePod, container: Container, look: Look): Trouble | undefined {
  const { pod } = where;
  const waiting = container.waiting;
  if (waiting === undefined || !WAITING.includes(waiting.reason)) return undefined;
  // In the waiting state the reason of the last pull may be left out; the event has it then.
  const failures = look
    .events(pod, 'Failed', 'InspectFailed', 'ErrImageNeverPull')
    .filter(({ message }) => message.includes(`"${container.image}"`));
  const said = [waiting.message, failures.at(-1)?.message ?? ''].filter((each) => each !== '');
  const fault = said.map((each) => pullFault(each, container.image)).find((each) => each !== undefined);
  const forGood = failures.filter(({ message }) => isForGood(pullFault(message, container.image)));
  const counted = forGood.reduce((sum, { times }) => sum + times, 0);
  // Without the right to read events the changes of the state are counted.
  const failed = Math.max(counted, look.history(pod, container.name).failedPulls);
  const terminal = where.revision === 'new' && isForGood(fault) && failed >= 2;
  return {
    cause: {
      code: 'image-pull',
      resource: `Pod/${pod.metadata.name}`,
      message: sentence(container, fault, said[0] ?? waiting.reason),
      hint: hint(fault),
    },
    terminal,
    logs: [],
    blame: { kind: 'image', image: container.image },
    of: where.of,
    waitsFor: [],
  };
}

export function isForGood(fault: PullFault | undefined): boolean {
  return fault === 'not-found' || fault === 'denied' || fault === 'invalid';
}

/** A pull is counted when the state says that it has just failed, which lasts until the node backs off. */
export function failedPulls(container: Container, before: { failedPulls: number; waiting: string }): number {
  const now = container.waiting;
  const isNew = now !== undefined && now.reason !== before.waiting && now.reason !== 'ImagePullBackOff';
  return before.failedPulls + (isNew && isForGood(pullFault(now.message, container.image)) ? 1 : 0);
}

function sentence(container: Container, fault: PullFault | undefined, said: string): string {
  const image = `the image ${container.image} of container ${container.name}`;
  switch (fault) {
    case 'not-found':
      if (/pull policy of never/i.test(said)) return `${image} is not on the node, and its pull policy is Never`;
      return /platform|manifest for/i.test(said) && !/manifest unknown/i.test(said)
        ? `${image} has no variant for the node's platform`
        : `${image} does not exist in its registry`;
    case 'denied':
      return `the registry does not let the cluster pull ${image}${status(said)}`;
    case 'invalid':
      return `${container.image}, the image of container ${container.name}, is no valid image name: ${said.split(': ').slice(-1)[0]?.trim() ?? said}`;
    case 'passing':
      return `${image} could not be pulled yet: ${reason(said)}`;
    case undefined:
      return `${image} can't be pulled: ${reason(said)}`;
  }
}

function status(said: string): string {
  const found = /\b(40[13]) (Forbidden|Unauthorized)\b/.exec(said);
  return found === null ? '' : ` (${found[0]})`;
}

/** The innermost of Go's nested errors. */
function reason(said: string): string {
  const inner = said
    .replace(/^Back-off pulling image "[^"]*": /, '')
    .split(/: (?=failed to (?:pull|resolve|do request|authorize|copy|fetch))/)
    .at(-1);
  return (inner ?? said).replace(/^failed to (?:resolve reference|pull and unpack image) "[^"]*": /, '').trim();
}

function hint(fault: PullFault | undefined): string {
  switch (fault) {
    case 'not-found':
      return 'Check repository and tag, and that the image was pushed before the deployment.';
    case 'denied':
      return 'Check that the image exists, and that the Secrets in imagePullSecrets are of this namespace and let it be pulled.';
    case 'invalid':
      return 'An image is host/path:tag or host/path@sha256:…, in lower case.';
    case 'passing':
    case undefined:
      return 'The cluster goes on trying; check that its nodes reach the registry.';
  }
}
