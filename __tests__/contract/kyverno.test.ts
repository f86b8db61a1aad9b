import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createFiles } from '../../src/adapters/files.ts';
import { createKyverno } from '../../src/adapters/kyverno.ts';
import { type Call, createRunner } from '../../src/adapters/process.ts';
import { customKinds } from '../../src/domain/custom-kinds.ts';
import { kyvernoPolicies } from '../../src/domain/kyverno-policies.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import { readDocument } from '../../src/domain/rendered-objects.ts';
import type { OwnVerdict } from '../../src/ports.ts';

/** Kyverno's policies by its real command, which is built when it isn't there yet. */
let command: string;
beforeAll(async () => {
  // @ts-expect-error a script of the repository, plain JavaScript
  const { getTool } = await import('../../scripts/tools.mjs');
  command = (await getTool('kyverno')) as string;
}, 1_800_000);

let root: string;
let bin: string;
let files: Awaited<ReturnType<typeof createFiles>>;
beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'chartship-kyverno-')));
  bin = join(root, 'bin');
  mkdirSync(bin);
  symlinkSync(command, join(bin, 'kyverno'));
  files = await createFiles({ root, temporaryBase: join(root, 'tmp') });
});
afterEach(async () => {
  await files.close();
  rmSync(root, { recursive: true, force: true });
});

/** In place of the command: a script that may end as it. */
function script(text: string): void {
  rmSync(join(bin, 'kyverno'), { force: true });
  writeFileSync(join(bin, 'kyverno'), `#!/bin/sh\n${text}\n`);
  chmodSync(join(bin, 'kyverno'), 0o755);
}

interface Options {
  readonly environment?: Record<string, string>;
  readonly milliseconds?: number;
  readonly namespace?: string;
  readonly calls?: Call[];
  /** Definitions, of which objects are. */
  readonly definitions?: string;
}

async function judge(
  policies: string,
  documents: readonly string[],
  { environment = {}, namespace = 'shop', calls = [], definitions = '', ...options }: Options = {},
): Promise<OwnVerdict> {
  const own = { PATH: `${bin}:/usr/bin:/bin`, ...environment };
  const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, own, 2);
  const kyverno = createKyverno({
    run: (call) => {
      calls.push(call);
      return run(call);
    },
    environment: own,
    os: 'linux',
    files,
    ...options,
  });
  const read = kyvernoPolicies([{ shown: 'policies/a.yaml', text: policies }]);
  expect(read.faults).toEqual([]);
  const verdict = await kyverno.check(
    read.policies,
    documents,
    namespace,
    customKinds(readDocument(definitions).objects),
  );
  // Nothing is left behind, in clear or not.
  expect(readdirSync(files.temporary)).toEqual(['.owner']);
  return verdict;
}

/** `severity query document message`, sorted. */
function lines(verdict: OwnVerdict): string[] {
  if (!verdict.ok) return [verdict.message];
  return verdict.results.map((each) => `${each.severity} ${each.query} ${each.document} ${each.message}`).sort();
}

