import { at, list, text } from '../../domain/diagnosis/reading.ts';
import type { KubeObject } from '../../domain/kube-object.ts';
import { podSpecs } from '../../domain/pod-specs.ts';
import type { Session } from './session.ts';

/** The names of the Secrets that the pods of these objects get, of pods themselves and of whatever has a pod template. */
export function secretsReferenced(objects: readonly KubeObject[]): string[] {
  const names = new Set<string>();
  const add = (name: unknown): void => {
    if (text(name) !== '') names.add(text(name));
  };
  for (const object of objects) {
    for (const spec of podSpecs(object)) {
      for (const kind of ['initContainers', 'containers', 'ephemeralContainers']) {
        for (const container of list(at(spec, kind))) {
          for (const variable of list(container.env)) add(at(variable, 'valueFrom', 'secretKeyRef', 'name'));
          for (const source of list(container.envFrom)) add(at(source, 'secretRef', 'name'));
        }
      }
      for (const volume of list(at(spec, 'volumes'))) {
        add(at(volume, 'secret', 'secretName'));
        for (const source of list(at(volume, 'projected', 'sources'))) add(at(source, 'secret', 'name'));
      }
      for (const secret of list(at(spec, 'imagePullSecrets'))) add(secret.name);
    }
  }
  return [...names].sort();
}

/**
 * Masks every value of the Secrets that these objects' pods get and of the Secrets among them. What is a part of an
 * object's name is no secret: names are everywhere, and a text without them says nothing. The names of Secrets that
 * are there and can't be read: what could hold their values must not be shown.
 */
export async function maskSecrets(objects: readonly KubeObject[], session: Session): Promise<string[]> {
  const { cluster, namespace, host } = session;
  const names = objects.map(({ metadata }) => metadata.name);
  const mask = (value: string): void => {
    if (value.length >= 6 && !names.some((name) => name.includes(value))) host.mask(value);
  };
  const maskAll = (secret: KubeObject): void => {
    for (const value of Object.values((secret.data ?? {}) as object)) {
      if (typeof value !== 'string') continue;
      const decoded = Buffer.from(value, 'base64');
      mask(decoded.toString('utf8'));
      mask(decoded.toString('utf8').trim());
    }
    for (const value of Object.values((secret.stringData ?? {}) as object)) if (typeof value === 'string') mask(value);
  };
  for (const object of objects) if (object.kind === 'Secret') maskAll(object);
  const hidden: string[] = [];
  await Promise.all(
    secretsReferenced(objects).map(async (name) => {
      const found = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name });
      if (!found.ok) hidden.push(name);
      else if (found.value !== undefined) maskAll(found.value);
    }),
  );
  return hidden.sort();
}
