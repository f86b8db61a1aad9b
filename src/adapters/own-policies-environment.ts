/**
 * The environment of a program that runs users' own policies, beside what every child gets. A policy may see it (Rego's
 * `opa.runtime()`) and may ask servers: it finds no login, and no proxy's password.
 */
export function aloneIn(folder: string): Record<string, string> {
  const homes = ['HOME', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'DOCKER_CONFIG', 'XDG_RUNTIME_DIR'];
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'];
  return Object.fromEntries([...homes.map((name) => [name, folder]), ...proxies.map((name) => [name, ''])]);
}
