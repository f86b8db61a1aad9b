import type { Cause } from '../../domain/deployment.ts';
import { at, list, text } from '../../domain/diagnosis/reading.ts';
import { valuesLine } from '../../domain/diagnosis/values-line.ts';
import type { Finding } from '../../domain/finding.ts';
import { parseImage } from '../../domain/image-reference.ts';
import { type KubeObject, shownObject } from '../../domain/kube-object.ts';
import { podSpecs } from '../../domain/pod-specs.ts';
import { together } from '../../domain/together.ts';
import type { Session } from './session.ts';
import { done, failed, type Step } from './step.ts';

/**
 * Images that their registry says it doesn't have: no pod could start. Only registries are asked to which this run
 * has a login, since others answer "not found" or "denied" to whoever they don't know. What can't be known so is no
 * failure: a node may pull by other credentials, or from a mirror.
 */
export async function checkImages(objects: readonly KubeObject[], session: Session): Promise<Step<readonly Finding[]>> {
  const asked = await together([...imagesOf(objects)].map(([image, resource]) => ask(image, resource, session)));
  const [first, ...others] = asked.flatMap(({ absent }) => (absent === undefined ? [] : [absent]));
  if (first === undefined) return done(asked.flatMap(({ findings }) => findings));
  const more =
    others.length === 0 ? '' : ` (and ${others.length} more: ${others.map(({ image }) => image).join(', ')})`;
  return failed({ ...first.cause, message: `${first.cause.message}${more}` });
}

interface Asked {
  readonly absent?: { readonly image: string; readonly cause: Cause };
  readonly findings: readonly Finding[];
}

async function ask(image: string, resource: string, session: Session): Promise<Asked> {
  const { registry, layers, chart, environment } = session;
  const parsed = parseImage(image);
  if (parsed === undefined || !(await registry.hasLogin(parsed.host))) return { findings: [] };
  const { host, repository, reference } = parsed;
  const answer = await registry.manifest({ kind: 'registry', host, repository }, reference);
  if (answer.ok && answer.value !== undefined) return { findings: [] };
  if (!answer.ok) {
    const message = `whether the image ${image} is there is not known: ${answer.fault.message}`;
    const about = { chart, environments: [environment], resource };
    return { findings: [{ stage: 'deploy', rule: 'deploy/unknown', severity: 'note', message, ...about }] };
  }
  const cause: Cause = {
    code: 'image-pull',
    resource,
    message: `the image ${image} does not exist in its registry`,
    hint: 'Check repository and tag, and that the image was pushed before the deployment.',
    ...valuesLine({ kind: 'image', image }, layers),
  };
  return { absent: { image, cause }, findings: [] };
}

/** Each image once, with the first object whose pods have it. */
function imagesOf(objects: readonly KubeObject[]): ReadonlyMap<string, string> {
  const images = new Map<string, string>();
  for (const object of objects) {
    const resource = shownObject({ kind: object.kind, name: object.metadata.name });
    for (const spec of podSpecs(object)) {
      for (const container of [...list(at(spec, 'initContainers')), ...list(at(spec, 'containers'))]) {
        const image = text(container.image);
        // What the nodes have already may never have been in a registry.
        if (image !== '' && text(container.imagePullPolicy) !== 'Never' && !images.has(image))
          images.set(image, resource);
      }
    }
  }
  return images;
}
