import { expect, test } from '@jest/globals';
import { isForKyverno, kyvernoPolicies, severityOfPolicy } from '../../src/domain/kyverno-policies.ts';

/** Files of policies, taken apart as Kyverno's command is to have them. */

const read = (text: string) => kyvernoPolicies([{ shown: 'policies/a.yaml', text }]);

const names = (text: string): unknown[] => read(text).policies.map(({ kind, name, place }) => [kind, name, place.line]);

const rule = (name: string, does: string): string =>
  `    - { name: ${name}, match: { any: [{ resources: { kinds: [Pod] } }] }, ${does} }\n`;

const policy = (name: string, rules: string, spec = ''): string =>
  `apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: { name: ${name} }\nspec:\n${spec}  rules:\n${rules}`;

const VALIDATES = 'validate: { pattern: {} }';

test.each([
  ['apiVersion: kyverno.io/v1', true],
  ['apiVersion: "policies.kyverno.io/v1beta1"', true],
  ['{"apiVersion": "kyverno.io/v2beta1"', true],
  ['items:\n  - apiVersion: kyverno.io/v1', true],
  ['apiVersion: cli.kyverno.io/v1alpha1\nkind: Test', false],
  ['apiVersion: reports.kyverno.io/v1', false],
  ['apiVersion: v1\nkind: ConfigMap', false],
])('%j is for Kyverno: %s', (text, expected) => {
  expect(isForKyverno(text)).toBe(expected);
});

test('policies stand at the first line that says something, and other objects are left alone', () => {
  const text = `# What we want.\n---\n# first\n${policy('a', rule('r', VALIDATES))}---\nkind: Pod\napiVersion: v1\nmetadata: { name: p }\n---   # second\n\r\napiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata: { name: e }\n`;
  expect(names(text)).toEqual([
    ['ClusterPolicy', 'a', 4],
    ['PolicyException', 'e', 16],
  ]);
});

test('lists are taken apart', () => {
  const items = '  - { apiVersion: kyverno.io/v1, kind: Policy, metadata: { name: a } }\n';
  expect(names(`apiVersion: v1\nkind: List\nitems:\n${items}${items.replace('a }', 'b }')}`)).toEqual([
    ['Policy', 'a', 1],
    ['Policy', 'b', 1],
  ]);
});

test('rules that do something else are left out, and kinds that do', () => {
  const text = [
    policy('mixed', `${rule('m', 'mutate: {}')}${rule('v', VALIDATES)}${rule('g', 'generate: {}')}`),
    policy('images', rule('i', 'verifyImages: []')),
    'apiVersion: policies.kyverno.io/v1\nkind: MutatingPolicy\nmetadata: { name: p }\n',
    'apiVersion: kyverno.io/v2\nkind: CleanupPolicy\nmetadata: { name: c }\n',
    'apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: { name: h }\nspec: { evaluation: { mode: HTTP } }\n',
    // What is wrong with it the command says.
    policy('nothing', rule('n', 'x: y')),
  ].join('---\n');
  const { policies, leftOut, faults } = read(text);
  expect([policies.map(({ name }) => name), faults]).toEqual([['mixed', 'nothing'], []]);
  expect(policies[0]?.data.spec).toEqual({ rules: [expect.objectContaining({ name: 'v' })] });
  expect(leftOut).toEqual([
    'mutate rule m of mixed',
    'generate rule g of mixed',
    'verifyImages rule i of images',
    'MutatingPolicy p',
    'CleanupPolicy c',
    'ValidatingPolicy h (HTTP)',
  ]);
});

