import type { Comparison } from '../../src/domain/comparison.ts';
import type { DeploymentOutcome } from '../../src/domain/deployment.ts';
import type { Finding } from '../../src/domain/finding.ts';
import type { PackageOutcome, PublishOutcome, Report } from '../../src/domain/outcome.ts';
import type { StageName, StageRun } from '../../src/domain/stage.ts';

const SHA256 = '0123456789abcdef'.repeat(4);
const DIGEST = `sha256:${'fedcba9876543210'.repeat(4)}`;

/** A report of which only what matters is given. */
export function reportOf(parts: Partial<Report>): Report {
  return {
    version: 1,
    status: 'passed',
    stages: [],
    findings: [],
    packages: [],
    published: [],
    deployments: [],
    ...parts,
  };
}

export function runOf(name: StageName, status: StageRun['status'], where: Partial<StageRun> = {}): StageRun {
  return { name, chart: 'task-api', status, seconds: status === 'skipped' ? 0 : 0.08, ...where };
}

const PACKAGE: PackageOutcome = { chart: 'task-api', version: '1.0.0', file: 'task-api-1.0.0.tgz', sha256: SHA256 };

function published(registry: string, outcome: PublishOutcome['outcome']): PublishOutcome {
  const known = outcome === 'failed' ? {} : { reference: `${registry}/task-api@${DIGEST}`, digest: DIGEST };
  return { chart: 'task-api', version: '1.0.0', registry, outcome, ...known };
}

/** Everything before publishing, for three environments. */
function checked(broken?: string): StageRun[] {
  const environments = ['dev', 'staging', 'prod'];
  const of = (environment: string): StageRun['status'] => (environment === broken ? 'failed' : 'passed');
  return [
    runOf('resolve', 'passed', { seconds: 0.31 }),
    ...environments.map((environment) => runOf('lint', 'passed', { environment })),
    ...environments.map((environment) => runOf('render', 'passed', { environment, kubeVersion: '1.35' })),
    ...environments.map((environment) => runOf('validate', of(environment), { environment })),
    runOf('package', 'passed'),
  ];
}

const FINDINGS: Finding[] = [
  {
    stage: 'validate',
    rule: 'validate/values-schema',
    severity: 'error',
    message: 'replicas: got string, want integer',
    hint: 'Write the number without quotes.',
    chart: 'task-api',
    file: 'chart/values-prod.yaml',
    line: 8,
    column: 15,
    environments: ['prod'],
    path: '/replicas',
  },
  {
    stage: 'lint',
    rule: 'lint/deprecated-api',
    severity: 'warning',
    message: 'extensions/v1beta1 Ingress is deprecated\nuse networking.k8s.io/v1',
    chart: 'task-api',
    file: 'chart/templates/ingress.yaml',
    environments: ['staging', 'prod'],
    kubeVersions: ['1.34', '1.35'],
    resource: 'extensions/v1beta1/Ingress/task-api',
  },
  { stage: 'resolve', rule: 'resolve/no-lock', severity: 'note', message: 'there is no Chart.lock', chart: 'task-api' },
];

const REFUSED: Finding = {
  stage: 'publish',
  rule: 'publish/refused',
  severity: 'error',
  message: 'task-api 1.0.0 is at oci://ghcr.io/acme/charts with other content: templates/deployment.yaml, values.yaml',
  hint: 'Raise the version in Chart.yaml.',
  chart: 'task-api',
  file: 'chart/Chart.yaml',
  line: 5,
  column: 10,
};

const UNKNOWN_INPUT: Finding = {
  stage: 'request',
  rule: 'request/unknown-input',
  severity: 'error',
  message: 'unknown input "enviroments"',
  hint: 'Did you mean "environments"?',
};

function deployment(environment: string, parts: Partial<DeploymentOutcome>): DeploymentOutcome {
  return {
    chart: 'task-api',
    environment,
    namespace: environment,
    release: `agent-${environment}`,
    reference: `oci://ghcr.io/acme/charts/task-api@${DIGEST}`,
    outcome: 'deployed',
    cause: null,
    tests: [{ name: `agent-${environment}-connection-test`, outcome: 'passed', log: 'PostgreSQL: ok\nRedis: ok' }],
    ...parts,
  };
}

const CRASHED: DeploymentOutcome = deployment('prod', {
  revision: 3,
  outcome: 'rolled-back',
  cause: {
    code: 'image-pull',
    resource: 'Pod/agent-prod-6f7c8d-x2x4z',
    message: 'the image my-company/task-api:9.9 of container agent does not exist in its registry',
    hint: 'Check repository and tag, and that the image was pushed before the deployment.',
    file: 'chart/values-prod.yaml',
    line: 8,
  },
  tests: [],
});

