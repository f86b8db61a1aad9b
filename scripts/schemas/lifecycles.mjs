// From when to when Kubernetes serves an API version that isn't there for good, and what takes its place: from the
// functions that are generated into the modules of the API's types.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const GENERATED = 'zz_generated.prerelease-lifecycle.go';
const FUNCTION = /^func \(in \*(\w+)\) APILifecycle(\w+)\(\) .*\{\n\treturn (.+)\n\}/gm;

/**
 * @param {string} folder of the module
 * @returns {Map<string, { introduced: string, deprecated?: string, removed?: string, replacement?: object }>}
 *   by `apiVersion kind`
 */
export function readLifecycles(folder) {
  const lifecycles = new Map();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(GENERATED));
  for (const path of files.sort()) {
    const served = apiVersionOf(join(folder, dirname(path)));
    for (const [, kind, what, value] of readFileSync(join(folder, path), 'utf8').matchAll(FUNCTION)) {
      if (kind.endsWith('List')) continue;
      const id = `${served} ${kind}`;
      const lifecycle = lifecycles.get(id) ?? {};
      // One names the list of the kind that is meant (networking.k8s.io/v1beta1 IngressClass).
      lifecycle[what.toLowerCase()] = what === 'Replacement' ? kindOf(value, kind) : value.replace(', ', '.');
      lifecycles.set(id, lifecycle);
    }
  }
  return lifecycles;
}

/** The version is the folder's name, the group stands in the code. */
function apiVersionOf(folder) {
  const version = folder.split('/').at(-1);
  const group = /^(?:const )?\s*GroupName\s*=\s*"([^"]*)"/m.exec(
    readFileSync(join(folder, 'register.go'), 'utf8'),
  )?.[1];
  if (group === undefined) throw new Error(`${folder}/register.go names no group`);
  return apiVersion(group, version);
}

function kindOf(literal, replaced) {
  const part = (name) => new RegExp(`${name}: "([^"]*)"`).exec(literal)?.[1] ?? '';
  const [group, version, kind] = [part('Group'), part('Version'), part('Kind')];
  return { apiVersion: apiVersion(group, version), kind: kind === `${replaced}List` ? replaced : kind };
}

function apiVersion(group, version) {
  return group === '' ? version : `${group}/${version}`;
}
