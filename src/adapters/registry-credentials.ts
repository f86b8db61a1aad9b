import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Credential } from '../domain/credential.ts';

export interface CredentialOptions {
  readonly given: readonly Credential[];
  /** The hosts (with ports) that a credential without a host is for: never sent to any other. */
  readonly registries: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** A private folder (0700) of this run. */
  readonly temporary: string;
  /** Told every secret before it is used. */
  readonly mask: (secret: string) => void;
}

export interface Credentials {
  /** The file, as `docker login` writes it, that holds the login for a host; it may hold none. For `--registry-config`. */
  registryConfig(host: string): Promise<string>;
  /** Whether one was given or left for it; what a system's store holds is not looked up. */
  hasLogin(host: string): Promise<boolean>;
  /** A login that was given for a host, for repositories over HTTP. */
  basic(host: string): { readonly username: string; readonly password: string } | undefined;
}

/**
 * Logins that were given go into one private file (0600 in a 0700 folder). For a host without one it is what
 * `helm registry login`, `docker login` or `oras login` left, by the file that names the host.
 */
export function createCredentials(options: CredentialOptions): Credentials {
  let folder: string | undefined;
  const write = (name: string, auths: Record<string, { auth: string }>): string => {
    folder ??= mkdtempSync(path.join(options.temporary, 'logins-'));
    const file = path.join(folder, name);
    writeFileSync(file, JSON.stringify({ auths }), { mode: 0o600 });
    return file;
  };

  const given = givenLogins(options);
  for (const { auth, password } of given.values()) for (const secret of [password, auth]) options.mask(secret);
  let givenFile: string | undefined;
  let emptyFile: string | undefined;
  const found = new Map<string, ReturnType<typeof leftByLogin>>();
  const leftFor = (key: string): ReturnType<typeof leftByLogin> => {
    if (!found.has(key)) found.set(key, leftByLogin(key, options));
    return found.get(key);
  };

  return {
    registryConfig: async (host) => {
      const key = serverKey(host);
      if (given.has(key)) {
        givenFile ??= write('given.json', Object.fromEntries([...given].map(([name, { auth }]) => [name, { auth }])));
        return givenFile;
      }
      const left = leftFor(key);
      if (left !== undefined) return left.file;
      // Without a file the tools would look for one themselves.
      emptyFile ??= write('none.json', {});
      return emptyFile;
    },
    hasLogin: async (host) => {
      const key = serverKey(host);
      return given.has(key) || leftFor(key)?.names === true;
    },
    basic: (host) => given.get(serverKey(host)),
  };
}

interface Login {
  readonly username: string;
  readonly password: string;
  /** Both, as they stand in a file. */
  readonly auth: string;
}

function givenLogins({ given, registries }: CredentialOptions): Map<string, Login> {
  const logins = new Map<string, Login>();
  // Those that name a host come last: they win over the one for all.
  for (const credential of [...given].sort((a, b) => Number(a.host !== undefined) - Number(b.host !== undefined))) {
    const { username, password, host } = credential;
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    for (const name of host === undefined ? registries : [host])
      logins.set(serverKey(name), { username, password, auth });
  }
  return logins;
}

/** The key under which logins for a host are kept: Docker Hub's is a URL, for history's sake. */
function serverKey(host: string): string {
  return /^(?:registry-1\.|index\.)?docker\.io$/.test(host) ? 'https://index.docker.io/v1/' : host;
}

interface LoginFile {
  readonly auths?: Record<string, { auth?: string; password?: string; identitytoken?: string; registrytoken?: string }>;
  readonly credHelpers?: Record<string, string>;
  readonly credsStore?: string;
}

/** The file that a login was left in, and whether it names the host. */
function leftByLogin(
  key: string,
  options: CredentialOptions,
): { readonly file: string; readonly names: boolean } | undefined {
  const candidates: { file: string; content: LoginFile }[] = [];
  for (const file of loginFiles(options)) {
    const content = readLogins(file);
    if (content !== undefined) candidates.push({ file, content });
  }
  const names = ({ content }: { content: LoginFile }): boolean =>
    entryOf(content, key) !== undefined || content.credHelpers?.[key] !== undefined;
  const chosen =
    candidates.find(names) ??
    // A store of the system's may hold a login for any host.
    candidates.find(({ content }) => typeof content.credsStore === 'string' && content.credsStore !== '');
  if (chosen === undefined) return undefined;
  const entry = entryOf(chosen.content, key);
  for (const secret of secretsOf(entry)) options.mask(secret);
  return { file: chosen.file, names: names(chosen) };
}

/** Helm's own file first, then Docker's, which ORAS shares: the order in which Helm asks them. */
export function loginFiles({
  environment,
  home,
  platform,
}: Pick<CredentialOptions, 'environment' | 'home' | 'platform'>): string[] {
  const { HELM_REGISTRY_CONFIG, HELM_CONFIG_HOME, XDG_CONFIG_HOME, APPDATA, DOCKER_CONFIG } = environment;
  const configHome = (): string => {
    if (XDG_CONFIG_HOME) return path.join(XDG_CONFIG_HOME, 'helm');
    if (platform === 'darwin') return path.join(home, 'Library', 'Preferences', 'helm');
    if (platform === 'win32') return path.join(APPDATA ?? path.join(home, 'AppData', 'Roaming'), 'helm');
    return path.join(home, '.config', 'helm');
  };
  return [
    HELM_REGISTRY_CONFIG || path.join(HELM_CONFIG_HOME || configHome(), 'registry', 'config.json'),
    path.join(DOCKER_CONFIG || path.join(home, '.docker'), 'config.json'),
  ];
}

function readLogins(file: string): LoginFile | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof content === 'object' && content !== null ? content : undefined;
  } catch {
    // Not there, not ours to read, or no JSON: then it names no host.
    return undefined;
  }
}

function entryOf({ auths }: LoginFile, key: string) {
  if (typeof auths !== 'object' || auths === null) return undefined;
  // Older files keep `https://host/v1/` for `host`.
  const name =
    key in auths ? key : Object.keys(auths).find((name) => name.replace(/^https?:\/\//, '').split('/')[0] === key);
  return name === undefined ? undefined : auths[name];
}

function secretsOf(entry: ReturnType<typeof entryOf>): string[] {
  const auth = entry?.auth;
  const pair = auth === undefined ? '' : Buffer.from(auth, 'base64').toString();
  return [auth, pair.slice(pair.indexOf(':') + 1), entry?.password, entry?.identitytoken, entry?.registrytoken].filter(
    (secret): secret is string => typeof secret === 'string' && secret !== '',
  );
}
