/** A place that holds one artifact repository: in a registry, or an OCI image layout on disk. */
export type Location =
  | { readonly kind: 'registry'; readonly host: string; readonly repository: string }
  | { readonly kind: 'layout'; readonly directory: string };

/** Where charts go: `oci://host/path` or `oci-layout:DIR`; each chart has a repository of its own below it. */
export type Target =
  | { readonly kind: 'registry'; readonly text: string; readonly host: string; readonly path: string }
  | { readonly kind: 'layout'; readonly text: string; readonly directory: string };

/** `undefined` when the text is neither `oci://host[/path]` nor `oci-layout:DIR`. */
export function parseTarget(text: string): Target | undefined {
  const layout = /^oci-layout:(.+)$/.exec(text)?.[1];
  if (layout !== undefined) return { kind: 'layout', text, directory: layout };
  const match =
    /^oci:\/\/([A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9a-fA-F:]+\](?::[0-9]{1,5})?)((?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)\/?$/.exec(
      text,
    );
  if (match?.[1] === undefined) return undefined;
  return { kind: 'registry', text: text.replace(/\/$/, ''), host: match[1], path: (match[2] ?? '').slice(1) };
}

/** What may be wrong with a text that is no target, for a person who meant one; `shown` holds no password. */
export function targetFault(text: string): { readonly shown: string; readonly hint: string } {
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[0] ?? '';
  const rest = text.slice(scheme.length);
  if (scheme !== '' && /^[^/]*@/.test(rest)) {
    const bare = rest.slice((/^[^/]*@/.exec(rest)?.[0] ?? '').length);
    return { shown: `${scheme}…@${bare}`, hint: 'Take the login out: give registry-username and registry-password.' };
  }
  if (/^oci:\/\/[^/]+\/.*[A-Z]/.test(text))
    return { shown: text, hint: `A path is in lower case: ${text.toLowerCase()}.` };
  if (/^oci:\/\/.*\/.*[:@]/.test(text))
    return { shown: text, hint: 'Leave out the tag or digest: the name and version are those of the chart.' };
  const meant = /^(https?|docker):\/\//i.test(scheme) ? `oci://${rest}` : 'oci://ghcr.io/acme/charts or oci-layout:DIR';
  return { shown: text, hint: `Write it as ${meant}.` };
}

/** The repository of one chart at a target. `root` is what relative layout folders are relative to. */
export function locationOf(target: Target, chart: string, join: (...parts: string[]) => string): Location {
  switch (target.kind) {
    case 'registry':
      return {
        kind: 'registry',
        host: target.host,
        repository: target.path === '' ? chart : `${target.path}/${chart}`,
      };
    case 'layout':
      return { kind: 'layout', directory: join(target.directory, chart) };
  }
}

/** `oci://host/path/NAME@sha256:…` as a person would copy it. */
export function referenceText(target: Target, chart: string, digest: string): string {
  return `${target.text}/${chart}@${digest}`;
}

/** What a program said, without the addresses in it: what a chart is named (`certificate`, say) is no reason for anything. */
export function withoutAddresses(said: string): string {
  return said
    .split(/([\s"])/)
    .map((word) => (!word.includes('/') || /\bi\/o$/.test(word) ? word : word.endsWith(':') ? ':' : ''))
    .join('');
}

/** OCI tags can't hold `+`; Helm writes `_` for it. */
export function tagOf(version: string): string {
  return version.replaceAll('+', '_');
}

/** Whether a host (with or without a port) is this machine, where plain HTTP is the rule. */
export function isLoopback(host: string): boolean {
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d+$/, '');
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}
