export interface Mirror {
  readonly from: string;
  readonly to: string;
}

/**
 * Where to fetch from: the mirror whose `from` is the repository, or a parent of it at a path boundary
 * (the longest wins). `undefined` when no mirror is meant. Trailing slashes don't count.
 */
export function mirrorOf(repository: string, mirrors: readonly Mirror[]): string | undefined {
  const wanted = bare(repository);
  let best: Mirror | undefined;
  for (const mirror of mirrors) {
    const from = bare(mirror.from);
    if (wanted !== from && !wanted.startsWith(`${from}/`)) continue;
    if (best === undefined || bare(best.from).length < from.length) best = mirror;
  }
  return best && bare(best.to) + wanted.slice(bare(best.from).length);
}

function bare(url: string): string {
  // `file://` alone must keep its slashes; so must `https://`, which is no repository but harmless.
  return url.replace(/(?<=[^:/])\/+$/, '');
}

/** The host (with its port) of a repository; the repository itself where it has none. */
export function hostOf(repository: string): string {
  const host = /^(?:oci|https?):\/\/(?:[^/@]*@)?([^/]+)/.exec(repository)?.[1];
  return host ?? repository;
}

/** Whether a repository's URL carries a name or password, which has no place in a committed file or on a command line. */
export function hasCredentials(repository: string): boolean {
  return /^[a-z]+:\/\/[^/]*@/.test(repository);
}

/** The repository as it may be shown. */
export function shown(repository: string): string {
  return repository.replace(/^([a-z]+:\/\/)[^/]*@/, '$1');
}
