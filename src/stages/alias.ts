import { aliasOf, isPreRelease, newestFor } from '../domain/chart-version.ts';
import type { Finding } from '../domain/finding.ts';
import { type Location, tagOf } from '../domain/reference.ts';
import type { Registry, RegistryAnswer, RegistryFault } from '../ports.ts';

/** A version of a chart that is in a registry now. */
export interface AliasedVersion {
  readonly chart: string;
  readonly version: string;
  readonly digest: string;
  readonly location: Extract<Location, { kind: 'registry' }>;
  /** How the registry was asked for. */
  readonly registry: string;
}

type AliasRegistry = Pick<Registry, 'manifest' | 'tags' | 'tag'>;

/**
 * Makes the tags that stand for the newest release stand for this version, if it is. What is newest is asked of the
 * registry, before and after: of two runs at once the one that was too late puts things right.
 */
export async function moveAliases(
  published: AliasedVersion,
  patterns: readonly string[],
  ports: { readonly registry: AliasRegistry },
): Promise<{ readonly findings: readonly Finding[]; readonly aliases: readonly string[] }> {
  const { chart, version } = published;
  if (isPreRelease(version)) {
    const message = `${chart} ${version} is a pre-release: no alias tag stands for it`;
    return { findings: [{ ...finding(published, 'alias', message), severity: 'note' }], aliases: [] };
  }
  const findings: Finding[] = [];
  const aliases: string[] = [];
  // One after the other: they are few, and a registry that fails is asked no more than needed.
  for (const pattern of patterns) {
    const moved = await moveAlias(published, pattern, ports.registry);
    if (moved === 'moved') aliases.push(aliasOf(pattern, version));
    else findings.push(moved);
  }
  return { findings, aliases };
}

async function moveAlias(
  published: AliasedVersion,
  pattern: string,
  registry: AliasRegistry,
): Promise<'moved' | Finding> {
  const { version, digest, location } = published;
  const alias = aliasOf(pattern, version);
  const before = await newest(published, pattern, registry);
  if (!before.ok) return failed(published, alias, before.fault);
  if (before.value !== version) return older(published, alias, before.value);
  const there = await registry.manifest(location, alias);
  if (!there.ok) return failed(published, alias, there.fault);
  if (there.value?.digest !== digest) {
    const tagged = await registry.tag(location, digest, alias);
    if (!tagged.ok) return failed(published, alias, tagged.fault);
  }
  const after = await newest(published, pattern, registry);
  if (!after.ok) return failed(published, alias, after.fault);
  if (after.value === version) return 'moved';
  // Somebody published a newer one meanwhile, and may have moved the alias before we did.
  const theirs = await registry.manifest(location, tagOf(after.value));
  if (!theirs.ok) return failed(published, alias, theirs.fault);
  if (theirs.value !== undefined) {
    const tagged = await registry.tag(location, theirs.value.digest, alias);
    if (!tagged.ok) return failed(published, alias, tagged.fault);
  }
  return older(published, alias, after.value);
}

async function newest(
  { location, version }: AliasedVersion,
  pattern: string,
  registry: AliasRegistry,
): Promise<RegistryAnswer<string>> {
  const tags = await registry.tags(location);
  if (!tags.ok) return tags;
  // What lacks the version that is there may lack newer ones, too.
  if (!tags.value.includes(tagOf(version)))
    return {
      ok: false,
      fault: { kind: 'other', message: `${location.host} lists its tags without ${tagOf(version)}` },
    };
  return { ok: true, value: newestFor(pattern, version, tags.value) };
}

function older(published: AliasedVersion, alias: string, newer: string): Finding {
  const { chart, version, registry } = published;
  const message = `the tag ${alias} of ${chart} in ${registry} doesn't go back to ${version}: there is ${newer}`;
  return { ...finding(published, 'alias', message), severity: 'note' };
}

function failed(published: AliasedVersion, alias: string, fault: RegistryFault): Finding {
  const { chart, version, registry } = published;
  const message = `the tag ${alias} of ${chart} in ${registry} could not be moved to ${version}: ${fault.message}`;
  const hint = fault.hint ?? 'What is published stays so; run again to move the tag.';
  return { ...finding(published, 'alias-failed', message), hint };
}

function finding({ chart }: AliasedVersion, rule: string, message: string): Finding {
  return { stage: 'publish', rule: `publish/${rule}`, severity: 'error', message, chart };
}
