import { describe, expect, test } from '@jest/globals';
import { pullFault } from '../../src/domain/diagnosis/image-pull.ts';
import { excerptOf } from '../../src/domain/diagnosis/log-excerpt.ts';
import { refusalIn } from '../../src/domain/diagnosis/refusal-words.ts';
import { refusalOf } from '../../src/domain/diagnosis/refused.ts';

const IMAGE = 'registry.example:5000/timeout/denied:404';

test('an image of one letter does not take the words apart', () => {
  expect(pullFault('pull access denied', 'e')).toBe('denied');
});

/** As containerd 1.6, 1.7 and 2.x, CRI-O and the kubelet word it. */
test.each([
  [
    'not-found',
    `rpc error: code = NotFound desc = failed to pull and unpack image "${IMAGE}": failed to resolve reference "${IMAGE}": ${IMAGE}: not found`,
  ],
  [
    'not-found',
    `Back-off pulling image "${IMAGE}": ErrImagePull: rpc error: code = NotFound desc = failed to resolve reference "${IMAGE}": ${IMAGE}: not found`,
  ],
  ['not-found', `reading manifest 404 in registry.example:5000/timeout/denied: manifest unknown`],
  ['not-found', `failed to pull and unpack image "${IMAGE}": no match for platform in manifest: not found`],
  ['not-found', `Container image "${IMAGE}" is not present with pull policy of Never`],
  [
    'denied',
    `failed to resolve reference "${IMAGE}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
  ],
  [
    'denied',
    `failed to resolve reference "${IMAGE}": unexpected status from HEAD request to https://registry.example:5000/v2/timeout/denied/manifests/404: 403 Forbidden`,
  ],
  ['denied', `pulling from host registry.example:5000 failed with status code [manifests 404]: 401 Unauthorized`],
  [
    'denied',
    `failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://auth.example/token?scope=x: 401 Unauthorized`,
  ],
  ['denied', `Requesting bearer token: invalid status code from registry 403 (Forbidden)`],
  ['invalid', `Failed to apply default image tag "x::1": couldn't parse image name "x::1": invalid reference format`],
  [
    'passing',
    `failed to resolve reference "${IMAGE}": unexpected status from HEAD request to https://registry.example/v2/x: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.`,
  ],
  ['passing', `pulling from host registry.example:5000 failed with status code [manifests 1]: 503 Service Unavailable`],
  [
    'passing',
    `failed to do request: Head "https://registry.example:5000/v2/timeout": dial tcp 127.0.0.1:443: i/o timeout`,
  ],
  [
    'passing',
    `failed to do request: Head "https://registry.example/v2/": dial tcp: lookup registry.example on 127.0.0.1:53: no such host`,
  ],
  [
    'passing',
    `failed to copy: httpReadSeeker: failed open: unexpected status code https://registry.example/v2/blobs/sha256:404: 500 Internal Server Error`,
  ],
  [
    'passing',
    `failed to authorize: failed to fetch oauth token: Post "https://auth.example/token": context deadline exceeded`,
  ],
  [
    'passing',
    `failed to do request: Head "https://registry.example": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
  ],
  ['passing', 'failed to extract layer: write /x: no space left on device'],
  [undefined, 'something that nobody has seen before'],
  [undefined, ''],
])('a pull that says so is %s: %s', (fault, message) => {
  expect(pullFault(message, IMAGE)).toBe(fault);
});

test.each([
  ['quota', 'exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1'],
  ['no', 'failed quota: compute: must specify limits.cpu for: app; limits.memory for: app'],
  ['no', 'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false'],
  ['no', 'maximum cpu usage per Container is 1, but limit is 2'],
  ['no', 'admission webhook "policy.example.com" denied the request: set a timeout, connection refused is no answer'],
  ['no', "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no more than five"],
  [
    'passing',
    'Internal error occurred: failed calling webhook "x.example.com": failed to call webhook: Post "https://x.svc:443": dial tcp: connect: connection refused',
  ],
  ['passing', 'status unknown for quota: few, resources: pods'],
  ['account', 'error looking up service account a/robot: serviceaccount "robot" not found'],
])('a refusal is %s: %s', (kind, said) => {
  expect(refusalOf(said)).toBe(kind);
});

describe("helm's words for the API server's no", () => {
  test.each([
    [
      'immutable, Helm 4',
      'server-side apply failed for object rc4/web apps/v1, Kind=Deployment: Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable',
      'the API server refuses Deployment/web: spec.selector: field is immutable',
    ],
    [
      'immutable, Helm 3',
      'cannot patch "web" with kind Deployment: Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable',
      'the API server refuses Deployment/web: spec.selector: field is immutable',
    ],
    [
      'unknown field',
      'server-side apply failed for object rc4/web apps/v1, Kind=Deployment: failed to create typed patch object (rc4/web; apps/v1, Kind=Deployment): .spec.replicass: field not declared in schema',
      'the API server refuses Deployment/web: .spec.replicass: field not declared in schema',
    ],
    [
      'quota, Helm 4',
      'failed to create resource: server-side apply failed for object rc4/extra /v1, Kind=ConfigMap: configmaps "extra" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1',
      'the API server refuses ConfigMap/extra: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1',
    ],
    [
      'quota, Helm 3',
      'failed to create resource: configmaps "extra" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1',
      'the API server refuses configmaps/extra: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1',
    ],
    [
      'policy',
      `cannot patch "web" with kind Deployment: deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'rc' with binding 'rc' denied request: no more than five`,
      `the API server refuses Deployment/web: ValidatingAdmissionPolicy 'rc' with binding 'rc' denied request: no more than five`,
    ],
    [
      'a kind that is not served',
      'resource mapping not found for name: "w" namespace: "" from "": no matches for kind "Widget" in version "example.com/v1"\nensure CRDs are installed first',
      'the API server refuses Widget/w: no matches for kind "Widget" in version "example.com/v1"',
    ],
    [
      'somebody else’s object',
      'Unable to continue with update: ConfigMap "extra" in namespace "rc3" exists and cannot be imported into the current release: invalid ownership metadata; label validation error: missing key "app.kubernetes.io/managed-by": must be set to "Helm"',
      'the API server refuses ConfigMap/extra: it is there already and belongs to nobody\'s release: invalid ownership metadata; label validation error: missing key "app.kubernetes.io/managed-by": must be set to "Helm"',
    ],
    [
      'an object of another release',
      'unable to continue with install: Deployment "web" in namespace "one" exists and cannot be imported into the current release: invalid ownership metadata; annotation validation error: key "meta.helm.sh/release-name" must equal "web-prod": current value is "elsewhere"',
      'the API server refuses Deployment/web: it is there already and belongs to the release elsewhere',
    ],
    [
      'an object of a release in another namespace',
      'unable to continue with install: ClusterRole "web" in namespace "" exists and cannot be imported into the current release: invalid ownership metadata; annotation validation error: key "meta.helm.sh/release-name" must equal "web": current value is "other"; annotation validation error: key "meta.helm.sh/release-namespace" must equal "one": current value is "two"',
      'the API server refuses ClusterRole/web: it is there already and belongs to the release other in the namespace two',
    ],
    [
      'an object of the same release in another namespace',
      'unable to continue with install: ClusterRole "web" in namespace "" exists and cannot be imported into the current release: invalid ownership metadata; annotation validation error: key "meta.helm.sh/release-namespace" must equal "one": current value is "two"',
      'the API server refuses ClusterRole/web: it is there already and belongs to a release of this name in the namespace two',
    ],
    [
      'a webhook that does not answer',
      'server-side apply failed for object one/web apps/v1, Kind=Deployment: Internal error occurred: failed calling webhook "a.example.com": failed to call webhook: Post "https://a.one.svc:443/": dial tcp 10.0.0.1:443: connect: connection refused',
      'the API server refuses Deployment/web: failed calling webhook "a.example.com": failed to call webhook: Post "https://a.one.svc:443/": dial tcp 10.0.0.1:443: connect: connection refused',
    ],
    [
      'an invalid name',
      `failed to create resource: ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is 'x')`,
      `the API server refuses ConfigMap/Bad_Name: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a release that is too large',
      'create: failed to create: Secret "sh.helm.release.v1.web.v5" is invalid: data: Too long: may not be more than 1048576 bytes',
      'the API server refuses Secret/sh.helm.release.v1.web.v5: data: Too long: may not be more than 1048576 bytes',
    ],
    ['nothing that is known', 'no', 'the API server refuses what helm applies: no'],
  ])('%s', (_name, said, message) => {
    expect(refusalIn(said).message).toBe(message);
  });
});

describe('the excerpt of a log', () => {
  const lines = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}`);

  test('a short one is shown as it is', () => {
    expect(excerptOf('\na\r\nb\n\nc\n\n')).toBe('a\nb\n\nc');
    expect(excerptOf('')).toBe('');
  });

  test('of a long one its end', () => {
    expect(excerptOf(lines(1, 100).join('\n'), 3)).toBe('line 98\nline 99\nline 100');
  });

  test('and the first line that speaks of trouble', () => {
    const log = [...lines(1, 50), 'ERROR: no licence', ...lines(51, 100)].join('\n');
    expect(excerptOf(log, 4)).toBe('ERROR: no licence\n…\nline 99\nline 100');
  });

  test('what is said again and again is said once', () => {
    expect(excerptOf('waiting\nwaiting\nwaiting\ndone')).toBe('waiting (3 times)\ndone');
  });

  test('a line without end is cut, and a log without end takes no time', () => {
    expect(excerptOf('x'.repeat(1_000_000)).length).toBe(300);
    const started = performance.now();
    excerptOf('a b\n'.repeat(300_000));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
