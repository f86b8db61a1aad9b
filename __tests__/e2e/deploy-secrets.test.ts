import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CANARY, shownLog, tracesBelow, tracesIn } from '../support/canary.ts';
import { type Cluster, clusterCommand, startCluster } from '../support/cluster.ts';
import { type Sampler, sampleTree } from '../support/process-tree.ts';
import { runnerCommands } from '../support/runner-commands.ts';
import { type ActionEnded, action, type Workspace, workspace } from '../support/scenario.ts';
import { testPod, webChart } from '../support/web-chart.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { isPossible: kindIsPossible } = await import('../../scripts/cluster/kind.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG && !kindIsPossible();

/** By secret-values, through the chart into its Secret. */
const GIVEN = `${CANARY}-p@:/%#x '"\\&<é>${CANARY}`;
/** In a Secret that was there before. */
const FOUND = `${CANARY} {"of":"the cluster"}\n${CANARY}+second/line==`;

/** Prints what it got, as programs do that say too much. */
const CHATTY = String.raw`
echo '::set-output name=a::b'; echo '  ##[error]red'; printf '\033[31mred\033[0m\033]0;title\007\n'
echo '<img src=x> [a](http://b) @octocat **bold**'
printf 'given %s\n' "$GIVEN"; printf 'found %s\n' "$FOUND"
printf '%s' "$GIVEN" | base64; printf 'user:%s@host' "$FOUND" | base64 -w0; echo
perl -e '
  for (@ENV{qw(GIVEN FOUND)}) {
    (my $url = $_) =~ s/([^A-Za-z0-9._~-])/sprintf "%%%02X", ord $1/ge; print "url $url\n";
    (my $json = $_) =~ s/(["\\])/\\$1/g; $json =~ s/\n/\\n/g; print "{\"password\":\"$json\"}\n";
  }'
`;
const HOSTILE = ['::set-output name=a::b', '##[error]red', '\u001b[31mred', '<img src=x>', '@octocat'];

const CHART = {
  ...webChart(),
  'templates/configmap.yaml': undefined,
  'values.yaml': `${webChart()['values.yaml']}secret: { given: none }\n`,
  'templates/secret.yaml':
    'apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}-given\nstringData: { given: {{ .Values.secret.given | quote }} }\n',
};
const ENVIRONMENT = `  env:
    - { name: GIVEN, valueFrom: { secretKeyRef: { name: web-given, key: given } } }
    - { name: FOUND, valueFrom: { secretKeyRef: { name: found, key: found } } }
`;

interface Case {
  readonly name: string;
  readonly values: string;
  readonly chart?: Record<string, string>;
  readonly code: string;
}

const CASES: readonly Case[] = [
  {
    name: 'the log of a crashing container',
    values: `command: ${JSON.stringify(['sh', '-c', `${CHATTY}; exit 3`])}\ncontainer:\n${ENVIRONMENT}`,
    code: 'crash-loop',
  },
  {
    name: 'what a probe says, in an event',
    values: `readiness:\n  exec: { command: ${JSON.stringify(['sh', '-c', `${CHATTY}; exit 1`])} }\ncontainer:\n${ENVIRONMENT}`,
    code: 'not-ready',
  },
  {
    // What is shown of it ends within the secret.
    name: 'the cut end of what a probe says',
    values: `readiness:\n  exec: { command: ${JSON.stringify(['sh', '-c', `echo '::set-output name=a::b'; printf 'given %s %0320d %s' "$GIVEN" 0 "$GIVEN"; exit 1`])} }\ncontainer:\n${ENVIRONMENT}`,
    code: 'not-ready',
  },
  {
    name: 'the log of a test',
    values: `container:\n${ENVIRONMENT}`,
    chart: {
      'templates/test.yaml': `${testPod(`${CHATTY}; exit 1`)}${ENVIRONMENT.replace(/^/gm, '    ')}`.replace(
        /\n +$/,
        '\n',
      ),
    },
    code: 'test-failed',
  },
];

