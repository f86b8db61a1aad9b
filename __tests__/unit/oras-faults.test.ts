import { describe, expect, test } from '@jest/globals';
import { faultOf, saysAbsent, saysNoRepository } from '../../src/adapters/oras-faults.ts';

const REF = '"h:1/charts/ch:1"';
const FETCH = `Error: failed to fetch the content of ${REF}: Get "http://h:1/v2/charts/ch/manifests/1"`;

/** What oras 1.3.2 printed, word for word (the host shortened), and what is made of it. */
const TEXTS: [string, string, string][] = [
  [
    'Error: basic credential not found\nPlease check whether the registry credential stored in the authentication file at "/x/none.json" is correct\n',
    'unauthenticated',
    'h:1 wants a login, and there is none for it',
  ],
  [
    'Error response from registry: HEAD "http://h:1/v2/charts/ch/manifests/sha256:0b": response status code 401: Unauthorized\n',
    'unauthenticated',
    'h:1 does not accept the login (401)',
  ],
  [
    'Error response from registry: unauthorized: authentication required: [map[Action:pull Class: Name:charts/ch Type:repository]]\n',
    'unauthenticated',
    'h:1 does not accept the login (401)',
  ],
  ['Error response from registry: denied: permission_denied: write_package\n', 'denied', 'h:1 refuses access (403)'],
  [
    'Error response from registry: GET "http://h:1/v2/charts/ch/manifests/1": response status code 403: Forbidden\n',
    'denied',
    'h:1 refuses access (403)',
  ],
  [
    'Error response from registry: toomanyrequests: slow down\n',
    'rate-limited',
    'h:1 says there were too many requests (429)',
  ],
  [
    'Error response from registry: GET "http://h:1/v2/charts/ch/manifests/1": response status code 429: Too Many Requests\n',
    'rate-limited',
    'h:1 says there were too many requests (429)',
  ],
  [
    'Error response from registry: GET "http://h:1/v2/charts/ch/manifests/1": response status code 500: Internal Server Error\n',
    'server-error',
    'h:1 answers with an error of its own (5xx)',
  ],
  [
    'Error response from registry: GET "http://h:1/v2/charts/ch/manifests/1": response status code 503: Service Unavailable\n',
    'server-error',
    'h:1 answers with an error of its own (5xx)',
  ],
  [
    `${FETCH}: dial tcp 127.0.0.1:1: connect: connection refused\n`,
    'unreachable',
    'h:1 cannot be reached: connection refused',
  ],
  [
    `${FETCH}: dial tcp: lookup nohost.invalid on 127.0.0.53:53: no such host\n`,
    'unreachable',
    'h:1 is no host name that can be found',
  ],
  [
    'Error: failed to fetch the content of "h:1/charts/certificate:1": Get "http://h:1/v2/charts/certificate/manifests/1": dial tcp 127.0.0.1:1: connect: connection refused\n',
    'unreachable',
    'h:1 cannot be reached: connection refused',
  ],
  [`${FETCH}: EOF\n`, 'unreachable', 'h:1 closed the connection in the middle'],
  [
    `${FETCH}: read tcp 127.0.0.1:5->127.0.0.1:6: read: connection reset by peer\n`,
    'unreachable',
    'h:1 closed the connection in the middle',
  ],
  [`${FETCH}: dial tcp 127.0.0.1:443: i/o timeout\n`, 'timeout', 'h:1 did not answer in time'],
  [
    `${FETCH}: proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: no route to host\n`,
    'unreachable',
    'h:1 cannot be reached',
  ],
  [
    'Error: failed to fetch the content of "h:1/c:1": Get "https://h:1/v2/c/manifests/1": http: server gave HTTP response to HTTPS client\n',
    'transport',
    'h:1 speaks plain HTTP, not HTTPS',
  ],
  [
    `${FETCH}: net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x15\\x03\\x01"\n`,
    'transport',
    'h:1 speaks HTTPS, not plain HTTP',
  ],
  [
    `${FETCH}: tls: failed to verify certificate: x509: certificate signed by unknown authority\n`,
    'transport',
    'h:1 has a certificate from an authority that is not known here',
  ],
  [
    `${FETCH}: tls: failed to verify certificate: x509: certificate is valid for a.example, not b.example\n`,
    'transport',
    'h:1 could not be spoken to securely',
  ],
  [
    'Error: failed to fetch the content of "h:1/c:1": Get "/login": stopped after 10 redirects\n',
    'other',
    'h:1 does not answer like a registry',
  ],
  [
    'Error: HEAD "http://h:1/v2/c/manifests/sha256:6f": unknown response Content-Length\n',
    'other',
    'h:1 does not answer like a registry',
  ],
  ['Error: something new\nwith a second line\n', 'other', 'h:1: something new'],
  ['', 'other', 'h:1: oras failed without a word'],
];