/** As the deploy stage tells it: the face that shows the deployment shows it there. */
function causeFinding(one: DeploymentOutcome): Finding {
  const { code = 'other', message = '', log: _log, ...rest } = one.cause ?? {};
  return {
    stage: code === 'test-failed' ? 'test' : 'deploy',
    rule: `deploy/${code}`,
    severity: 'error',
    message: `${one.release}: ${message}; the last healthy revision is live again`,
    ...rest,
    chart: one.chart,
    environments: [one.environment],
  };
}

const UNTESTED: DeploymentOutcome = deployment('staging', {
  outcome: 'removed',
  cause: {
    code: 'test-failed',
    resource: 'Pod/agent-staging-connection-test',
    message: 'the test agent-staging-connection-test failed: container test ended with exit code 1',
    log: 'Traceback (most recent call last):\n  File "/test.py", line 9, in <module>\n    check(redis)\nConnectionError: refused',
  },
  tests: [
    { name: 'agent-staging-smoke-test', outcome: 'passed', log: 'ok' },
    {
      name: 'agent-staging-connection-test',
      outcome: 'failed',
      log: 'Traceback (most recent call last):\n  File "/test.py", line 9, in <module>\n    check(redis)\nConnectionError: refused',
    },
    { name: 'agent-staging-last-test', outcome: 'skipped', log: '' },
  ],
});

const COMPARED: Comparison = {
  chart: 'task-api',
  environment: 'prod',
  against: { version: '1.0.0', reference: `oci://ghcr.io/acme/charts/task-api@${DIGEST}` },
  dangers: [
    { kind: 'volume', object: 'PersistentVolumeClaim/agent-data', message: 'is deleted, and what it holds with it' },
    { kind: 'no-replicas', object: 'Deployment/agent-prod', message: 'replicas go from 3 to 0' },
  ],
  images: [{ object: 'Deployment/agent-prod', container: 'agent', from: 'acme/agent:1.0.0', to: 'acme/agent:1.1.0' }],
  objects: [
    {
      kind: 'changed',
      object: 'Deployment/agent-prod',
      changes: [
        'spec.template.spec.containers[agent].image: acme/agent:1.0.0 → acme/agent:1.1.0',
        'spec.replicas: 3 → 0',
      ],
    },
    { kind: 'changed', object: 'Secret/agent-prod', changes: ['its content'] },
    { kind: 'added', object: 'NetworkPolicy/agent-prod', changes: [] },
    { kind: 'removed', object: 'PersistentVolumeClaim/agent-data', changes: [] },
  ],
};

/** One of each kind of ending; every face has a snapshot of each. */
export const SAMPLES = {
  good: reportOf({
    stages: [...checked(), runOf('publish', 'passed', { seconds: 0.42 })],
    packages: [PACKAGE],
    published: [
      published('oci://ghcr.io/acme/charts', 'pushed'),
      published('oci://127.0.0.1:5000/charts', 'already-published'),
      published('oci-layout:.ship/layout', 'pushed'),
    ],
  }),
  released: reportOf({
    packages: [PACKAGE],
    published: [published('oci://ghcr.io/acme/charts', 'pushed')],
    release: {
      tag: 'v1.0.0',
      url: 'https://github.com/acme/charts/releases/tag/v1.0.0',
      outcome: 'published',
      assets: ['task-api-1.0.0.tgz', 'chartship-report.json'],
    },
  }),
  findings: reportOf({
    status: 'failed',
    stages: [...checked('prod'), runOf('publish', 'skipped')],
    findings: FINDINGS,
    packages: [PACKAGE],
  }),
  refused: reportOf({
    status: 'failed',
    stages: [...checked(), runOf('publish', 'failed')],
    findings: [REFUSED],
    packages: [PACKAGE],
    published: [published('oci://ghcr.io/acme/charts', 'refused'), published('oci://127.0.0.1:5999/charts', 'failed')],
  }),
  deployed: reportOf({
    stages: [
      runOf('deploy', 'passed', { environment: 'dev', seconds: 16.2 }),
      runOf('test', 'passed', { environment: 'dev', seconds: 3.1 }),
      runOf('deploy', 'passed', { environment: 'prod', seconds: 0.6 }),
    ],
    deployments: [
      deployment('dev', { revision: 4 }),
      deployment('prod', { revision: 2, outcome: 'unchanged', namespace: 'production' }),
    ],
  }),
  undeployed: reportOf({
    status: 'failed',
    stages: [
      runOf('deploy', 'passed', { environment: 'staging', seconds: 12 }),
      runOf('test', 'failed', { environment: 'staging', seconds: 4 }),
      runOf('deploy', 'failed', { environment: 'prod', seconds: 15.5 }),
      runOf('deploy', 'skipped', { environment: 'last' }),
    ],
    findings: [causeFinding(UNTESTED), causeFinding(CRASHED)],
    deployments: [
      deployment('dev', { revision: 1 }),
      UNTESTED,
      CRASHED,
      deployment('last', { outcome: 'skipped', tests: [] }),
    ],
  }),
  proposed: reportOf({
    stages: checked(),
    packages: [PACKAGE],
    comparisons: [
      {
        chart: 'task-api',
        environment: 'dev',
        ...(COMPARED.against && { against: COMPARED.against }),
        dangers: [],
        images: [],
        objects: [],
      },
      COMPARED,
      {
        chart: 'task-api',
        environment: 'staging',
        reason: 'no release of task-api is published yet',
        dangers: [],
        images: [],
        objects: [],
      },
    ],
  }),
  invalid: reportOf({ status: 'invalid', findings: [UNKNOWN_INPUT] }),
  cancelled: reportOf({
    status: 'cancelled',
    stages: [runOf('resolve', 'passed'), runOf('lint', 'cancelled', { environment: 'dev' })],
  }),
  empty: reportOf({}),
} as const satisfies Record<string, Report>;

