import { join } from 'node:path';
import type { Environment } from '../../domain/environment.ts';
import { documentsOf } from '../../domain/manifest.ts';
import { isMapping } from '../../domain/merged-values.ts';
import { together } from '../../domain/together.ts';
import type { UnusedKey } from '../../domain/values-use/unused-keys.ts';
import type { Ports } from '../../ports.ts';
import { helmCall } from '../helm-calls.ts';
import type { ChartValues, UnusedInFile } from '../unused-values.ts';

/** Renders of an environment after which what isn't known to have no effect may have one. */
const MOST_RENDERS = 12;

/**
 * The keys without which every environment renders the same. Nothing should be left out here: that nothing uses them
 * was found by reading the templates, and this is to be sure of it.
 */
export async function withoutEffect(
  unused: readonly UnusedInFile[],
  chart: ChartValues,
  ports: Pick<Ports, 'helm' | 'files'>,
): Promise<readonly UnusedInFile[]> {
  if (unused.length === 0) return unused;
  const folder = await ports.files.makeTemporary('unused-values');
  try {
    let left = unused;
    const tried = new Set<string>();
    for (const environment of chart.environments) {
      const { unneeded, files } = await inEnvironment(left, environment, { folder, ...chart }, ports);
      left = unneeded;
      for (const file of files) tried.add(file);
    }
    // Where nothing is rendered something else is to be mended first.
    return left.filter(({ file }) => tried.has(file));
  } finally {
    await ports.files.remove(folder);
  }
}

async function inEnvironment(
  unused: readonly UnusedInFile[],
  environment: Environment,
  { folder, staged, secretValues }: ChartValues & { readonly folder: string },
  ports: Pick<Ports, 'helm' | 'files'>,
): Promise<{ readonly unneeded: readonly UnusedInFile[]; readonly files: ReadonlySet<string> }> {
  const files = new Set(environment.layers.map(({ shown }) => shown));
  const own = unused.filter(({ file }) => files.has(file));
  const [kubeVersion] = environment.kubeVersions;
  if (own.length === 0 || kubeVersion === undefined) return { unneeded: unused, files: new Set() };
  let renders = 0;
  const render = async (keys: readonly UnusedInFile[]): Promise<readonly string[] | undefined> => {
    renders += 1;
    const call = helmCall(staged, environment, kubeVersion, secretValues, true);
    const path = join(folder, `${environment.name}-${renders}.json`);
    if (keys.length > 0) await ports.files.write(path, JSON.stringify(without(keys, environment)));
    const values = keys.length > 0 ? [...call.values, path] : call.values;
    const answer = await ports.helm.template({ ...call, values, apiVersions: [], upgrade: false });
    return answer.ok ? documentsOf(answer.value, staged.metadata.name).map(({ text }) => text) : undefined;
  };
  const [before, again] = await together([render([]), render([])]);
  if (before === undefined || again === undefined) return { unneeded: unused, files: new Set() };
  const hasEffect = async (keys: readonly UnusedInFile[]): Promise<readonly UnusedInFile[]> => {
    if (renders >= MOST_RENDERS) return keys;
    const after = await render(keys);
    // What differs between two renders of the same values is random.
    const isSame =
      after?.length === before.length &&
      after.every((text, index) => text === before[index] || before[index] !== again[index]);
    if (isSame) return [];
    if (keys.length === 1) return keys;
    const middle = keys.length >> 1;
    return [...(await hasEffect(keys.slice(0, middle))), ...(await hasEffect(keys.slice(middle)))];
  };
  const needed = new Set(await hasEffect(own));
  return { unneeded: unused.filter((each) => !needed.has(each)), files };
}

/** Values that take keys out of those of an environment; a list is written anew. */
function without(keys: readonly UnusedKey[], environment: Environment): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { path } of keys) {
    const index = path.findIndex((step) => typeof step === 'number');
    const steps = (index === -1 ? path : path.slice(0, index)).map(String);
    const last = steps.pop();
    if (last === undefined) continue;
    let node = values;
    for (const step of steps) {
      const inner = isMapping(node[step]) ? node[step] : {};
      node[step] = inner;
      node = inner;
    }
    if (index === -1) node[last] = null;
    else {
      node[last] ??= structuredClone(listAt([...steps, last], environment));
      takeOut(node[last], path.slice(index));
    }
  }
  return values;
}

/** The list of the last file that has one there. */
function listAt(path: readonly string[], { layers }: Environment): unknown {
  for (const { source } of [...layers].reverse()) {
    const found = path.reduce<unknown>((node, step) => (isMapping(node) ? node[step] : undefined), source?.data);
    if (Array.isArray(found)) return found;
  }
  return [];
}

function takeOut(node: unknown, path: UnusedKey['path']): void {
  const [step, ...others] = path;
  if (step === undefined || typeof node !== 'object' || node === null) return;
  const inner = node as Record<string | number, unknown>;
  if (others.length === 0) delete inner[step];
  else takeOut(inner[step], others);
}
