import type { KindName, KubeObject } from '../domain/kube-object.ts';
import { isFields } from './kubeconfig-merge.ts';

/** The items of a list come without their kind. */
export function listIn(
  body: string,
  { apiVersion, kind }: KindName,
): { readonly items: KubeObject[]; readonly next: string; readonly resourceVersion: string } {
  const list = parsed(body);
  const { items, metadata } = isFields(list) ? list : {};
  const { continue: next, resourceVersion } = isFields(metadata) ? metadata : {};
  return {
    items: (Array.isArray(items) ? items : []).flatMap((item) => {
      const object = isFields(item) ? { ...item, apiVersion, kind } : undefined;
      return isObject(object) ? [object] : [];
    }),
    next: typeof next === 'string' ? next : '',
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
  };
}

export function isObject(value: unknown): value is KubeObject {
  return (
    isFields(value) &&
    typeof value.apiVersion === 'string' &&
    typeof value.kind === 'string' &&
    isFields(value.metadata) &&
    typeof value.metadata.name === 'string'
  );
}

/** JSON; `undefined` where it is none. */
export function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
