import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BUNDLE_TYPE } from '../../src/domain/attestation.ts';
import type { Location } from '../../src/domain/reference.ts';
import { readAttachment } from '../../src/stages/attachment.ts';
import { closedPort } from '../support/closed-port.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startRecordingProxy } from '../support/recording-proxy.ts';
import { type RefusingCluster, startRefusingCluster } from '../support/refusing-cluster.ts';
import { registryClient, startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { type ActionEnded, action, command, node24, type Workspace, workspace } from '../support/scenario.ts';
import { CLAIMS, type Claims, RUN, type Sigstore, startSigstore } from '../support/sigstore.ts';

/** A chart is published and attested by a workflow, and deployed only where its provenance shows that workflow. */
let registry: TestRegistry;
let sigstore: Sigstore;
/** Its certificates were made an hour ago: they had ended when anything was signed. */
let late: Sigstore;
/** Counts who comes: whoever is refused must not. */
let cluster: RefusingCluster & { readonly requests: () => number };
let temporary: string;
let space: Workspace;
let folder = 0;
let place: string;
beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'chartship-attest-'));
  const hourAgo = new Date(Date.now() - 3_600_000);
  [registry, sigstore, late] = await Promise.all([
    startTestRegistry(),
    startSigstore(),
    startSigstore({ fulcioTime: hourAgo }),
  ]);
  const refusing = await startRefusingCluster();
  const proxy = await startFaultProxy(
    new URL(JSON.parse(refusing.kubeconfig).clusters[0].cluster.server).host,
    () => undefined,
  );
  cluster = {
    kubeconfig: refusing.kubeconfig.replace(/127\.0\.0\.1:\d+/, proxy.host),
    requests: () => proxy.seen.length,
    stop: async () => {
      await proxy.stop();
      await refusing.stop();
    },
  };
});
afterAll(async () => {
  await Promise.all([registry.stop(), sigstore.stop(), late.stop(), cluster.stop()]);
  await rm(temporary, { recursive: true, force: true });
});
beforeEach(() => {
  space = workspace();
  space.chart('chart', {
    'templates/deployment.yaml': DEPLOYMENT,
    'values-prod.yaml': `image: registry.example/agent@sha256:${'d'.repeat(64)}\n`,
    'values-dev.yaml': 'image: registry.example/agent:edge\n',
  });
  space.write('kubeconfig', cluster.kubeconfig);
  space.write('root.json', sigstore.root);
  place = `oci://${registry.host}/attested-${++folder}`;
});
afterEach(() => {
  space.remove();
  sigstore.claims = CLAIMS;
});

/** What the tests change of a bundle. */
interface Bundle {
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
  verificationMaterial: {
    certificate: { rawBytes: string };
    tlogEntries: unknown[];
    timestampVerificationData?: unknown;
  };
}

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec:
      containers:
        - name: agent
          image: {{ .Values.image | quote }}
          resources: { requests: { cpu: 10m, memory: 16Mi } }
