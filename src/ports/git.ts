import type { Commit } from '../domain/changelog.ts';

export type GitAnswer =
  /** Newest first; `since` is the tag before, where there is one. */
  | { readonly ok: true; readonly since: string | undefined; readonly commits: readonly Commit[] }
  /** A phrase that says why not. */
  | { readonly ok: false; readonly message: string };

export interface Git {
  /** The commits of a tag since the last one before it whose name matches (git's patterns), of some folders alone. */
  commitsBefore(
    tag: string,
    of: { readonly match: string; readonly exclude: string | undefined; readonly folders: readonly string[] },
  ): Promise<GitAnswer>;
}
