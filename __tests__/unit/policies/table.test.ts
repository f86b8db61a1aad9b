import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_SEVERITIES, POLICIES } from '../../../src/domain/policies.ts';
import { only, policyLines } from '../../support/policy-findings.ts';
import { repository } from '../../support/scenario.ts';
import { CASES } from './cases.ts';

describe('each policy', () => {
  test.each(CASES)('$policy: $what', ({ policy, objects, told, minors }) => {
    const lines = policyLines(objects, only(policy), minors === undefined ? {} : { minors });
    expect(lines).toEqual(told.map((line) => `error ${policy} ${line}`));
  });

  test.each([
    ['a label that pods lack', '{ app: web, tier: a }', 'error'],
    ['a label that says who leads', '{ app: web, vault-active: "true" }', 'warning'],
    ['such a name of a component', '{ app: web, app.kubernetes.io/component: primary }', 'error'],
    ['a role that the template says otherwise', '{ app: web, role: primary }', 'error', 'role: replica'],
    ['a name with such a word in it', '{ app: web, mode: reactive }', 'error'],
    ['nothing like it, beside a workload', '{ app: x }', 'error'],
    ['nothing like it, beside no workload', '{ app: x }', 'warning', undefined],
  ])('a Service that selects %s', (_, selector, severity, ...label) => {
    const [labels = ''] = label;
    const pods = `{ metadata: { labels: { app: web, ${labels} } }, spec: { containers: [{ name: web }] } }`;
    const workload = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { template: ${pods} }\n---\n`;
    const service = `apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: ${selector} }\n`;
    const isAlone = label.length > 0 && label[0] === undefined;
    const told = policyLines(`${isAlone ? '' : workload}${service}`).filter((line) => line.includes('selects-nothing'));
    expect(told).toEqual([`${severity} service-selects-nothing Service/web /spec/selector`]);
  });

  test.each([
    ['the only port', '[{ port: 80, targetPort: metrics }]', 'error'],
    ['one of two, misspelt', '[{ port: 80, targetPort: htpp }, { name: b, port: 81, targetPort: http }]', 'error'],
    ['one of two', '[{ port: 80, targetPort: metrics }, { name: b, port: 81, targetPort: http }]', 'warning'],
    ['one of two, beside a number', '[{ port: 80, targetPort: metrics }, { name: b, port: 81 }]', 'warning'],
    [
      'one of two, beside a number that no container declares',
      '[{ port: 80, targetPort: metrics }, { name: b, port: 82 }]',
      'error',
    ],
    ['both', '[{ port: 80, targetPort: metrics }, { name: b, port: 81, targetPort: admin }]', 'error'],
  ])('a port that no container has: %s', (_, ports, severity) => {
    const pods =
      '{ metadata: { labels: { app: web } }, spec: { containers: [{ name: web, ports: [{ name: http, containerPort: 81 }] }] } }';
    const workload = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { template: ${pods} }\n---\n`;
    const service = `apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: ${ports} }\n`;
    const told = policyLines(`${workload}${service}`).filter((line) => line.includes('port-mismatch'));
    expect(told[0]).toBe(`${severity} port-mismatch Service/web /spec/ports/0/targetPort`);
  });

  test('has good and bad objects in the table', () => {
    const kinds = (policy: string): string[] => {
      const told = CASES.filter((each) => each.policy === policy).map((each) =>
        each.told.length > 0 ? 'bad' : 'good',
      );
      return [...new Set(told)].sort();
    };
    expect(POLICIES.map(({ name }) => [name, kinds(name)])).toEqual(
      POLICIES.map(({ name }) => [name, ['bad', 'good']]),
    );
  });

  test('has its default severity in its page, as in the table', () => {
    for (const [name, severity] of DEFAULT_SEVERITIES) {
      const page = readFileSync(join(repository, `docs/rules/policy/${name}.md`), 'utf8');
      expect(page).toContain(`\nBy default: ${severity}`);
      expect(page).toMatch(new RegExp(`^# policy/${name}\n`));
    }
  });
});
