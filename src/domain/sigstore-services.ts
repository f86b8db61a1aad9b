/** The addresses that keyless signing needs: who gives certificates, and who bears witness of the time, one at least. */
export interface Services {
  readonly fulcio: string;
  readonly rekor?: string;
  readonly tsa?: string;
}

/** `NAME=URL` lines → services, or what is wrong with them, to follow the input's name. */
export function readServices(lines: readonly string[]): Services | string {
  const found: { fulcio?: string; rekor?: string; tsa?: string } = {};
  for (const line of lines) {
    const [, name, url = ''] = /^\s*(fulcio|rekor|tsa)\s*=\s*(.*?)\/*\s*$/.exec(line) ?? [];
    if (name === undefined) return `has a line that is not one of fulcio=URL, rekor=URL, tsa=URL: ${line}`;
    const key = name as keyof Services;
    if (found[key] !== undefined) return `has ${key} twice`;
    if (!isAddress(url)) return `has a ${key} that is no https:// address: ${url}`;
    found[key] = url;
  }
  const { fulcio, rekor, tsa } = found;
  if (fulcio === undefined) return 'lacks fulcio';
  if (rekor === undefined && tsa === undefined) return 'lacks rekor or tsa: somebody must bear witness of the time';
  return { fulcio, ...(rekor !== undefined && { rekor }), ...(tsa !== undefined && { tsa }) };
}

/** The identity goes there: over HTTPS, or within this machine. */
function isAddress(text: string): boolean {
  try {
    const { protocol, hostname, username } = new URL(text);
    return (
      username === '' &&
      (protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.[0-9.]+|\[::1\])$/.test(hostname)))
    );
  } catch {
    return false;
  }
}
