import type { Source } from './source.ts';

/** Whether a values file is encrypted with SOPS, which its name says. */
export function isEncryptedName(path: string): boolean {
  return /\.enc\.ya?ml$/i.test(path);
}

/** What sops adds to a file: who can decrypt it, and the sum of its values. `undefined` where it isn't encrypted. */
export function sopsMetadata(source: Source): Readonly<Record<string, unknown>> | undefined {
  const metadata = isMapping(source.data) ? source.data.sops : undefined;
  return isMapping(metadata) && typeof metadata.mac === 'string' ? metadata : undefined;
}

/** The hosts that sops asks to decrypt a file; none for age and PGP, whose keys are on this machine. */
export function keyServices(metadata: Readonly<Record<string, unknown>>): string[] {
  const services = (group: Readonly<Record<string, unknown>>): string[] => {
    const each = (kind: string, field: string, host: (value: string) => string): string[] =>
      entries(group[kind]).flatMap((entry) => (typeof entry[field] === 'string' ? host(entry[field]) : []));
    return [
      ...each('kms', 'arn', (arn) => `kms.${arn.split(':')[3] ?? ''}.amazonaws.com`),
      ...each('gcp_kms', 'resource_id', () => 'cloudkms.googleapis.com'),
      ...each('azure_kv', 'vault_url', hostOf),
      ...each('hc_vault', 'vault_address', hostOf),
    ];
  };
  return [...new Set([metadata, ...entries(metadata.key_groups)].flatMap(services))];
}

function entries(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isMapping) : [];
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** The file in clear, with the positions of the encrypted one: its keys and their order are the same. */
export function inClear(encrypted: Source, clear: Source): Source {
  return { ...encrypted, data: clear.data };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
