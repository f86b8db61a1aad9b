import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { quantityOf } from '../../src/domain/diagnosis/quantity.ts';
import type { Blame } from '../../src/domain/diagnosis/trouble.ts';
import { valuesLine } from '../../src/domain/diagnosis/values-line.ts';
import { readSource } from '../../src/domain/source.ts';
import { pathsOfSet, type ValuesLayer } from '../../src/domain/values.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

function file(shown: string, text: string, kind: 'file' | 'secret' = 'file'): ValuesLayer {
  const read = readSource(Buffer.from(text));
  if (!read.ok) throw new Error(read.fault.message);
  return { kind, shown, source: read.source };
}

function set(...settings: string[]): ValuesLayer {
  return { kind: 'set', shown: 'set', source: undefined, paths: settings.flatMap(pathsOfSet) };
}

const image = (name: string): Blame => ({ kind: 'image', image: name });
/** `requests.cpu 1, limits.cpu 2`; the first is at fault. */
const quantity = (written: string): Blame => {
  const resources: Record<string, Record<string, string>> = {};
  const all = written.split(', ').map((each) => each.split(/[. ]/));
  for (const [way = '', resource = '', amount = ''] of all) resources[way] = { ...resources[way], [resource]: amount };
  return { kind: 'quantity', path: [all[0]?.[0] ?? '', all[0]?.[1] ?? ''], resources };
};

describe('the chart of this repository', () => {
  const chart = (name: string): ValuesLayer => file(`chart/${name}`, readFileSync(join(root, 'chart', name), 'utf8'));
  const lineOf = (layer: ValuesLayer, ...path: string[]) => ({
    file: layer.shown,
    line: layer.source?.position(path)?.line,
  });
  const [base, prod] = [chart('values.yaml'), chart('values-prod.yaml')];

  test.each([
    ['the tag of an image in parts', image('my-company/task-api:1.0.0'), base, ['agent', 'image', 'tag']],
    ['an image in one', image('my-company/task-api-migrations:1.0.0'), base, ['migration', 'image']],
    ["a dependency's", image('bitnamilegacy/postgresql:15.4.0-debian-11-r45'), base, ['postgresql', 'image', 'tag']],
    [
      "a dependency's under the registry that is its default",
      image('docker.io/bitnamilegacy/redis:7.0.12-debian-11-r34'),
      base,
      ['redis', 'image', 'tag'],
    ],
    // The backup's image is the same, written in one.
    [
      'an image that two places make up',
      image('docker.io/bitnamilegacy/postgresql:15.4.0-debian-11-r45'),
      undefined,
      [],
    ],
    [
      'a quantity of the environment, as the API server writes it',
      quantity(
        'limits.cpu 2, limits.memory 2Gi, requests.cpu 500m, requests.memory 1Gi, limits.ephemeral-storage 1Gi, requests.ephemeral-storage 64Mi',
      ),
      prod,
      ['agent', 'resources', 'limits', 'cpu'],
    ],
    ['replicas', { kind: 'replicas', replicas: 3 } as Blame, prod, ['agent', 'replicaCount']],
    ['replicas of two stores', { kind: 'replicas', replicas: 2 } as Blame, undefined, []],
  ])('%s', (_name, blame, layer, path) => {
    expect(valuesLine(blame, [base, prod])).toEqual(layer && lineOf(layer, ...path));
  });
});