/** Text that tries to be a command of the runner, a steering of the terminal, Markdown, HTML, a mention or a link. */
export const HOSTILE = [
  '::error::x',
  '  ::warning::x',
  '\u3000::add-mask::x',
  'mid ##[add-mask]x line',
  '%0A::set-output name=a::b',
  'a\r::stop-commands::b',
  'a\u0085::debug::c',
  '\u001b[2K\u001b[1;31mred\u001b]0;title\u0007\u009b31m',
  ':\u0000:error::split by a NUL',
  '| a | b |\n| --- | --- |\n| `c` | d |',
  '```\n# heading\n```',
  '</code></pre><img src=x onerror=alert(1)>',
  '@team and someone@example.com #1 GH-2',
  '[link](https://evil.example) https://evil.example www.evil.example ![x](http://evil.example/x.png)',
  '\u202etxt.exe\u200b\ufeff \ud800',
  ']]> <!-- -->',
  "'; rm -rf $HOME; echo '`id`$(id)",
  'x'.repeat(20_000),
] as const;

/** Every free text of a report is each of the hostile ones. */
export function hostileReport(): Report {
  return reportOf({
    status: 'failed',
    stages: HOSTILE.map((text) => runOf('lint', 'failed', { chart: text, environment: text, kubeVersion: text })),
    findings: HOSTILE.map((text, index) => ({
      stage: 'lint',
      rule: 'lint/helm',
      severity: (['error', 'warning', 'note'] as const)[index % 3] ?? 'error',
      message: text,
      hint: text,
      chart: text,
      file: text,
      line: 1,
      column: 2,
      environments: [text],
      kubeVersions: [text],
      resource: text,
      path: text,
    })),
    packages: HOSTILE.map((text) => ({ chart: text, version: text, file: text, sha256: SHA256 })),
    published: HOSTILE.map((text) => ({
      chart: text,
      version: text,
      registry: text,
      reference: `${text}@${DIGEST}`,
      digest: DIGEST,
      outcome: 'pushed',
    })),
    deployments: HOSTILE.map((text) => ({
      chart: text,
      environment: text,
      namespace: text,
      release: text,
      revision: 1,
      reference: `${text}@${DIGEST}`,
      outcome: 'failed',
      cause: { code: 'crash-loop', resource: text, message: text, hint: text, file: text, line: 1, log: text },
      tests: [{ name: text, outcome: 'failed', log: `${text} of a test` }],
    })),
    release: { tag: HOSTILE.join(' '), url: HOSTILE.join(' '), outcome: 'failed', assets: HOSTILE },
    comparisons: HOSTILE.flatMap((text) => [
      { chart: text, environment: text, reason: text, dangers: [], images: [], objects: [] },
      {
        chart: text,
        environment: text,
        against: { version: text, reference: `${text}@${DIGEST}` },
        dangers: [{ kind: 'deletion', object: text, message: text }],
        images: [{ object: text, container: text, from: text, to: text }],
        objects: (['added', 'removed', 'changed'] as const).map((kind) => ({ kind, object: text, changes: [text] })),
      },
    ]),
  });
}
