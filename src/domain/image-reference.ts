/** Where an image is, and by what name there: `host/repository:tag@digest`, as container runtimes read it. */
export interface ImageReference {
  /** `docker.io` where the name has none. */
  readonly host: string;
  readonly repository: string;
  /** The digest where there is one, as the runtime pulls by it; else the tag, `latest` where there is none. */
  readonly reference: string;
}

/** `undefined` for what is no valid name. */
export function parseImage(image: string): ImageReference | undefined {
  const match =
    /^(?:((?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:\d+\/))(?::\d+)?)\/)?([a-z0-9]+(?:(?:[._]|__|-+|\/)[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(
      image,
    );
  if (match === null) return undefined;
  const [, host = 'docker.io', path = '', tag, digest] = match;
  const isHub = host === 'docker.io' || host === 'index.docker.io';
  return {
    host: isHub ? 'docker.io' : host,
    repository: isHub && !path.includes('/') ? `library/${path}` : path,
    reference: digest ?? tag ?? 'latest',
  };
}
