import { expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { isLiteral, isSecretName, maySecret } from '../../../src/domain/policies/secret-texts.ts';
import {
  choosePolicies,
  createReleases,
  POLICIES,
  releaseObject,
  secretsInValues,
} from '../../../src/domain/policies.ts';
import { seeded } from '../../support/mutants.ts';
import { only, policyLines } from '../../support/policy-findings.ts';
import { CASES } from './cases.ts';

type Node = Record<string | number, unknown>;

const ODD: readonly unknown[] = [
  null,
  undefined,
  0,
  -1,
  1.5,
  Number.NaN,
  true,
  '',
  'text',
  [],
  [null],
  [[]],
  {},
  { a: null },
];

test('whatever stands where something else should, no policy fails', () => {
  const random = seeded(7);
  const some = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const all = choosePolicies(new Map(POLICIES.map(({ name }) => [name, 'error'])));
  for (const { objects } of CASES) {
    for (let round = 0; round < 30; round++) {
      const documents = (loadAll(objects) as unknown[]).filter((each) => each !== null && each !== undefined);
      const root: Node = { documents } as Node;
      for (let changes = some([1, 1, 2, 5]); changes > 0; changes--) {
        let node: Node = root;
        for (;;) {
          const key = some(Object.keys(node));
          const next = node[key];
          if (
            key !== 'documents' &&
            (random() < 0.25 || typeof next !== 'object' || next === null || Object.keys(next).length === 0)
          ) {
            node[key] = some(ODD);
            break;
          }
          node = next as Node;
        }
      }
      const seen = (root.documents as Node[]).flatMap((data) =>
        typeof data === 'object' && data !== null && !Array.isArray(data) ? (releaseObject(data) ?? []) : [],
      );
      expect(() => all(seen, createReleases(seen, 'home', new Map(), ['1.37', '1.33']))).not.toThrow();
    }
  }
});

test('ten thousand Services and as many workloads of the same labels take bounded time', () => {
  const many = Array.from(
    { length: 5_000 },
    (_, index) => `
apiVersion: v1
kind: Service
metadata: { name: s${index} }
spec: { selector: { app: web, n: "${index}" }, ports: [{ port: 80, targetPort: http }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: d${index} }
spec: { selector: { matchLabels: { app: web, n: "${index}" } }, template: { metadata: { labels: { app: web, n: "${index}" } }, spec: { containers: [{ name: a, image: "a:1", ports: [{ name: http }] }] } } }
`,
  ).join('---\n');
  const same = many.replaceAll(/, n: "\d+"/g, '');
  const started = performance.now();
  expect(policyLines(same, only('port-mismatch'))).toEqual([]);
  expect(policyLines(same, only('missing-readiness-probe')).length).toBeGreaterThan(0);
  expect(policyLines(many, only('port-mismatch'))).toEqual([]);
  expect(policyLines(many, only('missing-readiness-probe')).length).toBe(5_000);
  expect(performance.now() - started).toBeLessThan(60_000);
}, 120_000);

test('texts that are long and of one kind are looked at in bounded time', () => {
  const started = performance.now();
  for (const part of ['a', 'a1', 'a-', '1-', '://a:', '=', 'Aa0_', ' ', '${', 'PRIVATE']) {
    const text = part.repeat(100_000 / part.length);
    maySecret(text);
    isLiteral(text, 'password');
    isSecretName(text);
    secretsInValues({ password: text, list: [text] });
    const data = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: { 'a.yaml': `password: ${text}!\n${text}: x` },
    };
    const object = releaseObject(data);
    if (object !== undefined)
      choosePolicies(new Map())([object], createReleases([object], 'home', new Map(), ['1.37']));
  }
  expect(performance.now() - started).toBeLessThan(20_000);
});
