import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinned } from './scenario.ts';

/** A key of age (https://age-encryption.org/v1): X25519, written in Bech32. */
export interface AgeKey {
  readonly recipient: string;
  readonly secret: string;
}

export function ageKey(): AgeKey {
  const { x, d } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  return {
    recipient: bech32('age', Buffer.from(String(x), 'base64url')),
    secret: bech32('age-secret-key-', Buffer.from(String(d), 'base64url')).toUpperCase(),
  };
}

/** What the real sops makes of a text of YAML. */
export function encrypted(yaml: string, { recipient }: AgeKey): string {
  const folder = mkdtempSync(join(tmpdir(), 'chartship-sops-'));
  try {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, yaml, { mode: 0o600 });
    return execFileSync(pinned('sops'), ['--encrypt', '--age', recipient, file], { encoding: 'utf8', env: {} });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** BIP 173. */
function bech32(prefix: string, bytes: Uint8Array): string {
  const data: number[] = [];
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) data.push((held >> (bits - 5)) & 31);
  }
  if (bits > 0) data.push((held << (5 - bits)) & 31);
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  const sum = checksum([...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...data]);
  return `${prefix}1${[...data, ...sum].map((value) => LETTERS[value]).join('')}`;
}

function checksum(values: readonly number[]): number[] {
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let state = 1;
  for (const value of [...values, 0, 0, 0, 0, 0, 0]) {
    const top = state >>> 25;
    state = ((state & 0x1ffffff) << 5) ^ value;
    for (const [index, term] of generator.entries()) if ((top >> index) & 1) state ^= term;
  }
  return [0, 1, 2, 3, 4, 5].map((index) => ((state ^ 1) >>> (5 * (5 - index))) & 31);
}
