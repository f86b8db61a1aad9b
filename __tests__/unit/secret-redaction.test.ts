import { describe, expect, test } from '@jest/globals';
import { redactSecrets } from '../../src/domain/secret-redaction.ts';

const head =
  '---\n# Source: demo/templates/secret.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  labels:\n    data: kept\ntype: Opaque\n';

describe('no form of a Secret shows its data', () => {
  test.each([
    [`${head}data:\n  a: hunter22\n  b: "hunter22"\n`],
    [`${head}stringData:\n  a: |\n    hunter22\n    kind: Secret\n  b: >-\n    x\n\n    hunter22\n`],
    [`${head}data: {a: hunter22}\n`],
    [`${head}data:\n  "a": hunter22\n`],
    [`${head}data:\n  a: &x hunter22\n  b: *x\n`],
    [`${head}"data":\n  a: hunter22\n`],
    [`${head}data:\n  a:\n    hunter22\n`],
    [`${head}data:\n    a: hunter22\n    b: hunter22\n`],
    ['---\n{"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "hunter22"}}\n'],
    ['---\napiVersion: v1\nkind: List\nitems:\n  - kind: Secret\n    stringData:\n      a: hunter22\n'],
    ['---\nkind: "Secret"\nstringData:\n  a: hunter22\n'],
    ["---\nkind: 'Secret' # the one\nstringData:\n  a: hunter22\n"],
    ['---\nstringData:\n  a: hunter22\nkind: Secret\n'],
    ['---\nkind: Secret\nstringData: !!map\n  a: hunter22\n'],
    ['---\nkind: Secret\r\nstringData:\r\n  a: hunter22\r\n'],
    ['---\nkind: Secret\nstringData:\n  a: hunter22\n b: [\n'],
    ['kind: Secret\nstringData: hunter22\n'],
    // Misspelt.
    [`${head}stringdata:\n  a: hunter22\n`],
    [`${head}StringData:\n  a: hunter22\n`],
    [`${head}datas:\n  a:\n    b: [hunter22]\n`],
    [`${head}passwords:\n  - hunter22\n`],
    [`${head}datas: hunter22\n`],
    [`${head}stringdata:\n  # hunter22\n  a: x # hunter22\n  # hunter22\n`],
    [`${head}stringdata:\n  a: x\n# hunter22\nimmutable: true\n`],
    [`${head}stringdata: &a\n  a: hunter22\nmore: *a\n`],
    ['---\nkind: !!str Secret\nstringData:\n  a: hunter22\n'],
    ['---\nkind: &k Secret\nstringData:\n  a: hunter22\n'],
    ['---\nkind: secret\nstringData:\n  a: hunter22\n'],
    ['---\nkind: Secrets\nstringData:\n  a: hunter22\n'],
    ['---\nKind: Secret\nstringData:\n  a: hunter22\n'],
    ['---\nkind:\n  Secret\nstringData:\n  a: hunter22\n'],
    ['---\nkind: >-\n  Secret\nstringData:\n  a: hunter22\n'],
    ['---\nkind: "\\x53ecret"\nstringData:\n  a: hunter22\n'],
    ['---\n"\\x6bind": Secret\nstringData:\n  a: hunter22\n'],
    ['---\n? kind\n: Secret\nstringData:\n  a: hunter22\n'],
    ['---\nmetadata: { name: &k Secret }\nkind: *k\nstringData:\n  a: hunter22\n'],
    ['---\nkind: SecretList\nitems:\n  - stringData:\n      a: hunter22\n'],
    ['---\nkind: List\nitems:\n  - &b { kind: Secret }\n  - <<: *b\n    stringData: { a: hunter22 }\n'],
  ])('%j', (text) => {
    expect(redactSecrets(text)).not.toContain('hunter22');
  });
});

test('all else stays as it is', () => {
  const other = '---\napiVersion: v1\nkind: ConfigMap\ndata:\n  a: x\n';
  expect(redactSecrets(other + other)).toBe(other + other);
  const escaped = '---\napiVersion: v1\nkind: ConfigMap\ndata:\n    "\\x41":   secret\n';
  expect(redactSecrets(escaped)).toBe(escaped);
  const secret = redactSecrets(`${head}data:\n  password: eA==\n`);
  expect(secret).toBe(`${head}data:\n  password: REDACTED\n`);
});

test('of a misspelt one it is still seen which names it holds', () => {
  expect(redactSecrets(`${head}datas:\n  password: eA==\n`)).toBe(`${head}datas:\n  password: REDACTED\n`);
});