test("Kubernetes' own policies are left out by name, where they stand beside Kyverno's", () => {
  const own = (kind: string, name: string): string =>
    `apiVersion: admissionregistration.k8s.io/v1\nkind: ${kind}\nmetadata: { name: ${name} }\n`;
  const files = [
    policy('a', rule('r', VALIDATES)),
    own('ValidatingAdmissionPolicy', 'v'),
    own('ValidatingAdmissionPolicyBinding', 'b'),
    own('MutatingAdmissionPolicy', 'm'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { a: "kind: ValidatingAdmissionPolicy" }\n',
    'kind: ValidatingAdmissionPolicy\nmetadata: { name: of-nobody }\n',
  ];
  for (const texts of [files, [files.join('---\n')]]) {
    const read = kyvernoPolicies(texts.map((text, index) => ({ shown: `${index}.yaml`, text })));
    expect([read.policies.map(({ name }) => name), read.faults]).toEqual([['a'], []]);
    expect(read.leftOut).toEqual(['ValidatingAdmissionPolicy v', 'MutatingAdmissionPolicy m']);
  }
});

test.each([
  [
    'metadata: { name: x\n',
    { message: expect.stringContaining('no YAML'), place: { file: 'policies/a.yaml', line: 19, column: 1 } },
  ],
  [
    'spec: 1\nspec: 2\n',
    { message: 'has the same key twice in one mapping', place: { file: 'policies/a.yaml', line: 19, column: 1 } },
  ],
])('what can not be read, %j, has a place, and hides no other', (broken, fault) => {
  const before = policy('a', rule('r', VALIDATES));
  const { policies, faults } = read(
    `${before}---\n# c\n\n${before.replace('name: a', 'name: b')}---\napiVersion: kyverno.io/v1\n${broken}---\n${before}`,
  );
  expect(faults).toEqual([fault]);
  expect(policies.map(({ name }) => name)).toEqual(['a', 'b', 'a']);
});

test('how bad it is what a rule says', () => {
  const severities = (text: string, name = 'r'): unknown[] =>
    read(text).policies.map((each) => severityOfPolicy(each, name, 'shop'));
  expect(severities(policy('a', rule('r', VALIDATES)))).toEqual(['warning']);
  expect(severities(policy('a', rule('r', VALIDATES), '  validationFailureAction: enforce\n'), 'autogen-r')).toEqual([
    'error',
  ]);
  const own = rule('r', 'validate: { failureAction: Audit, pattern: {} }');
  expect(severities(policy('a', own, '  validationFailureAction: Enforce\n'), 'autogen-cronjob-r')).toEqual([
    'warning',
  ]);
  const cel = (spec: string) =>
    `apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: { name: a }\nspec: ${spec}\n`;
  expect(severities(cel('{}'), '')).toEqual(['error']);
  expect(severities(cel('{ validationActions: [Audit] }'), '')).toEqual(['warning']);
  expect(severities(cel('{ validationActions: [Warn, Deny] }'), '')).toEqual(['error']);
});

test("a rule's own action is the one that counts, wherever it stands in its policy", () => {
  const text = policy(
    'a',
    ['Audit', 'Enforce'].map((action) => rule(action, `validate: { failureAction: ${action} }`)).join(''),
  );
  const [mixed] = read(text).policies;
  const of = (name: string): unknown => mixed && severityOfPolicy(mixed, name, 'shop');
  expect(['Audit', 'Enforce', 'autogen-Enforce', 'other'].map(of)).toEqual(['warning', 'error', 'error', undefined]);
});

test('a rule made of one with a long name has the name that Kyverno cuts off', () => {
  const name = 'n'.repeat(60);
  const [long] = read(policy('a', rule(name, 'validate: { failureAction: Enforce }'))).policies;
  expect(long && severityOfPolicy(long, `autogen-${name}`.slice(0, 63), 'shop')).toBe('error');
});

const AUDIT_THERE = '[{ action: Audit, namespaces: [shop] }]';
const ENFORCE_THERE = '[{ action: Enforce, namespaces: [x, "s?o*"] }]';

test.each([
  // failureAction, failureActionOverrides, validationFailureAction, validationFailureActionOverrides
  ['', '', 'Enforce', AUDIT_THERE, 'warning', 'error'],
  ['', '', 'Audit', ENFORCE_THERE, 'error', 'warning'],
  ['Audit', ENFORCE_THERE, '', '', 'error', 'warning'],
  ['Enforce', AUDIT_THERE, '', '', 'warning', 'error'],
  ['', ENFORCE_THERE, 'Audit', AUDIT_THERE, 'error', 'warning'],
  ['Enforce', '', '', AUDIT_THERE, 'warning', 'error'],
  ['Audit', '', '', ENFORCE_THERE, 'warning', 'warning'],
  ['Audit', '[{ action: Enforce }]', '', '', 'error', 'error'],
  ['Audit', '[{ action: Enforce, namespaces: ["*"] }]', '', '', 'error', 'error'],
  ['Audit', '[{ action: Enforce, namespaceSelector: { matchLabels: { a: b } } }]', '', '', 'warning', 'warning'],
])(
  'overrides by namespace: %j %j of the rule, %j %j of the policy',
  (action, overrides, ofPolicy, more, there, elsewhere) => {
    const given = (key: string, value: string): string => (value === '' ? '' : `${key}: ${value}`);
    const validate = [given('failureAction', action), given('failureActionOverrides', overrides)]
      .filter(Boolean)
      .join(', ');
    const spec = [given('validationFailureAction', ofPolicy), given('validationFailureActionOverrides', more)];
    const text = policy(
      'a',
      rule('r', `validate: { ${validate} }`),
      spec
        .filter(Boolean)
        .map((line) => `  ${line}\n`)
        .join(''),
    );
    const severities = ['shop', 'other'].flatMap((namespace) =>
      read(text).policies.map((each) => severityOfPolicy(each, 'r', namespace)),
    );
    expect(severities).toEqual([there, elsewhere]);
  },
);

test('large and hostile files are read in bounded time', () => {
  const started = performance.now();
  for (const text of [
    `${'\n'.repeat(300_000)}kind: ClusterPolicy\napiVersion: kyverno.io/v1\n`,
    `---${' '.repeat(1_000_000)}x\napiVersion: kyverno.io/v1\n`,
    `apiVersion:${' '.repeat(1_000_000)}kyverno.io/v1\n`,
    `apiVersion: kyverno.io/v1\nkind: ${'['.repeat(100_000)}\n`,
  ])
    read(text);
  const many = policy(
    'a',
    rule('r', `validate: { failureActionOverrides: [{ action: Audit, namespaces: ["${'*a'.repeat(20_000)}b"] }] }`),
  );
  for (const each of read(many).policies) severityOfPolicy(each, 'r', 'a'.repeat(63));
  expect(performance.now() - started).toBeLessThan(10_000);
});