const pod = (name: string, image = 'nginx:1', metadata = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n${metadata}spec:\n  containers:\n    - name: web\n      image: ${image}\n`;

const deployment = (name: string, replicas: number): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}\nspec:\n  replicas: ${replicas}\n  template:\n    spec:\n      containers:\n        - name: web\n          image: nginx:latest\n`;

const cluster = (name: string, action: string, validate: string, more = ''): string =>
  `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: ${name}
${more}spec:
  validationFailureAction: ${action}
  rules:
    - name: rule
      match: { any: [{ resources: { kinds: [Pod] } }] }
      validate: ${validate}
`;

const TEAM = '{ message: a team is needed, pattern: { metadata: { labels: { team: "?*" } } } }';
const NO_LATEST = '{ message: no latest, pattern: { spec: { containers: [{ image: "!*:latest" }] } } }';

const cel = (name: string, expression: string, actions = '', resource = 'deployments', group = 'apps'): string =>
  `apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata:
  name: ${name}
spec:
${actions}  matchConstraints:
    resourceRules:
      - { apiGroups: ["${group}"], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [${resource}] }
  validations:
    - message: ${name} says no
      expression: ${expression}
`;

test('what Enforce stops is an error, what Audit tells a warning, and what passes is nothing', async () => {
  const policies = [cluster('team', 'Enforce', TEAM), cluster('latest', 'Audit', NO_LATEST)].join('---\n');
  const labelled = pod('b', 'nginx:1', '  labels: { team: x }\n');
  const verdict = await judge(policies, [pod('a', 'nginx:latest'), labelled]);
  expect(lines(verdict)).toEqual([
    'error team/rule 0 validation error: a team is needed. rule rule failed at path /metadata/labels/',
    'warning latest/rule 0 validation error: no latest. rule rule failed at path /spec/containers/0/image/',
  ]);
  expect(verdict.ok && verdict.results.map(({ path, object }) => [path, object])).toEqual(
    expect.arrayContaining([
      ['/metadata/labels', 0],
      ['/spec/containers/0/image', 0],
    ]),
  );
});

test('of one policy each rule has its own action, whichever comes first, and overrides hold', async () => {
  const rule = (name: string, validate: string): string =>
    `    - name: ${name}\n      match: { any: [{ resources: { kinds: [Pod] } }] }\n      validate: { ${validate}, message: stop, deny: {} }\n`;
  const audit = rule('audits', 'failureAction: Audit');
  const enforce = rule('enforces', 'failureAction: Enforce');
  const overridden = (action: string, namespace: string): string =>
    rule(`now-${action}`, `failureActionOverrides: [{ action: ${action}, namespaces: [${namespace}] }]`);
  const of = (name: string, rules: string, kind = 'ClusterPolicy', action = 'Audit'): string =>
    `apiVersion: kyverno.io/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n  validationFailureAction: ${action}\n  rules:\n${rules}`;
  const policies = [
    of('a', `${audit}${enforce}${overridden('Enforce', '"sh*"')}`),
    of('b', `${enforce}${audit}${overridden('Audit', 'shop')}`, 'ClusterPolicy', 'Enforce'),
    // Another of that name, which is for one namespace.
    of('b', `${audit.replace('audits', 'enforces')}`, 'Policy'),
  ].join('---\n');
  expect(lines(await judge(policies, [pod('p')]))).toEqual([
    'error a/enforces 0 stop',
    'error a/now-Enforce 0 stop',
    'error b/enforces 0 stop',
    'warning a/audits 0 stop',
    'warning b/audits 0 stop',
    'warning b/now-Audit 0 stop',
    'warning shop/b/enforces 0 stop',
  ]);
  const makes = of('c', `${audit}${enforce}`);
  expect(lines(await judge(makes, [deployment('d', 1)])).map((line) => line.slice(0, 26))).toEqual([
    'error c/autogen-enforces 0',
    'warning c/autogen-audits 0',
  ]);
});

test('policies in CEL, with their actions; a policy on pods is one on what makes them', async () => {
  const policies = [
    cel('denies', 'object.spec.replicas > 1'),
    cel('audits', 'object.spec.replicas > 1', '  validationActions: [Audit, Warn]\n'),
    cel('widgets', 'object.spec.size > 5', '', 'widgets', 'acme.example'),
    cluster('latest', 'Enforce', NO_LATEST),
    cel('unscored-cel', 'object.spec.replicas > 1').replace(
      'metadata:\n',
      'metadata:\n  annotations: { policies.kyverno.io/scored: "false" }\n',
    ),
    cluster('unscored', 'Enforce', TEAM, '  annotations: { policies.kyverno.io/scored: "false" }\n'),
  ].join('---\n');
  const widget = 'apiVersion: acme.example/v1\nkind: Widget\nmetadata: { name: w }\nspec: { size: 1 }\n';
  expect(lines(await judge(policies, [deployment('a', 1), deployment('b', 2), widget]))).toEqual([
    expect.stringMatching(/^error denies 0 denies says no$/),
    expect.stringMatching(/^error latest\/autogen-rule 0 .*\/spec\/template\/spec\/containers\/0\/image\/$/),
    expect.stringMatching(/^error latest\/autogen-rule 1 /),
    expect.stringMatching(/^error widgets 2 widgets says no$/),
    expect.stringMatching(/^warning audits 0 audits says no$/),
    expect.stringMatching(/^warning unscored-cel 0 /),
    expect.stringMatching(/^warning unscored\/autogen-rule 0 /),
    expect.stringMatching(/^warning unscored\/autogen-rule 1 /),
  ]);
});

test('exceptions in the folder hold', async () => {
  const exception = `apiVersion: kyverno.io/v2
kind: PolicyException
metadata: { name: not-a }
spec:
  exceptions: [{ policyName: team, ruleNames: [rule] }]
  match: { any: [{ resources: { kinds: [Pod], names: [a] } }] }
`;
  const policies = `${cluster('team', 'Enforce', TEAM)}---\n${exception}`;
  expect(lines(await judge(policies, [pod('a'), pod('b')]))).toEqual([expect.stringMatching(/^error team\/rule 1 /)]);
});

test("objects are in their release's namespace, and those of the cluster in none", async () => {
  const where = '{ message: "in {{ request.object.metadata.namespace || \'none\' }}", deny: {} }';
  const policies = cluster('where', 'Enforce', where).replace('[Pod]', '[Pod, ClusterRole, Namespace]');
  const own = `apiVersion: kyverno.io/v1\nkind: Policy\nmetadata: { name: own }\n${cluster('', 'Enforce', TEAM).replace(/^[\s\S]*?(?=spec:)/, '')}`;
  const other = own.replace('name: own', 'name: other, namespace: other');
  const documents = [
    pod('a'),
    pod('b', 'nginx:1', '  namespace: fixed\n'),
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: c }\n',
  ];
  expect(lines(await judge([policies, own, other].join('---\n'), documents, { namespace: 'shop' }))).toEqual([
    expect.stringMatching(/^error shop\/own\/rule 0 /),
    'error where/rule 0 in shop',
    'error where/rule 1 in fixed',
    'error where/rule 2 in none',
  ]);
});