(isOurs ? describe : describe.skip)('what a deployment says of foreign texts', () => {
  let cluster: Cluster;
  let folder: string;
  let space: Workspace;
  let kubeconfig: string;
  let token: string;

  beforeAll(async () => {
    await clusterCommand('prepare');
    cluster = await startCluster('e2e-secrets', 1);
    folder = mkdtempSync(join(tmpdir(), 'chartship-e2e-secrets-'));
    await cluster.kubectl('create', 'serviceaccount', 'deployer');
    await cluster.kubectl(
      'create',
      'clusterrolebinding',
      'deployer',
      '--clusterrole=cluster-admin',
      '--serviceaccount=default:deployer',
    );
    token = (await cluster.kubectl('create', 'token', 'deployer')).trim();
    const shown = JSON.parse(await cluster.kubectl('config', 'view', '--raw', '--output=json'));
    kubeconfig = JSON.stringify({
      ...shown,
      users: shown.users.map(({ name }: { name: string }) => ({ name, user: { token } })),
    });
  }, 900_000);
  afterAll(async () => {
    await cluster?.down();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function run(name: string, values: string, chart: Record<string, string> = {}) {
    const namespace = name.replace(/[^a-z]+/g, '-');
    await cluster.kubectl('create', 'namespace', namespace);
    const file = join(folder, 'found');
    writeFileSync(file, FOUND);
    await cluster.kubectl(
      'create',
      'secret',
      'generic',
      'found',
      '--namespace',
      namespace,
      `--from-file=found=${file}`,
    );
    space = workspace();
    space.chart('chart', { ...CHART, ...chart, 'values-prod.yaml': values });
    let sampler: Sampler | undefined;
    const ended: ActionEnded = await action(
      space,
      {
        chart: 'chart',
        deploy: 'prod',
        namespace,
        release: 'web',
        kubeconfig,
        timeout: '20s',
        'secret-values': JSON.stringify({ secret: { given: GIVEN } }),
      },
      {
        limit: 200_000,
        started: (pid) => {
          sampler = sampleTree(pid);
        },
      },
    );
    sampler?.stop();
    const children = (sampler?.seen ?? []).map(({ command, environment }) => `${command}\n${environment}`).join('\n');
    return { ended, children, report: join(space.root, 'chartship-report') };
  }

  test.each(CASES.map((each) => [each.name, each] as const))(
    '%s: no secret is told, and nothing of it acts',
    async (name, { values, chart, code }) => {
      const { ended, children, report } = await run(name, values, chart);
      try {
        const { stdout, stderr, summary, outputs } = ended;
        expect(ended.report?.deployments[0]).toMatchObject({ outcome: 'removed', cause: { code } });
        // What was printed is there, and what was secret in it is not.
        const kept = readFileSync(join(report, 'report.json'), 'utf8');
        expect(kept).toMatch(/given \*\*\*/);
        for (const [where, text] of Object.entries({
          log: shownLog(stdout),
          stderr,
          summary,
          outputs: JSON.stringify(outputs),
          children,
        }))
          expect({ where, traces: tracesIn(text) }).toEqual({ where, traces: [] });
        expect(tracesBelow(report)).toEqual({});
        for (const [where, text] of Object.entries({ log: shownLog(stdout), stderr, summary, children, kept }))
          expect({ where, has: text.includes(token) }).toEqual({ where, has: false });
        // The texts are foreign: none is a command to the runner, a control sequence, or markup.
        expect(kept).toContain('set-output name=a');
        const names = runnerCommands(stdout).map((command) => command.name);
        expect(names).not.toContain('set-output');
        expect(runnerCommands(stdout).filter((command) => command.name === 'error' && command.data === 'red')).toEqual(
          [],
        );
        expect(stdout).not.toMatch(/\u001b\[31mred|\u001b\]0;|\u0007/);
        const prose = summary.replace(/^(`{3,})\w*\n[\s\S]*?\n\1$/gm, '');
        for (const hostile of HOSTILE) expect(prose).not.toContain(hostile);
      } finally {
        space.remove();
      }
    },
    240_000,
  );

  test('a deployment that goes well is as silent', async () => {
    const { ended, children, report } = await run('all well', `container:\n${ENVIRONMENT}`, {
      'templates/test.yaml': `${testPod(CHATTY)}${ENVIRONMENT.replace(/^/gm, '    ')}`.replace(/\n +$/, '\n'),
    });
    try {
      expect(ended.report?.deployments[0]).toMatchObject({
        outcome: 'deployed',
        tests: [{ outcome: 'passed', log: expect.stringContaining('given ***') }],
      });
      for (const text of [shownLog(ended.stdout), ended.stderr, ended.summary, children])
        expect(tracesIn(text)).toEqual([]);
      expect(tracesBelow(report)).toEqual({});
    } finally {
      space.remove();
    }
  }, 240_000);
});