describe('faultOf', () => {
  test.each(TEXTS)('%s', (stderr, kind, message) => {
    const fault = faultOf('h:1', stderr);
    expect(fault.kind).toBe(kind);
    expect(fault.message.startsWith(message)).toBe(true);
    expect(fault.message).not.toContain('\n');
  });

  test('GHCR has its own hint for a refusal', () => {
    const text = 'Error response from registry: denied: permission_denied: write_package\n';
    expect(faultOf('ghcr.io', text).hint).toContain('packages: write');
    expect(faultOf('h:1', text).hint).not.toContain('packages: write');
  });

  test("the tokens in an upload's URL are left out, and so is what is too long", () => {
    const { message } = faultOf(
      'h:1',
      'Error: Put "http://h:1/v2/c/blobs/uploads/01a2?_state=TOKEN&digest=sha256%3A44": EOF\n',
    );
    expect(message).toBe('h:1 closed the connection in the middle [Put "http://h:1/v2/c/blobs/uploads/01a2": EOF]');
    expect(faultOf('h:1', `Error: ${'x'.repeat(5000)}`).message.length).toBeLessThan(400);
  });
});

describe('saysAbsent', () => {
  test.each([
    [`Error response from registry: failed to fetch the content of ${REF}: h:1/charts/ch:1: not found\n\n`, true],
    ['Error response from registry: h:1/charts/ch@sha256:00: not found\n', true],
    [`${FETCH}: dial tcp: lookup x: no such host\n`, false],
    // A failure on the way there, whatever it says: only what the registry itself answered counts.
    ['Error: failed to find "h:1/c:1": proxy: not found\n', false],
    ['Error: failed to fetch "h:1/c:1": resolving h: not found\n', false],
    ['Error response from registry: not found was said\nby: a proxy\n', false],
    ['', false],
  ])('%s', (stderr, absent) => {
    expect(saysAbsent(stderr, 'registry')).toBe(absent);
  });

  test('a layout speaks for itself', () => {
    expect(saysAbsent('Error: not found\n', 'layout')).toBe(true);
    expect(saysAbsent('Error: not found\n', 'registry')).toBe(false);
    expect(saysAbsent('Error: failed to find path "x": stat x: no such file or directory\n', 'layout')).toBe(false);
  });
});

describe('saysNoRepository', () => {
  const said = 'Error response from registry: ';
  test.each([
    [`${said}name unknown: repository name not known to registry: map[name:charts/ch]\n`, true],
    [`${said}name unknown\n`, true],
    [`${said}GET "http://h:1/v2/charts/ch/tags/list": response status code 404: name unknown: x\n`, true],
    // A page, or an error of another kind, whatever it says.
    [`${said}GET "http://h:1/v2/charts/ch/tags/list": response status code 404: Not Found\n`, false],
    [`${said}not found: name unknown\n`, false],
    [`${said}denied: name unknown: x\n`, false],
    [`${said}: name unknown: x\n`, false],
    [`${said}unknown: a\nname unknown: x\n`, false],
    ['Error: name unknown: x\n', false],
  ])('%s', (stderr, none) => {
    expect(saysNoRepository(stderr)).toBe(none);
  });
});
