import { expect, test } from '@jest/globals';
import { parseImage } from '../../src/domain/image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  ['nginx', 'docker.io', 'library/nginx', 'latest'],
  ['nginx:1.29', 'docker.io', 'library/nginx', '1.29'],
  ['docker.io/nginx', 'docker.io', 'library/nginx', 'latest'],
  ['index.docker.io/library/nginx', 'docker.io', 'library/nginx', 'latest'],
  ['bitnami/redis:7.2', 'docker.io', 'bitnami/redis', '7.2'],
  ['ghcr.io/acme/api:1.0.0', 'ghcr.io', 'acme/api', '1.0.0'],
  ['localhost/api:1', 'localhost', 'api', '1'],
  ['localhost:5000/api', 'localhost:5000', 'api', 'latest'],
  ['registry:5000/team/api:1', 'registry:5000', 'team/api', '1'],
  ['127.0.0.1:5000/a/b__c/d-e.f:V1_x-y', '127.0.0.1:5000', 'a/b__c/d-e.f', 'V1_x-y'],
  // The runtime pulls by the digest, whatever the tag says.
  [`ghcr.io/acme/api:1.0.0@${digest}`, 'ghcr.io', 'acme/api', digest],
  [`api@${digest}`, 'docker.io', 'library/api', digest],
])('%s is %s / %s / %s', (image, host, repository, reference) => {
  expect(parseImage(image)).toEqual({ host, repository, reference });
});

test.each([
  '',
  'Upper/case',
  'a//b',
  'a:b:c',
  'ghcr.io/Acme/api',
  'api@sha256:abc',
  'api:',
  '-api',
  'https://ghcr.io/a/b',
])('%j is no name of an image', (image) => {
  expect(parseImage(image)).toBeUndefined();
});
