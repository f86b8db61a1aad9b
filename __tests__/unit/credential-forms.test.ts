import { expect, test } from '@jest/globals';
import { recognised } from '../../src/domain/policies/credential-forms.ts';

/** What is told of credentials by their form, as secretlint knows them. */

// Put together here: whoever looks for secrets in this repository finds none.
const database = (scheme: string): string => [scheme, '://shop:', 'hunter2', '@db.example/shop'].join('');

test.each([
  ['DATABASE', database('postgresql'), 'PostgreSQL Connection'],
  ['DATABASE', database('mysql'), 'MySQL Connection'],
  ['DATABASE', database('mongodb'), 'MongoDB Connection'],
  ['AWS_SECRET_ACCESS_KEY', 'aB3d'.repeat(10), 'AWS Secret Access Key'],
  ['TOKEN', ['gh', `p_${'aB3'.repeat(12)}`].join(''), 'GITHUB TOKEN'],
])('%s: %s is called %s', async (name, text, called) => {
  expect((await recognised([{ name, text }])).get(text)).toBe(called);
});
