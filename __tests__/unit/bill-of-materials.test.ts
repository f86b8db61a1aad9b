import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { billOfMaterials } from '../../src/domain/bill-of-materials.ts';
import type { ChartContents } from '../../src/domain/chart-contents.ts';
import { imagesOf } from '../../src/domain/chart-contents.ts';
import type { ChartPackage } from '../../src/domain/staged.ts';
import { packageOf } from '../support/archives.ts';
import { repository } from '../support/scenario.ts';

const DIGEST = 'c'.repeat(64);
const contents = (images: [string, string[]][]): ChartContents => ({
  dependencies: [
    { name: 'store', version: '2.1.0', sha256: 'b'.repeat(64), from: 'oci://registry.example/charts' },
    { name: 'store', alias: 'cache', version: '2.1.0', sha256: 'b'.repeat(64), from: 'https://user:secret@x.example/' },
    { name: 'local', version: '0.1.0', from: 'file://../local' },
  ],
  images: new Map(images.map(([image, environments]) => [image, new Set(environments)])),
});

let pkg: ChartPackage;
let bill: string;
beforeAll(async () => {
  pkg = await packageOf('demo', '1.0.0+build');
  bill = billOfMaterials(
    pkg,
    contents([
      [`ghcr.io/acme/agent:1.0@sha256:${DIGEST}`, ['prod', 'dev']],
      ['redis', ['dev']],
      ['NOT/an image', ['dev']],
    ]),
    '1.2.3',
  );
});

/** CycloneDX' own schema, as the library ships it. */
function validator() {
  const read = (name: string): object =>
    JSON.parse(readFileSync(join(repository, 'node_modules/@cyclonedx/cyclonedx-library/res/schema', name), 'utf8'));
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
  for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json'])
    ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}`);
  return ajv.compile(read('bom-1.6.SNAPSHOT.schema.json'));
}

test('it is valid by the schema of CycloneDX 1.6', () => {
  const validate = validator();
  expect([validate(JSON.parse(bill)), validate.errors]).toEqual([true, null]);
  // The schema is one that can say no.
  expect(validate({ ...JSON.parse(bill), bomFormat: 'other' })).toBe(false);
});

test('it names the package and what it depends on, by what they hold', () => {
  const { metadata, components, dependencies, serialNumber } = JSON.parse(bill);
  expect(metadata).toMatchObject({
    timestamp: new Date(pkg.annotations['org.opencontainers.image.created'] ?? '').toISOString(),
    component: {
      type: 'application',
      name: 'demo',
      version: '1.0.0+build',
      hashes: [{ alg: 'SHA-256', content: pkg.sha256 }],
    },
  });
  expect(serialNumber).toBeUndefined();
  const refs = components.map((each: Record<string, string>) => each['bom-ref']);
  expect(refs.sort()).toEqual([
    'dependency:cache@2.1.0',
    'dependency:local@0.1.0',
    'dependency:store@2.1.0',
    `image:NOT/an image`,
    `image:ghcr.io/acme/agent:1.0@sha256:${DIGEST}`,
    'image:redis',
  ]);
  const chart = dependencies.find(({ ref }: { ref: string }) => ref === 'chart:demo@1.0.0+build');
  expect(chart.dependsOn.sort()).toEqual(refs);
});

test('an image has a digest only where it is named by one', () => {
  const { components } = JSON.parse(bill);
  const of = (ref: string) => components.find((each: Record<string, string>) => each['bom-ref'] === `image:${ref}`);
  expect(of(`ghcr.io/acme/agent:1.0@sha256:${DIGEST}`)).toMatchObject({
    name: 'ghcr.io/acme/agent',
    version: `sha256:${DIGEST}`,
    hashes: [{ content: DIGEST }],
    purl: `pkg:oci/agent@sha256%3A${DIGEST}?repository_url=ghcr.io%2Facme%2Fagent`,
  });
  expect(of('redis')).toMatchObject({ name: 'docker.io/library/redis', version: 'latest' });
  expect(of('redis')).not.toHaveProperty('hashes');
  expect(of('NOT/an image')).toMatchObject({ name: 'NOT/an image' });
});

test('it is the same in whatever order things were found, and has no login in it', () => {
  const images: [string, string[]][] = [
    ['redis:7', ['dev', 'prod']],
    ['nginx:1', ['dev']],
  ];
  const turned = images.map(([image, names]): [string, string[]] => [image, [...names].reverse()]).reverse();
  expect(billOfMaterials(pkg, contents(turned), '1.2.3')).toBe(billOfMaterials(pkg, contents(images), '1.2.3'));
  expect(bill).not.toContain('secret');
  expect(bill).toContain('oci://registry.example/charts');
});

test('images are those of pods, of templates of pods, and of init containers', () => {
  const pod = { initContainers: [{ image: 'a' }], containers: [{ image: 'b' }, {}, { image: 7 }] };
  const objects = [
    { kind: 'Pod', spec: pod },
    { kind: 'Deployment', spec: { template: { spec: { containers: [{ image: 'c' }] } } } },
    { kind: 'CronJob', spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: 'd' }] } } } } } },
    { kind: 'ConfigMap', data: { image: 'e' } },
  ];
  expect(imagesOf(objects.map((data) => ({ data, within: '' })))).toEqual(['a', 'b', 'c', 'd']);
});
