import { expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { KUBERNETES_YAML } from '../../src/domain/kubernetes-yaml.ts';
import { kubeconform } from '../support/kubeconform.ts';
import { seeded } from '../support/mutants.ts';

const PIECES = [
  '0',
  '1',
  '7',
  '8',
  '9',
  '.',
  '-',
  '+',
  '_',
  'e',
  'E',
  'x',
  'o',
  'b',
  'y',
  'n',
  ':',
  'T',
  '.inf',
  '.nan',
];
const WORDS = [
  'yes',
  'No',
  'on',
  'OFF',
  'true',
  'False',
  '~',
  'Null',
  'NULL',
  '2026-01-02',
  '12:30:45',
  '0x1f',
  '1e400',
];

/** Plain scalars that look like numbers and words that mean something, the same on every run. */
function scalars(count: number): string[] {
  const random = seeded(11);
  const any = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  const made = Array.from({ length: count }, () =>
    Array.from({ length: 1 + random() * 5 }, () => any(PIECES)).join(''),
  );
  const isPlain = (text: string) => !/:$|^[-:]$|^-*$/.test(text);
  return [...new Set([...WORDS, ...made])].filter(isPlain);
}

test('a plain scalar is to us what it is to the YAML reader of Kubernetes, which kubeconform has', async () => {
  const texts = scalars(4000);
  expect(texts.length).toBeGreaterThan(2000);
  const document = (text: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  a: ${text}\n`;
  const { resources } = await kubeconform(texts.map(document).join('---\n'), '1.35');
  expect(resources).toHaveLength(texts.length);
  const wrong = texts.flatMap((text, index) => {
    const ours = typeOf((load(document(text), { schema: KUBERNETES_YAML }) as { data: { a: unknown } }).data.a);
    const { status, msg = '' } = resources[index] ?? {};
    // An infinite number is no JSON: there an error of the reader.
    const theirs =
      status === 'statusValid'
        ? 'string'
        : status === 'statusError'
          ? 'infinite'
          : (/got (\w+), want string/.exec(msg)?.[1] ?? msg);
    return ours === theirs ? [] : [`${text}: ${theirs}, ours ${ours}`];
  });
  expect(wrong).toEqual([]);
});

/** Null is a valid string here: as good as absent. */
function typeOf(value: unknown): string {
  if (value === null) return 'string';
  if (typeof value === 'number' && !Number.isFinite(value)) return 'infinite';
  return typeof value;
}