describe('certain or nothing', () => {
  const base = file(
    'values.yaml',
    'image:\n  repository: acme/agent\n  tag: "1.0"\nresources:\n  requests:\n    cpu: 1000m\n',
  );
  test.each<[string, Blame, ValuesLayer[], { file: string; line: number } | undefined]>([
    [
      'the last layer that sets it',
      image('acme/agent:2.0'),
      [base, file('prod.yaml', '\nimage:\n  tag: "2.0"\n')],
      { file: 'prod.yaml', line: 3 },
    ],
    [
      'a tag that is a number',
      image('acme/agent:15'),
      [base, file('prod.yaml', 'image: {tag: 15}')],
      { file: 'prod.yaml', line: 1 },
    ],
    ['another tag', image('acme/agent:3.0'), [base], undefined],
    ['an image whose name only begins so', image('acme/agent-extra:1.0'), [base], undefined],
    ['a tag by --set', image('acme/agent:1.0'), [base, set('image.tag=1.0')], undefined],
    [
      'all of it by --set',
      image('acme/agent:1.0'),
      [base, set('image.repository=acme/agent,image.tag=1.0')],
      undefined,
    ],
    ['a tag by secret values', image('acme/agent:9'), [base, file('secret', 'image: {tag: 9}', 'secret')], undefined],
    ['taken away by null', image('acme/agent:1.0'), [base, file('prod.yaml', 'image: null')], undefined],
    [
      'replaced by a text',
      image('acme/other:7'),
      [base, file('prod.yaml', 'image: acme/other:7')],
      { file: 'prod.yaml', line: 1 },
    ],
    [
      'one image at two places',
      image('acme/agent:1.0'),
      [base, file('prod.yaml', 'job: {image: acme/agent:1.0}')],
      undefined,
    ],
    [
      'a digest',
      image('acme/agent@sha256:abc'),
      [base, file('prod.yaml', 'image:\n  tag: ""\n  digest: sha256:abc\n')],
      { file: 'prod.yaml', line: 3 },
    ],
    [
      "an empty tag, which is the chart's appVersion",
      image('acme/agent:1.2.3'),
      [base, file('prod.yaml', 'image: {tag: ""}')],
      { file: 'values.yaml', line: 2 },
    ],
    [
      'a registry beside it',
      image('ghcr.io/acme/agent:1.0'),
      [base, file('prod.yaml', 'image: {registry: ghcr.io}')],
      { file: 'values.yaml', line: 3 },
    ],
    [
      'a registry for all',
      image('ghcr.io/acme/agent:1.0'),
      [base, file('prod.yaml', 'global: {imageRegistry: ghcr.io}')],
      { file: 'values.yaml', line: 3 },
    ],
    [
      'an image in a list',
      image('acme/proxy:1'),
      [base, file('prod.yaml', 'sidecars:\n  - name: p\n    image: acme/proxy:1\n')],
      { file: 'prod.yaml', line: 3 },
    ],
    ['the same quantity in other words', quantity('requests.cpu 1'), [base], { file: 'values.yaml', line: 6 }],
    ['the quantity of another resource', quantity('limits.cpu 1'), [base], undefined],
    [
      'a request that the API server took from the limit',
      quantity('limits.cpu 2, requests.cpu 2'),
      [file('b.yaml', 'resources:\n  limits:\n    cpu: 2\n')],
      { file: 'b.yaml', line: 3 },
    ],
    ['a quantity among others', quantity('requests.cpu 1, requests.memory 1Gi'), [base], undefined],
    [
      'a quantity with fewer beside it',
      quantity('requests.cpu 1'),
      [base, file('b.yaml', 'resources: {requests: {memory: 1Gi}}')],
      undefined,
    ],
    [
      "a dependency's, which has the same in its own values",
      { ...quantity('requests.cpu 1'), chart: 'redis' },
      [base, file('b.yaml', 'redis: {enabled: true}')],
      undefined,
    ],
    [
      "a dependency's that is set",
      { ...image('acme/redis:7'), chart: 'redis' },
      [base, file('b.yaml', 'other: {image: acme/redis:7}\nredis: {image: {repository: acme/redis, tag: 7}}')],
      { file: 'b.yaml', line: 2 },
    ],
    ["the chart's own", { ...quantity('requests.cpu 1'), chart: 'agent' }, [base], { file: 'values.yaml', line: 6 }],
    [
      'a quantity twice',
      quantity('requests.cpu 1'),
      [base, file('b.yaml', 'db: {resources: {requests: {cpu: 1}}}')],
      undefined,
    ],
    [
      "a Secret's name",
      { kind: 'name', name: 'credentials' },
      [base, file('b.yaml', 'auth:\n  existingSecret: credentials\n')],
      { file: 'b.yaml', line: 2 },
    ],
    [
      'the same word as something else',
      { kind: 'name', name: 'credentials' },
      [base, file('b.yaml', 'title: credentials')],
      undefined,
    ],
    [
      'a name made by a template',
      { kind: 'name', name: 'x-credentials' },
      [file('b.yaml', "existingSecret: '{{ .Release.Name }}-credentials'")],
      undefined,
    ],
    [
      'a selector',
      { kind: 'mapping', key: 'nodeSelector', mapping: { disk: 'ssd' } },
      [base, file('b.yaml', 'agent:\n  nodeSelector:\n    disk: ssd\n')],
      { file: 'b.yaml', line: 3 },
    ],
    [
      'a selector of two',
      { kind: 'mapping', key: 'nodeSelector', mapping: { disk: 'ssd' } },
      [file('b.yaml', 'a: {nodeSelector: {disk: ssd}}\nb: {nodeSelector: {disk: ssd}}')],
      undefined,
    ],
    [
      'one replica, which is everybody’s default',
      { kind: 'replicas', replicas: 1 },
      [file('b.yaml', 'replicaCount: 1')],
      undefined,
    ],
    [
      'a file that is no YAML',
      image('acme/agent:1.0'),
      [{ kind: 'file', shown: 'broken.yaml', source: undefined }],
      undefined,
    ],
    ['nothing at all', image(''), [], undefined],
  ])('%s', (_name, blame, layers, place) => {
    expect(valuesLine(blame, layers)).toEqual(place);
  });
});

test.each([
  ['1000m', 1],
  ['0.5', 0.5],
  ['1Gi', 2 ** 30],
  ['1024Mi', 2 ** 30],
  ['1k', 1000],
  ['1e3', 1000],
  ['2E', 2e18],
  [2, 2],
  ['', undefined],
  ['many', undefined],
  ['1Xi', undefined],
  [undefined, undefined],
])('the quantity %j is %j', (written, amount) => {
  expect(quantityOf(written)).toBe(amount);
});