`;

const VERIFY = [
  'workflow=acme/pipelines/.github/workflows/pipeline.yml@refs/tags/v1',
  'repository=acme/task-api',
  'ref=refs/heads/main',
].join('\n');

/** The publishing job; `by` gives its identity and signs. */
const publish = (
  by: Sigstore = sigstore,
  claims: Claims = CLAIMS,
  more: Record<string, string> = {},
): Promise<ActionEnded> => {
  by.claims = claims;
  const inputs = { registry: place, attest: 'true', sigstore: by.services, ...more };
  return action(space, inputs, { environment: { ...RUN, ...by.environment } });
};

/** The deploying job. */
const deploy = (more: Record<string, string> = {}): Promise<ActionEnded> =>
  action(space, {
    chart: `${place}/demo:1.0.0`,
    deploy: 'prod',
    kubeconfig: 'kubeconfig',
    verify: VERIFY,
    'trusted-root': 'root.json',
    ...more,
  });

/** Refused before anybody asked the cluster: the one finding. */
async function refusal(more: Record<string, string> = {}): Promise<string> {
  const before = cluster.requests();
  const { code, report } = await deploy(more);
  expect(report?.findings).toMatchObject([{ stage: 'deploy', rule: 'deploy/provenance', severity: 'error' }]);
  expect([code, report?.deployments.map(({ outcome }) => outcome), cluster.requests()]).toEqual([
    1,
    ['skipped'],
    before,
  ]);
  return report?.findings[0]?.message.replace(/^oci:\S+@sha256:\w{64} is not to be deployed: /, '') ?? '';
}

const location = (): Location => ({ kind: 'registry', host: registry.host, repository: `attested-${folder}/demo` });
async function bundlesOf(
  digest: string,
): Promise<{ digest: string; annotations: Readonly<Record<string, string>>; bytes: Uint8Array }[]> {
  const client = registryClient({ temporary });
  const found = await client.attached(location(), digest, BUNDLE_TYPE);
  if (!found.ok) throw new Error(found.fault.message);
  return await Promise.all(
    found.value.map(async (one) => {
      const read = await readAttachment(location(), one.digest, client);
      if (!read.ok) throw new Error(read.fault.message);
      return { ...one, bytes: read.value };
    }),
  );
}

/** Attaches a provenance to what is published. */
async function attach(digest: string, bytes: Uint8Array): Promise<void> {
  const annotations = { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' };
  const content = { fileName: 'bundle.json', mediaType: BUNDLE_TYPE, bytes };
  const done = await registryClient({ temporary }).attach(location(), digest, {
    type: BUNDLE_TYPE,
    annotations,
    content,
  });
  if (!done.ok) throw new Error(done.fault.message);
}

test('published and attested by a workflow, deployed with its provenance verified', async () => {
  const published = await publish();
  expect([published.code, published.report?.findings]).toEqual([0, []]);
  expect(await bundlesOf(published.outputs.digest ?? '')).toHaveLength(2);
  const again = await publish();
  expect([again.code, again.report?.published[0]?.outcome]).toEqual([0, 'already-published']);
  expect(await bundlesOf(published.outputs.digest ?? '')).toHaveLength(2);

  const deployed = await deploy();
  expect(deployed.report?.deployments).toMatchObject([{ outcome: 'failed', cause: { code: 'unauthorized' } }]);
  expect(deployed.report?.findings.map(({ rule }) => rule)).toEqual(['deploy/unauthorized']);
  expect(deployed.stdout).toContain(
    `verified: ${published.outputs.reference} was published by the workflow acme/pipelines/.github/workflows/pipeline.yml@refs/tags/v1 for acme/task-api at refs/heads/main`,
  );
});

test('the bill of materials lists the images of each environment, with digests where they have them', async () => {
  const { outputs } = await publish();
  const bill = (await bundlesOf(outputs.digest ?? '')).find(({ annotations }) =>
    annotations['dev.sigstore.bundle.predicateType']?.includes('cyclonedx'),
  );
  const { dsseEnvelope } = JSON.parse(Buffer.from(bill?.bytes ?? []).toString('utf8'));
  const { predicate } = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8'));
  expect(predicate).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
  expect(predicate.serialNumber).toBeUndefined();
  const environment = (name: string) => ({ name: 'chartship:environment', value: name });
  expect(predicate.components).toMatchObject([
    { type: 'container', name: 'registry.example/agent', version: 'edge', properties: [environment('dev'), {}] },
    {
      type: 'container',
      name: 'registry.example/agent',
      version: `sha256:${'d'.repeat(64)}`,
      hashes: [{ alg: 'SHA-256', content: 'd'.repeat(64) }],
      purl: `pkg:oci/agent@sha256%3A${'d'.repeat(64)}?repository_url=registry.example%2Fagent`,
      properties: [environment('prod'), {}],
    },
  ]);
  expect(predicate.components[0]).not.toHaveProperty('hashes');
  expect(predicate.components[0]).not.toHaveProperty('purl');
});

test('no token is in what is printed or reported, nor in a summary', async () => {
  const ended = await publish(sigstore, CLAIMS, { attest: 'true' });
  const requestToken = sigstore.environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? '';
  // The one place is the command to the runner that masks it.
  const said = [
    ended.stdout.replace(/^::add-mask::.*$/gm, ''),
    ended.stderr,
    ended.summary,
    JSON.stringify(ended.report),
  ].join('\n');
  expect(sigstore.token().length).toBeGreaterThan(100);
  for (const secret of [sigstore.token(), requestToken]) expect(said).not.toContain(secret);
});

describe('what its provenance does not show is not deployed', () => {
  test('nothing is attached', async () => {
    await action(space, { registry: place });
    expect(await refusal()).toBe('no signed provenance is attached to it');
    expect(await refusal({ 'dry-run': 'true' })).toBe('no signed provenance is attached to it');
  });

  test.each<[string, Claims, string]>([
    [
      'another workflow',
      { ...CLAIMS, job_workflow_ref: 'acme/task-api/.github/workflows/evil.yml@refs/heads/main' },
      'its provenance was signed by the workflow acme/task-api/.github/workflows/evil.yml@refs/heads/main, not acme/pipelines/.github/workflows/pipeline.yml@refs/tags/v1',
    ],
    [
      'the workflow at another ref',
      { ...CLAIMS, job_workflow_ref: 'acme/pipelines/.github/workflows/pipeline.yml@refs/heads/mine' },
      'its provenance was signed by the workflow acme/pipelines/.github/workflows/pipeline.yml@refs/heads/mine, not acme/pipelines/.github/workflows/pipeline.yml@refs/tags/v1',
    ],
    [
      'another repository, through the same reusable workflow',
      { ...CLAIMS, repository: 'mallory/task-api' },
      'its provenance is of the source repository mallory/task-api, not acme/task-api',
    ],
    [
      'another branch',
      { ...CLAIMS, ref: 'refs/heads/feature' },
      'its provenance is of the source ref refs/heads/feature, not refs/heads/main',
    ],
    [
      'another issuer',
      { ...CLAIMS, iss: 'https://accounts.example' },
      'its provenance is vouched for by https://accounts.example, not https://token.actions.githubusercontent.com',
    ],
  ])('%s', async (_, claims, message) => {
    await publish(sigstore, claims);
    expect(await refusal()).toBe(message);
  });

  test('a provenance of another digest', async () => {
    const other = await publish();
    const [provenance] = await bundlesOf(other.outputs.digest ?? '').then((all) =>
      all.filter(({ annotations }) => annotations['dev.sigstore.bundle.predicateType']?.includes('provenance')),
    );
    place = `oci://${registry.host}/attested-${++folder}`;
    space.chart('chart', { 'values.yaml': 'greeting: other\n', 'templates/deployment.yaml': undefined });
    const { outputs } = await action(space, { registry: place });
    await attach(outputs.digest ?? '', provenance?.bytes ?? new Uint8Array());
    expect(await refusal()).toBe(`its provenance is about another digest, ${other.outputs.digest}`);
  });

  test.each<[string, (bundle: Bundle) => void, RegExp]>([
    [
      'its statement was changed',
      (bundle) => {
        const statement = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString('utf8').replace('acme/', 'evil/');
        bundle.dsseEnvelope.payload = Buffer.from(statement).toString('base64');
      },
      /^its provenance has no entry in a trusted log that fits it \(TLOG_BODY_ERROR: /,
    ],
    [
      'its signature was changed',
      (bundle) => {
        bundle.dsseEnvelope.signatures = [{ sig: Buffer.from('another signature').toString('base64') }];
      },
      /^its provenance has no time of signing that can be trusted \(TIMESTAMP_ERROR: /,
    ],
    [
      'its timestamps were taken out',
      (bundle) => {
        delete bundle.verificationMaterial.timestampVerificationData;
        bundle.verificationMaterial.tlogEntries = [];
      },
      /^its provenance has no time of signing that can be trusted \(/,
    ],
    [
      'its log entry was taken out',
      (bundle) => {
        bundle.verificationMaterial.tlogEntries = [];
      },
      /^its provenance has no entry in a trusted log that fits it \(/,
    ],
    [
      'it is of another type',
      (bundle) => {
        bundle.dsseEnvelope.payloadType = 'text/plain';
      },
      /^its provenance holds a text\/plain, not a statement of in-toto$/,
    ],
    [
      'its certificate is none',
      (bundle) => {
        bundle.verificationMaterial.certificate.rawBytes = 'AAAA';
      },
      /^its provenance can't be read \(/,
    ],
  ])('a bundle of which %s', async (_, tamper, message) => {
    const { outputs } = await publish();
    const digest = outputs.digest ?? '';
    const all = await bundlesOf(digest);
    const provenance = all.find(({ annotations }) =>
      annotations['dev.sigstore.bundle.predicateType']?.includes('provenance'),
    );
    const bundle = JSON.parse(Buffer.from(provenance?.bytes ?? []).toString('utf8'));
    tamper(bundle);
    // The same chart elsewhere, with that alone attached to it.
    place = `oci://${registry.host}/attested-${++folder}`;
    await action(space, { registry: place });
    await attach(digest, Buffer.from(JSON.stringify(bundle)));
    expect(await refusal()).toMatch(message);
  });

  test('what is no bundle at all', async () => {
    const { outputs } = await action(space, { registry: place });
    await attach(outputs.digest ?? '', Buffer.from('{"mediaType":"x"}'));
    expect(await refusal()).toMatch(/^its provenance is no Sigstore bundle \(/);
  });

  test('a certificate that had ended when it signed', async () => {
    await publish(late);
    space.write('root.json', late.root);
    expect(await refusal()).toMatch(
      /^its provenance has a certificate that the trusted root does not vouch for at the time of signing \(CERTIFICATE_ERROR: /,
    );
  });

  test('a certificate of an authority that is not trusted', async () => {
    await publish(sigstore, CLAIMS, { sigstore: sigstore.services.replace(/\ntsa=.*/, '') });
    space.write('root.json', late.root);
    expect(await refusal()).toMatch(
      /^its provenance has a certificate that the trusted root does not vouch for at the time of signing \(CERTIFICATE_ERROR: /,
    );
  });

  test('one strange provenance beside a good one does no harm', async () => {
    const { outputs } = await publish();
    await attach(outputs.digest ?? '', Buffer.from('{}'));
    expect((await deploy()).report?.deployments).toMatchObject([{ cause: { code: 'unauthorized' } }]);
  });
});

describe('a trusted root', () => {
  const verified = async (): Promise<void> =>
    expect((await deploy()).report?.deployments).toMatchObject([{ cause: { code: 'unauthorized' } }]);

  test('of an instance without a log, as GitHub’s own for private repositories, asks for a timestamp alone', async () => {
    const logless = await startSigstore({ isLogless: true });
    try {
      await publish(logless, CLAIMS, { sigstore: logless.services.replace(/\nrekor=.*/, '') });
      space.write('root.json', logless.root);
      await verified();
      const { timestampAuthorities: _, ...timeless } = JSON.parse(logless.root);
      space.write('root.json', JSON.stringify(timeless));
      expect(await refusal()).toMatch(/^its provenance has no time of signing that can be trusted \(/);
    } finally {
      await logless.stop();
    }
    // By a root that has a log the entry is missed.
    place = `${place}/logged`;
    space.write('root.json', sigstore.root);
    await publish(sigstore, CLAIMS, { sigstore: sigstore.services.replace(/\nrekor=.*/, '') });
    expect(await refusal()).toMatch(/^its provenance has no entry in a trusted log that fits it \(/);
  });

  test('may be one of several, a line each', async () => {
    await publish();
    space.write('root.json', `${late.root}\n${sigstore.root}\n`);
    await verified();
    space.write('root.json', `${late.root}\n${late.root}\n`);
    expect(await refusal()).toMatch(/^its provenance has no time of signing that can be trusted \(/);
    space.write('root.json', `\ufeff${sigstore.root}`);
    await verified();
    space.write('root.json', `${sigstore.root}\n{`);
    expect((await deploy()).code).toBe(2);
  });
});

test('what only says of itself that it is a provenance stands for none: it is signed', async () => {
  const { outputs } = await action(space, { registry: place });
  await attach(outputs.digest ?? '', Buffer.from('{"not":"a bundle"}'));
  const published = await publish();
  expect([published.code, published.report?.published]).toMatchObject([0, [{ outcome: 'already-published' }]]);
  expect(await bundlesOf(outputs.digest ?? '')).toHaveLength(3);
  expect((await deploy()).report?.deployments).toMatchObject([{ cause: { code: 'unauthorized' } }]);
});

test('a manifest with a second chart in it is not signed, fetched, copied or deployed, by name', async () => {
  const { outputs } = await publish();
  const at = (which: string) => `http://${registry.host}/v2/attested-${folder}/demo/manifests/${which}`;
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(at('1.0.0'), { headers: { accept: type } });
  const manifest = (await answer.json()) as { layers: object[] };
  manifest.layers.push({ ...manifest.layers[0], mediaType: 'application/tar+gzip' });
  const body = JSON.stringify(manifest);
  const put = await fetch(at('1.0.0'), { method: 'PUT', headers: { 'content-type': type }, body });
  const digest = put.headers.get('docker-content-digest') ?? '';
  expect([put.status, digest === outputs.digest]).toEqual([201, false]);

  const asked = sigstore.seen.length;
  const published = await publish();
  expect([published.code, published.report?.published]).toMatchObject([1, [{ outcome: 'refused' }]]);
  expect(published.report?.findings[0]?.message).toMatch(/ already, with several charts in one manifest$/);
  expect([sigstore.seen.length, await bundlesOf(digest)]).toEqual([asked, []]);

  const before = cluster.requests();
  for (const more of [{}, { registry: `${place}/copy`, deploy: '' }]) {
    const { code, report } = await deploy(more);
    expect([code, report?.published, cluster.requests()]).toEqual([1, [], before]);
    expect(report?.findings).toMatchObject([
      { rule: 'resolve/published', message: `${place}/demo:1.0.0 has several charts in one manifest` },
    ]);
  }
});

test('what is built and deployed by one run is verified, too', async () => {
  const both = { deploy: 'prod', kubeconfig: 'kubeconfig', verify: VERIFY, 'trusted-root': 'root.json' };
  const { report } = await publish(sigstore, CLAIMS, both);
  expect(report?.deployments).toMatchObject([{ cause: { code: 'unauthorized' } }]);
  const unsigned = await action(space, { ...both, registry: `${place}/unsigned` });
  expect(unsigned.report?.findings).toMatchObject([{ rule: 'deploy/provenance' }]);
  expect([unsigned.code, unsigned.report?.deployments]).toMatchObject([1, [{ outcome: 'skipped' }]]);
  const nowhere = await action(space, both);
  expect(nowhere.report?.findings).toMatchObject([{ rule: 'deploy/provenance' }]);
});

test('a copy takes its signatures along; what is not as expected is not copied', async () => {
  const { outputs } = await publish();
  const reference = outputs.reference ?? '';
  const verified = { chart: reference, verify: VERIFY, 'trusted-root': 'root.json' };
  const copied = await action(space, { ...verified, registry: `${place}/copy` });
  expect([copied.code, copied.report?.published]).toMatchObject([0, [{ outcome: 'pushed' }]]);
  const deployed = await deploy({ chart: copied.outputs.reference ?? '' });
  expect(deployed.report?.deployments).toMatchObject([{ cause: { code: 'unauthorized' } }]);

  const strange = await action(space, {
    ...verified,
    verify: VERIFY.replace('acme/task-api', 'acme/other'),
    registry: `${place}/other`,
  });
  expect([strange.code, strange.report?.published]).toEqual([1, []]);
  expect(strange.report?.findings).toMatchObject([{ rule: 'deploy/provenance' }]);
});

describe('the request', () => {
  const cli = (...args: string[]) => command(space, args, { node: node24 });

  test('attest without anybody to sign is exit 2, and none on a pull request', async () => {
    const { code, report } = await cli('--registry', place, '--attest', 'true');
    expect([code, report?.findings]).toMatchObject([2, [{ rule: 'request/no-identity' }]]);
    const pull = await action(
      space,
      { registry: place, attest: 'true' },
      { environment: { ...RUN, GITHUB_EVENT_NAME: 'pull_request_target' } },
    );
    expect([pull.code, pull.report?.published]).toEqual([0, []]);
    expect(pull.report?.findings.map(({ rule }) => rule)).toContain('publish/pull-request');
  });

  test('attest asks nothing of a run that publishes nothing', async () => {
    for (const more of [
      ['--plan', 'true'],
      ['--deploy', 'prod', '--dry-run', 'true', '--kubeconfig', 'kubeconfig'],
      ['--until', 'package'],
    ]) {
      const { report } = await cli('--registry', place, '--attest', 'true', ...more);
      expect(report?.findings.filter(({ rule }) => rule === 'request/no-identity') ?? []).toEqual([]);
    }
  });

  test.each([
    ['workflow=a/b/.github/workflows/c.yml@x', 'verify lacks repository and ref'],
    ['workflow=a/b/.github/workflows/c.yml\nrepository=a/b\nref=x', 'verify has a workflow without its ref'],
    ['workflw=a', 'verify has a line that is not one of workflow=…'],
    ['key=absent.pub', 'verify: the key "absent.pub" is not there'],
  ])('verify %j is exit 2', async (verify, message) => {
    const { code, report } = await deploy({ verify });
    expect(code).toBe(2);
    expect(report?.findings.map(({ message }) => message).join('\n')).toContain(message);
  });

  test('a key without cosign is exit 3, and nothing is published', async () => {
    space.write('cosign.key', 'a key');
    const { code, report } = await cli('--registry', place, '--attest', 'true', '--signing-key', 'cosign.key');
    expect([code, report?.published]).toEqual([3, []]);
    expect(report?.findings).toMatchObject([{ message: expect.stringMatching(/^cosign, .* is not installed/) }]);
  });

  test('services that are none are exit 2', async () => {
    const { code, report } = await cli('--registry', place, '--sigstore', 'fulcio=http://fulcio.example');
    expect([code, report?.findings]).toMatchObject([2, [{ rule: 'request/sigstore' }]]);
  });

  test.each([
    ['an empty file', '', 'is none: '],
    ['{}', '{}', 'is none: it has no certificate authority'],
    ['null', 'null', 'is none: it has no certificate authority'],
    ['a root that is none beside a good one', 'GOOD\n{}', 'is none: it has no certificate authority'],
    ['another file', 'apiVersion: v1\n', 'is none: '],
    ['a folder', undefined, 'is no file'],
  ])('a trusted root that is none is exit 2, before anything is asked: %s', async (_, content, message) => {
    if (content !== undefined) space.write('root.json', content.replace('GOOD', sigstore.root));
    const root = content === undefined ? 'chart' : 'root.json';
    const before = cluster.requests();
    // Nothing is published there: nobody looks.
    const { code, report } = await deploy({ 'trusted-root': root });
    expect([code, cluster.requests()]).toEqual([2, before]);
    expect(report?.findings).toMatchObject([
      { rule: 'request/trusted-root', message: expect.stringContaining(`trusted-root "${root}" ${message}`) },
    ]);
  });
});

test('a Fulcio that is down is a failed attestation by its name, and the package is there', async () => {
  const host = `127.0.0.1:${await closedPort()}`;
  const ended = await publish(sigstore, CLAIMS, { sigstore: `fulcio=http://${host}\nrekor=http://${host}` });
  expect([ended.code, ended.report?.published]).toMatchObject([1, [{ outcome: 'pushed' }]]);
  expect(ended.report?.findings).toMatchObject([
    { rule: 'publish/attestation', message: expect.stringContaining(`${host} gave no certificate`) },
  ]);
});

test('a run that is interrupted while a service says nothing ends soon, with what it published', async () => {
  sigstore.faults.set('/api/v2/signingCert', 'silence');
  sigstore.seen.length = 0;
  let pid = 0;
  const inputs = { registry: place, attest: 'true', sigstore: sigstore.services };
  const running = action(space, inputs, {
    environment: { ...RUN, ...sigstore.environment },
    started: (id) => {
      pid = id;
    },
  });
  while (!sigstore.seen.includes('/api/v2/signingCert')) await new Promise((resolve) => setTimeout(resolve, 20));
  const interrupted = performance.now();
  process.kill(pid, 'SIGTERM');
  const { code, report } = await running;
  sigstore.faults.clear();
  expect([code, report?.status, report?.published]).toMatchObject([143, 'cancelled', [{ outcome: 'pushed' }]]);
  expect(performance.now() - interrupted).toBeLessThan(7_500);
});

describe('without services or a trusted root of one’s own', () => {
  let proxy: Awaited<ReturnType<typeof startRecordingProxy>>;
  beforeAll(async () => {
    proxy = await startRecordingProxy();
  });
  afterAll(() => proxy.stop());

  test.each([
    ['public', 'fulcio.sigstore.dev'],
    ['private', 'fulcio.githubapp.com'],
    ['internal', 'fulcio.githubapp.com'],
  ])('a %s repository has its certificate from %s', async (visibility, host) => {
    sigstore.claims = { ...CLAIMS, repository_visibility: visibility };
    const ended = await action(
      space,
      { registry: place, attest: 'true' },
      { environment: { ...RUN, ...sigstore.environment, HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' } },
    );
    expect(ended.report?.findings).toMatchObject([
      { rule: 'publish/attestation', message: expect.stringContaining(`${host} gave no certificate`) },
    ]);
    expect(proxy.asked()).toEqual([`${host}:443`]);
    expect(ended.stdout).toContain(`requests go to ${host} for a signature`);
  });

  test('the trusted root is fetched by TUF; where that can’t be reached nothing is deployed, and the host is named', async () => {
    await publish();
    const before = cluster.requests();
    const inputs = { chart: `${place}/demo:1.0.0`, deploy: 'prod', kubeconfig: 'kubeconfig', verify: VERIFY };
    const { code, report } = await action(space, inputs, { environment: { HTTPS_PROXY: proxy.url } });
    expect([code, report?.findings]).toMatchObject([
      3,
      [{ message: expect.stringContaining('could not be had from tuf-repo-cdn.sigstore.dev') }],
    ]);
    expect([proxy.asked(), cluster.requests()]).toEqual([['tuf-repo-cdn.sigstore.dev:443'], before]);
  });
});
