import { beforeAll, expect, test } from '@jest/globals';
import { ruleDescriptor } from '../../src/report/rule-descriptor.ts';
import { sarifText } from '../../src/report/sarif.ts';
import { reportOf } from '../support/sample-report.ts';

/** What SARIF says of rules, by the pages of docs/rules. */

let pages: Readonly<Record<string, string>>;
let publicRepository: (repository?: string) => string;
beforeAll(async () => {
  // @ts-expect-error a script of the repository, plain JavaScript
  const build = await import('../../scripts/build.mjs');
  pages = build.readRulePages();
  publicRepository = build.publicRepository;
});

const address = 'https://github.com/acme/chartship/blob/HEAD/docs/rules';

test('each page gives a title, a description, help within bounds, and a link', () => {
  expect(Object.keys(pages).length).toBeGreaterThan(35);
  for (const id of Object.keys(pages)) {
    const { shortDescription, fullDescription, help, helpUri } = ruleDescriptor(id, { pages, address });
    expect([id, shortDescription?.text]).toEqual([id, expect.stringMatching(/^[^#`]{10,500}[.:]$/s)]);
    expect(fullDescription?.text?.startsWith(shortDescription?.text ?? '-')).toBe(true);
    expect(help?.text).toContain('\nHow to mend it\n');
    expect(help?.text).not.toMatch(/^#|^```|\]\(/m);
    expect(help?.markdown).toContain('\n## How to mend it\n');
    expect(help?.markdown).not.toMatch(/^# |\]\((?!https:)/m);
    expect((help?.text ?? '').length).toBeLessThanOrEqual(8_000);
    expect((help?.markdown ?? '').length).toBeLessThanOrEqual(8_000);
    expect(helpUri).toBe(`${address}/${id}.md`);
  }
});

test('links between pages are whole where the address is known, and else only their text', () => {
  const kyverno = (given: { address?: string }): string | undefined =>
    ruleDescriptor('policy/kyverno', { pages, ...given }).help?.markdown;
  expect(kyverno({ address })).toContain(`[policy/conftest](${address}/policy/conftest.md)`);
  expect(kyverno({})).toContain('(policy/conftest)');
  expect(kyverno({})).toContain('](https://kyverno.io/docs/exceptions/)');
  expect(ruleDescriptor('policy/kyverno', { pages })).not.toHaveProperty('helpUri');
});

test('a long page is cut, one that a rule has not is not made up', () => {
  const long = { pages: { 'policy/x': `# policy/x\n\n${'word '.repeat(5_000)}` } };
  const { shortDescription, help } = ruleDescriptor('policy/x', long);
  expect([shortDescription?.text.length, help?.text.length, help?.markdown?.length]).toEqual([1_000, 8_000, 8_000]);
  expect(ruleDescriptor('lint/helm', { pages })).toEqual({ id: 'lint/helm', shortDescription: { text: 'lint helm' } });
  expect(ruleDescriptor('constructor', { pages })).toEqual({
    id: 'constructor',
    shortDescription: { text: 'constructor' },
  });
});

test('a report describes the rules that it has findings of, and no other', () => {
  const finding = { stage: 'validate', severity: 'warning', message: 'm', file: 'a.yaml' } as const;
  const findings = [{ ...finding, rule: 'policy/image-tag' }];
  const { rules } = JSON.parse(sarifText(reportOf({ findings }), { pages })).runs[0].tool.driver;
  expect(rules).toEqual([ruleDescriptor('policy/image-tag', { pages })]);
});

test('the address is that of package.json, once it names an owner', () => {
  expect(['github:acme/chartship', 'github:OWNER/chartship', undefined].map(publicRepository)).toEqual([
    'acme/chartship',
    '',
    '',
  ]);
});
