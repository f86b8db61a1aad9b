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
