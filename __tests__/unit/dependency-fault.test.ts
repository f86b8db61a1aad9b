import { expect, test } from '@jest/globals';
import { pullFaultKind } from '../../src/domain/dependency-fault.ts';

const PULL = 'could not download oci://h:1/deps/certificate: failed to perform "FetchReference" on source:';
const GET = 'looks like "http://h:1/denied" is not a valid chart repository: Get "http://h:1/denied/index.yaml"';

/** What helm said (the host shortened); the names of charts and paths have no say in it. */
test.each([
  [`${PULL} h:1/deps/certificate:1.0.0: not found`, 'not-found'],
  [`${PULL} Get "https://h:1/v2/": x509: certificate signed by unknown authority`, 'transport'],
  [`${GET}: dial tcp 127.0.0.1:1: connect: connection refused`, 'unreachable'],
  [`${GET}: EOF`, 'unreachable'],
  [`${GET}: dial tcp 127.0.0.1:443: i/o timeout`, 'timeout'],
  ['failed to fetch http://h:1/denied/index.yaml : 401 Unauthorized', 'unauthenticated'],
  ['failed to fetch http://h:1/unauthorized/index.yaml : 503 Service Unavailable', 'server-error'],
  ['something new', 'other'],
])('%s: %s', (message, kind) => {
  expect(pullFaultKind('other', message)).toBe(kind);
});
