import { expect, test } from '@jest/globals';
import { inClear, isEncryptedName, keyServices, sopsMetadata } from '../../src/domain/sops.ts';
import { readSource, type Source } from '../../src/domain/source.ts';

function source(text: string): Source {
  const read = readSource(new TextEncoder().encode(text));
  if (!read.ok) throw new Error(read.fault.message);
  return read.source;
}

test.each([
  ['values-prod.enc.yaml', true],
  ['a/b.ENC.yml', true],
  ['values-prod.yaml', false],
  ['values.enc.yaml.bak', false],
  ['enc.yaml', false],
])('%s: %s', (name, is) => {
  expect(isEncryptedName(name)).toBe(is);
});

test('sops leaves its mark; a value of that name is none', () => {
  expect(sopsMetadata(source('a: 1\nsops: {mac: x}\n'))).toEqual({ mac: 'x' });
  for (const text of ['', 'a: 1\n', 'sops: yes, please\n', 'sops: {image: x}\n', '[sops]\n'])
    expect(sopsMetadata(source(text))).toBeUndefined();
});

test('whom sops asks for the key', () => {
  const arn = 'arn:aws:kms:eu-central-1:1234:key/abc';
  expect(
    keyServices({
      age: [{ recipient: 'age1' }],
      kms: [{ arn }, { arn }],
      gcp_kms: [{ resource_id: 'projects/p' }],
      azure_kv: [{ vault_url: 'https://v.vault.azure.net' }],
      key_groups: [{ hc_vault: [{ vault_address: 'https://vault.example:8200' }] }, null],
    }),
  ).toEqual(['kms.eu-central-1.amazonaws.com', 'cloudkms.googleapis.com', 'v.vault.azure.net', 'vault.example:8200']);
  expect(keyServices({ age: [{}], pgp: [{ fp: 'x' }], kms: null, hc_vault: [{ vault_address: 7 }] })).toEqual([]);
});

test('what is decrypted has the places of what is encrypted', () => {
  const clear = inClear(source('# one\n# two\na:\n  b: ENC[x]\nsops: {mac: x}\n'), source('a: {b: 1}\n'));
  expect(clear.data).toEqual({ a: { b: 1 } });
  expect(clear.position(['a', 'b'])).toEqual({ line: 4, column: 6 });
});
