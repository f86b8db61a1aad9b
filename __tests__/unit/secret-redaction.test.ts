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
  ])('%j', (text) => {
    expect(redactSecrets(text)).not.toContain('hunter22');
  });
});

test('all else stays as it is', () => {
  const other = '---\napiVersion: v1\nkind: ConfigMap\ndata:\n  a: x\n';
  expect(redactSecrets(other + other)).toBe(other + other);
  const secret = redactSecrets(`${head}data:\n  password: eA==\n`);
  expect(secret).toBe(`${head}data:\n  password: REDACTED\n`);
});
