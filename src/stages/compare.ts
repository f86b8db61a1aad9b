import { join } from 'node:path';
import rcompare from 'semver/functions/rcompare.js';
import valid from 'semver/functions/valid.js';
import { withoutPrefix } from '../domain/chart-version.ts';
import { type Comparison, differenceOf } from '../domain/comparison.ts';
import type { Environment } from '../domain/environment.ts';
import { EnvironmentError } from '../domain/errors.ts';
import { objectsOf } from '../domain/manifest-objects.ts';
import type { FetchedChart } from '../domain/published-chart.ts';
import { locationOf, referenceText, type Target, tagOf } from '../domain/reference.ts';
import type { StagedChart } from '../domain/staged.ts';
import { valuesPaths } from '../domain/values.ts';
import type { Ports, RegistryFault } from '../ports.ts';
import { fetchPublished } from './fetch-published.ts';
import { apisOf, type Rendered } from './render.ts';

/** The last published package of a chart, unpacked; or why there is none to compare with. */
export type Base =
  | { readonly ok: true; readonly version: string; readonly fetched: FetchedChart; readonly folder: string }
  | { readonly ok: false; readonly reason: string };

/** Fetches the newest version that is no pre-release, of the first registry that has one. Nothing of it fails a run. */
export async function lastPublished(
  chart: string,
  targets: readonly Target[],
  ports: Pick<Ports, 'registry' | 'files'>,
): Promise<Base> {
  try {
    return await newestPublished(chart, targets, ports);
  } catch (error) {
    // Without oras nothing can be compared; checked and packed it can be.
    if (error instanceof EnvironmentError) return { ok: false, reason: error.message };
    throw error;
  }
}

async function newestPublished(
  chart: string,
  targets: readonly Target[],
  { registry, files }: Pick<Ports, 'registry' | 'files'>,
): Promise<Base> {
  const faults: RegistryFault[] = [];
  for (const target of targets) {
    const location = locationOf(target, chart, join);
    const tags = await registry.tags(location);
    if (!tags.ok) {
      faults.push(tags.fault);
      continue;
    }
    const version = newestOf(tags.value);
    if (version === undefined) continue;
    const shown = (which: string): string =>
      which.startsWith('sha256:') ? referenceText(target, chart, which) : `${target.text}/${chart}:${which}`;
    const fetched = await fetchPublished(location, tagOf(version), shown, registry);
    if (!fetched.ok) return { ok: false, reason: fetched.message };
    const folder = join(await files.makeTemporary('compared'), 'chart');
    for (const { path, content } of fetched.chart.files) await files.write(join(folder, path), content);
    return { ok: true, version, fetched: fetched.chart, folder };
  }
  const [fault] = faults;
  return { ok: false, reason: fault?.message ?? `no release of ${chart} is published yet` };
}

/** A tag has `_` where a version has `+`. */
function newestOf(tags: readonly string[]): string | undefined {
  const versions = tags.map((tag) => tag.replaceAll('_', '+')).filter((version) => isRelease(version));
  return versions.sort(rcompare)[0];
}

function isRelease(version: string): boolean {
  const known = valid(version);
  return known !== null && !known.includes('-') && withoutPrefix(version).replace(/\+.*$/, '') === known;
}

/**
 * What a render of this chart would make different where the last published package is deployed: that one is rendered
 * the same way, as an upgrade, with its own values files and what else is given. Where one of the two can't be rendered
 * as an upgrade, both are as installs: an install and an upgrade differ by themselves.
 */
export async function compare(
  { metadata: { name: chart }, readsOperation }: Pick<StagedChart, 'metadata' | 'readsOperation'>,
  environment: Environment,
  renders: readonly Rendered[],
  base: Base,
  secretValues: string | undefined,
  { helm, host }: Pick<Ports, 'helm'> & { readonly host: Pick<Ports['host'], 'redact'> },
): Promise<Comparison> {
  const about = { chart, environment: environment.name };
  const none = { dangers: [], images: [], objects: [] };
  if (!base.ok) return { ...about, reason: base.reason, ...none };
  const against = { version: base.version, reference: base.fetched.reference };
  const first = renders.filter(({ kubeVersion }) => kubeVersion === environment.kubeVersions[0]);
  const installed = first.find(({ upgrade }) => !upgrade);
  const upgraded = first.find(({ upgrade }) => upgrade) ?? (readsOperation ? undefined : installed);
  const next = upgraded ?? installed;
  if (next === undefined) return { ...about, against, reason: 'this chart could not be rendered', ...none };
  const there = new Set(base.fetched.files.map(({ path }) => path));
  const missing = environment.values.find(
    ({ inChart, clear }) => inChart !== undefined && clear === undefined && !there.has(inChart),
  );
  if (missing !== undefined)
    return { ...about, against, reason: `${base.version} has no ${missing.inChart}: the environment is new`, ...none };
  const call = {
    chart: base.folder,
    values: valuesPaths(environment.values, base.folder),
    set: environment.set,
    ...(secretValues !== undefined && { secretValues }),
    kubeVersion: next.kubeVersion.full,
    release: environment.release,
    namespace: environment.namespace,
    // It was checked when it was published, and helm would follow what its schema refers to.
    skipSchema: true,
    // It may ask where this one doesn't.
    apiVersions: [...new Set([...(await apisOf(next.kubeVersion)), ...next.apiVersions])],
  };
  const difference = async (published: string, made: Rendered) =>
    differenceOf(await objectsOf(published), await objectsOf(made.manifest), host.redact);
  const before = upgraded && (await helm.template({ ...call, upgrade: true }));
  if (before?.ok === true) return { ...about, against, ...(await difference(before.value, upgraded ?? next)) };
  const installs = installed && (await helm.template({ ...call, upgrade: false }));
  if (installs?.ok === true)
    return { ...about, against, as: 'install', ...(await difference(installs.value, installed ?? next)) };
  const said = (before ?? installs)?.faults.map(({ message }) => message).join('; ');
  return { ...about, against, reason: `${base.version} can't be rendered any more: ${said}`, ...none };
}