const DEFINITION = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: zones.acme.example }
spec:
  group: acme.example
  scope: Cluster
  names: { kind: Zone, plural: zones }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;

test('custom resources of the cluster are in no namespace, and what the command can not know of them is not told', async () => {
  const on = (
    name: string,
    namespaces: string,
    validate = '{ message: stop, deny: {} }',
    kind = 'ClusterPolicy',
  ): string =>
    cluster(name, 'Enforce', validate)
      .replace('[Pod]', `["acme.example/v1/Zone"]${namespaces}`)
      .replace('kind: ClusterPolicy', `kind: ${kind}`);
  const overridden = '{ failureActionOverrides: [{ action: Audit, namespaces: [default] }], message: stop, deny: {} }';
  const policies = [
    on('every', ''),
    on('placed', ', namespaces: ["?*"]'),
    on('overridden', '', overridden),
    on('own', '', undefined, 'Policy'),
    cel('named', 'object.metadata.?namespace.orValue("") == ""', '', 'zones', 'acme.example'),
  ].join('---\n');
  const zone = 'apiVersion: acme.example/v1\nkind: Zone\nmetadata: { name: z }\n';
  const unknown =
    "can't be judged: it asks for a namespace, and kyverno's command takes this object of the cluster to be in one";
  const definitions = DEFINITION;
  expect(lines(await judge(policies, [zone], { definitions, namespace: 'default' }))).toEqual([
    'error every/rule 0 stop',
    'error overridden/rule 0 stop',
    `note named 0 ${unknown}`,
    `note placed/rule 0 ${unknown}`,
  ]);
  expect(lines(await judge(policies, [zone], { namespace: 'default' }))).toEqual([
    'error default/own/rule 0 stop',
    'error every/rule 0 stop',
    'error named 0 named says no',
    'error placed/rule 0 stop',
    'warning overridden/rule 0 stop',
  ]);
});

