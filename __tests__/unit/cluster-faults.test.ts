import { expect, test } from '@jest/globals';
import { connectionFault } from '../../src/adapters/kubernetes-faults.ts';
import { causeOf } from '../../src/stages/deploy/cluster-cause.ts';

const failing = (code: string, message: string): Error => Object.assign(new Error(message), { code });

test.each([
  ['ECONNREFUSED', 'connect ECONNREFUSED', 'unreachable', true, /can't be reached: connection refused$/],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
    'unreachable',
    false,
    /its certificate is not of the kubeconfig's certificate authority \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)$/,
  ],
  [
    'CERT_HAS_EXPIRED',
    'certificate has expired',
    'unreachable',
    false,
    /certificate has expired \(CERT_HAS_EXPIRED\)$/,
  ],
  [
    'ERR_OSSL_UNSUPPORTED',
    'error:1E08010C:DECODER routines::unsupported',
    'unauthorized',
    false,
    /^the client certificate or its key in the kubeconfig can't be read/,
  ],
])('a connection that fails with %s', (code, message, kind, again, words) => {
  const said = connectionFault(failing(code, message), 'host:1');
  expect({ kind: said.fault.kind, again: said.again }).toEqual({ kind, again });
  expect(said.fault.message).toMatch(words);
});

test('who is nobody to the API server is told to bring a credential, and not to ask for rights', () => {
  const message = (user: string): string => `leases is forbidden: User "${user}" cannot get resource "leases"`;
  const hint = (user: string): string => causeOf({ kind: 'forbidden', message: message(user) }, 'x').hint ?? '';
  expect(hint('system:anonymous')).toMatch(/no credential/);
  expect(hint('jane')).toMatch(/ClusterRole `edit`/);
});