test('one name in several documents, as several Kubernetes versions have it; and the objects of a list', async () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n${[pod('c'), pod('d', 'nginx:latest')]
    .map((text) =>
      text
        .replace(/^/gm, '    ')
        .replace(/^ {4}a/, '  - a')
        .replace(/ +$/, ''),
    )
    .join('')}`;
  const documents = [pod('a', 'nginx:latest'), pod('a', 'web:latest'), pod('a', 'nginx:1'), list];
  const calls: Call[] = [];
  const verdict = await judge(cluster('latest', 'Audit', NO_LATEST), documents, { calls });
  const told = verdict.ok ? verdict.results.map(({ document, object }) => [document, object]) : verdict.message;
  expect(told).toEqual([
    [0, 0],
    [1, 0],
    [3, 1],
  ]);
  // One that loads the policies, and one for each time that a name is there.
  expect(calls.filter(({ args }) => args[0] === 'apply').length).toBe(4);
});

test('200 objects are judged in one call', async () => {
  const calls: Call[] = [];
  const documents = Array.from({ length: 200 }, (_, index) => pod(`pod-${index}`, index % 2 ? 'a:latest' : 'a:1'));
  const policies = `${cluster('team', 'Enforce', TEAM)}---\n${cluster('latest', 'Audit', NO_LATEST)}`;
  const verdict = await judge(policies, documents, { calls });
  const results = verdict.ok ? verdict.results : [];
  expect([results.filter(({ query }) => query === 'team/rule').length, results.length]).toEqual([200, 300]);
  expect(new Set(results.map(({ document }) => document)).size).toBe(200);
  expect(calls.map(({ args }) => args[0])).toEqual(['version', 'apply', 'apply']);
});

test('policies that the command passes over without a word are told, and the others are applied', async () => {
  const policies = [
    cluster('typo', 'Enforce', TEAM).replace('validate:', 'validates:'),
    cluster(
      'query',
      'Enforce',
      '{ message: x, deny: { conditions: { all: [{ key: "{{ nosuch( }}", operator: Equals, value: 1 }] } } }',
    ),
    'apiVersion: kyverno.io/v9\nkind: ClusterPolicy\nmetadata: { name: future }\n',
    cluster('team', 'Enforce', TEAM),
  ].join('---\n');
  const verdict = await judge(policies, [pod('a')]);
  expect(lines(verdict)).toEqual([expect.stringMatching(/^error team\/rule 0 /)]);
  expect(verdict.ok && verdict.refused.map(({ message, policy }) => [policy?.name, policy?.place, message])).toEqual([
    [
      'typo',
      { file: 'policies/a.yaml', line: 1 },
      expect.stringMatching(/^spec\.rules\[0\]\.validates: .*unknown field/),
    ],
    [undefined, undefined, expect.stringContaining('kyverno.io/v9')],
    ['query', { file: 'policies/a.yaml', line: 12 }, expect.stringMatching(/invalid JMESPath query/)],
  ]);
});

test('an expression that is no CEL is told at its policy', async () => {
  const verdict = await judge(`${cluster('team', 'Enforce', TEAM)}---\n${cel('broken', 'object.spec >')}`, [pod('a')]);
  expect(verdict).toEqual({
    ok: true,
    results: [],
    refused: [
      expect.objectContaining({
        message: expect.stringMatching(/spec\.validations\[0\]\.expression.*Syntax error/),
        policy: expect.objectContaining({ name: 'broken', place: { file: 'policies/a.yaml', line: 12 } }),
      }),
    ],
  });
});

test('what a policy would have to ask others for is an error of the rule', async () => {
  const seen: string[] = [];
  const server = createServer((request, answer) => {
    seen.push(String(request.url));
    answer.end('{"a":"b"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const asking = (name: string, call: string, action: string): string =>
    cluster(
      name,
      action,
      '{ deny: { conditions: { all: [{ key: "{{ x.a }}", operator: Equals, value: b }] } } }',
    ).replace('      validate:', `      context: [{ name: x, apiCall: ${call} }]\n      validate:`);
  const policies = [
    asking('service', `{ method: GET, service: { url: "http://127.0.0.1:${port}/rule" } }`, 'Enforce'),
    asking('audited', `{ method: GET, service: { url: "http://127.0.0.1:${port}/audited" } }`, 'Audit'),
    cel('cel', `http.Get("http://127.0.0.1:${port}/cel").a == "b"`, '', 'pods', ''),
  ].join('---\n');
  try {
    // A caller who lets policies out lets none of these.
    const environment = { FLAG_HTTP_BLOCKLIST: '192.0.2.1', FLAG_HTTP_ALLOWLIST: '' };
    expect(lines(await judge(policies, [pod('a')], { environment }))).toEqual([
      expect.stringMatching(/^error cel 0 can't be judged: .*not permitted/),
      expect.stringMatching(/^error service\/rule 0 (?:can't be judged: )?.*not permitted/),
      expect.stringMatching(/^warning audited\/rule 0 (?:can't be judged: )?.*not permitted/),
    ]);
    expect(seen).toEqual([]);
  } finally {
    server.close();
  }
});

test('it sees no secret of the environment, no login, no cluster', async () => {
  const seen = join(root, 'environment');
  script(`env > ${seen}; exec ${command} "$@"`);
  const secrets = ['GITHUB_TOKEN', 'INPUT_REGISTRY-PASSWORD', 'AWS_SECRET_ACCESS_KEY', 'KUBECONFIG', 'SOPS_AGE_KEY'];
  const environment = {
    ...Object.fromEntries(secrets.map((name) => [name, `canary-${name}`])),
    ...{ HOME: '/canary-home', DOCKER_CONFIG: '/canary-docker', HTTPS_PROXY: 'http://user:canary@127.0.0.1:9' },
    KUBERNETES_SERVICE_HOST: 'canary',
  };
  expect(lines(await judge(cluster('team', 'Enforce', TEAM), [pod('a')], { environment }))).toHaveLength(1);
  const text = readFileSync(seen, 'utf8');
  expect(text).not.toContain('canary');
  expect(text).toMatch(/^HOME=.*kyverno-/m);
});

test('a command that hangs is ended, and one that fails is told', async () => {
  script('[ "$1" = version ] || exec sleep 60');
  const started = performance.now();
  expect(lines(await judge(cluster('team', 'Enforce', TEAM), [pod('a')], { milliseconds: 700 }))).toEqual([
    'took kyverno more than 0.7 s',
  ]);
  expect(performance.now() - started).toBeLessThan(10_000);
  script('echo "Error: unknown flag: --output-format" >&2; exit 1');
  expect(lines(await judge(cluster('team', 'Enforce', TEAM), [pod('a')]))).toEqual([
    "can't be run by kyverno: unknown flag: --output-format",
  ]);
  script(`printf 'panic: oh no\\n\\ngoroutine 1 [running]:\\n' >&2; exit 2`);
  expect(lines(await judge(cluster('team', 'Enforce', TEAM), [pod('a')]))).toEqual([
    "can't be run by kyverno: panic: oh no",
  ]);
  script('kill -9 $$');
  expect(lines(await judge(cluster('team', 'Enforce', TEAM), [pod('a')]))).toEqual([
    "can't be run by kyverno: it says nothing",
  ]);
});

test('one that is too old to keep policies from servers is refused', async () => {
  script(`[ "$1" != version ] || { echo 'Version: 1.17.4'; exit; }; exec ${command} "$@"`);
  await expect(judge(cluster('team', 'Enforce', TEAM), [pod('a')])).rejects.toThrow(
    /\/bin\/kyverno is kyverno 1\.17\.4, which lets policies ask servers/,
  );
  script(`[ "$1" != version ] || { echo 'Version: 2.0.0'; exit; }; exec ${command} "$@"`);
  expect(lines(await judge(cluster('team', 'Enforce', TEAM), [pod('a')]))).toHaveLength(1);
});

test('messages of policies can forge no other results', async () => {
  const forged = JSON.stringify({
    results: [{ policy: 'x', result: 'fail', scored: true, resources: [{ uid: '0.0' }], message: 'forged' }],
  });
  const message = `::error::boo\\n---\\n${forged.replaceAll('"', '\\"')}\\n# **Markdown** <b>`;
  const verdict = await judge(cluster('hostile', 'Enforce', `{ message: "${message}", deny: {} }`), [pod('a')]);
  expect(lines(verdict)).toEqual([expect.stringMatching(/^error hostile\/rule 0 ::error::boo\n---\n\{/)]);
});

test('without the command the run ends by its name; as a plugin of kubectl it is found', async () => {
  rmSync(join(bin, 'kyverno'));
  await expect(judge(cluster('team', 'Enforce', TEAM), [pod('a')])).rejects.toThrow(
    'kyverno, which runs your own policies, is not installed: it is not in PATH',
  );
  symlinkSync(command, join(bin, 'kubectl-kyverno'));
  expect(lines(await judge(cluster('team', 'Enforce', TEAM), [pod('a')]))).toHaveLength(1);
});
