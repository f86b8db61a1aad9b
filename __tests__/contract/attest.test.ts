import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createKeyless } from '../../src/adapters/sigstore-sign.ts';
import { createVerifying } from '../../src/adapters/sigstore-verify.ts';
import { workflowRun } from '../../src/adapters/workflow-run.ts';
import { BILL_OF_MATERIALS, BOM_TYPE, BUNDLE_TYPE, PROVENANCE } from '../../src/domain/attestation.ts';
import type { ChartContents } from '../../src/domain/chart-contents.ts';
import type { PublishOutcome } from '../../src/domain/outcome.ts';
import { type Location, parseTarget, type Target } from '../../src/domain/reference.ts';
import { readServices } from '../../src/domain/sigstore-services.ts';
import type { ChartPackage } from '../../src/domain/staged.ts';
import type { Host, Registry, Signing } from '../../src/ports.ts';
import { readAttachment } from '../../src/stages/attachment.ts';
import { attest } from '../../src/stages/attest.ts';
import { publish } from '../../src/stages/publish.ts';
import { packageOf } from '../support/archives.ts';
import { type Seen, startFaultProxy } from '../support/fault-proxy.ts';
import { startReferrersRegistry } from '../support/referrers-registry.ts';
import { registryClient, startTestRegistry } from '../support/registry.ts';
import { CLAIMS, RUN, type Sigstore, startSigstore } from '../support/sigstore.ts';
import { startTufRepository } from '../support/tuf-repository.ts';

let temporary: string;
let sigstore: Sigstore;
let withTag: Awaited<ReturnType<typeof startTestRegistry>>;
let withApi: Awaited<ReturnType<typeof startReferrersRegistry>>;
let notes: string[];
let masked: string[];
const before = { ...process.env };
beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'chartship-attest-'));
  [sigstore, withTag, withApi] = await Promise.all([startSigstore(), startTestRegistry(), startReferrersRegistry()]);
  Object.assign(process.env, sigstore.environment);
});
afterAll(async () => {
  process.env = before;
  await Promise.all([sigstore.stop(), withTag.stop(), withApi.stop()]);
  await rm(temporary, { recursive: true, force: true });
});
let place = 0;
let pkg: ChartPackage;
beforeEach(async () => {
  [notes, masked] = [[], []];
  place += 1;
  pkg = await packageOf('demo', '1.0.0');
});
afterEach(() => {
  sigstore.faults.clear();
  sigstore.claims = CLAIMS;
});

const contents: ChartContents = {
  dependencies: [
    { name: 'store', version: '2.1.0', sha256: 'b'.repeat(64), from: 'oci://registry.example/charts' },
    { name: 'local', alias: 'near', version: '0.1.0', from: 'file://../local' },
  ],
  images: new Map([
    [`ghcr.io/acme/agent:1.0@sha256:${'c'.repeat(64)}`, new Set(['prod', 'dev'])],
    ['redis:7', new Set(['dev'])],
  ]),
};

function signing(lines = sigstore.services): Signing {
  const services = readServices(lines.split('\n'));
  if (typeof services === 'string') throw new Error(services);
  const [mask, note] = [(text: string) => masked.push(text), (text: string) => notes.push(text)];
  return createKeyless({ workflow: workflowRun(RUN), services, mask, note });
}

function targetOf(text: string): Target {
  const target = parseTarget(text);
  if (target === undefined) throw new Error(`${text} is no target`);
  return target;
}

const host: Pick<Host, 'progress'> = {
  progress: (event) => void (event.kind === 'note' && notes.push(event.text)),
};

/** Publishes the package and attests it, as a run does. */
async function ship(
  texts: readonly string[],
  by: Signing = signing(),
  registry: Registry = registryClient({ temporary }),
) {
  const targets = texts.map(targetOf);
  const { outcomes } = await publish(pkg, targets, { root: temporary }, { registry });
  const options = { targets, root: temporary, toolVersion: '9.9.9' };
  return { outcomes, findings: await attest(pkg, contents, outcomes, options, { registry, signing: by, host }) };
}

async function attachedTo(location: Location, [outcome]: readonly PublishOutcome[], type: string) {
  const client = registryClient({ temporary });
  const digest = outcome?.digest ?? '';
  const found = await client.attached(location, digest, type);
  if (!found.ok) throw new Error(found.fault.message);
  return await Promise.all(
    found.value.map(async ({ digest: own, annotations }) => {
      const read = await readAttachment(location, own, client);
      return { annotations, content: read.ok ? JSON.parse(Buffer.from(read.value).toString('utf8')) : read.fault };
    }),
  );
}
const payloadOf = (bundle: {
  dsseEnvelope: { payload: string };
}): { predicateType: string; predicate: unknown; subject: unknown } =>
  JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString('utf8'));

describe.each<[string, () => [string, Location]]>([
  [
    'a registry without the referrers API',
    () => [`oci://${withTag.host}/p${place}`, { kind: 'registry', host: withTag.host, repository: `p${place}/demo` }],
  ],
  [
    'a registry with the referrers API',
    () => [`oci://${withApi.host}/p${place}`, { kind: 'registry', host: withApi.host, repository: `p${place}/demo` }],
  ],
  [
    'a layout',
    () => [`oci-layout:p ${place}`, { kind: 'layout', directory: path.join(temporary, `p ${place}`, 'demo') }],
  ],
])('in %s', (_, where) => {
  test('what is published gets its bill of materials and both signatures, once', async () => {
    const [target, location] = where();
    const { outcomes, findings } = await ship([target]);
    expect(findings).toEqual([]);
    const asked = sigstore.seen.length;
    expect(await attachedTo(location, outcomes, BOM_TYPE)).toHaveLength(1);
    const bundles = await attachedTo(location, outcomes, BUNDLE_TYPE);
    expect(bundles.map(({ annotations }) => annotations['dev.sigstore.bundle.predicateType']).sort()).toEqual(
      [BILL_OF_MATERIALS, PROVENANCE].sort(),
    );

    const again = await ship([target]);
    expect([again.outcomes[0]?.outcome, again.findings]).toEqual(['already-published', []]);
    expect(await attachedTo(location, outcomes, BOM_TYPE)).toHaveLength(1);
    expect(await attachedTo(location, outcomes, BUNDLE_TYPE)).toHaveLength(2);
    // Nobody was asked to sign anything.
    expect(sigstore.seen).toHaveLength(asked);
  });
});

describe('what only says that it is what is to be attached', () => {
  const location = (): Location => ({ kind: 'registry', host: withTag.host, repository: `p${place}/demo` });
  const attach = async (digest: string, type: string, predicateType: string, bytes: Uint8Array): Promise<void> => {
    const annotations = {
      'dev.sigstore.bundle.predicateType': predicateType,
      'dev.sigstore.bundle.content': 'dsse-envelope',
    };
    const content = { fileName: 'x.json', mediaType: type, bytes };
    expect((await registryClient({ temporary }).attach(location(), digest, { type, annotations, content })).ok).toBe(
      true,
    );
  };

  test('is not it: what is missing is signed and attached, once', async () => {
    const target = `oci://${withTag.host}/p${place}`;
    const registry = registryClient({ temporary });
    const { outcomes } = await publish(pkg, [targetOf(target)], { root: temporary }, { registry });
    const digest = outcomes[0]?.digest ?? '';
    for (const type of [PROVENANCE, BILL_OF_MATERIALS])
      await attach(digest, BUNDLE_TYPE, type, Buffer.from('{"not":"a bundle"}'));
    await attach(digest, BOM_TYPE, '', Buffer.from('{}'));
    expect((await ship([target])).findings).toEqual([]);
    const types = async () =>
      (await attachedTo(location(), outcomes, BUNDLE_TYPE)).flatMap(({ content }) =>
        content.dsseEnvelope === undefined ? [] : [payloadOf(content).predicateType],
      );
    expect((await types()).sort()).toEqual([BILL_OF_MATERIALS, PROVENANCE].sort());
    const bills = await attachedTo(location(), outcomes, BOM_TYPE);
    expect(bills.filter(({ content }) => content.bomFormat === 'CycloneDX')).toHaveLength(1);
    const asked = sigstore.seen.length;
    expect([(await ship([target])).findings, await types()]).toMatchObject([[], { length: 2 }]);
    expect(sigstore.seen).toHaveLength(asked);
  });

  test('and what is about another digest, neither', async () => {
    const [first, second] = [`oci://${withTag.host}/p${place}`, `oci://${withTag.host}/p${place}/other`];
    await ship([first]);
    const signed = await attachedTo(location(), (await ship([first])).outcomes, BUNDLE_TYPE);
    pkg = await packageOf('demo', '1.0.1');
    const registry = registryClient({ temporary });
    const { outcomes } = await publish(pkg, [targetOf(first)], { root: temporary }, { registry });
    for (const { content } of signed)
      await attach(
        outcomes[0]?.digest ?? '',
        BUNDLE_TYPE,
        payloadOf(content).predicateType,
        Buffer.from(JSON.stringify(content)),
      );
    const asked = sigstore.seen.length;
    expect((await ship([first, second])).findings).toEqual([]);
    expect(sigstore.seen.length).toBeGreaterThan(asked);
    expect(await attachedTo(location(), outcomes, BUNDLE_TYPE)).toHaveLength(4);
  });

  test('what can’t be read now is a failure, and nothing is signed for it', async () => {
    const { outcomes } = await ship([`oci://${withTag.host}/p${place}`]);
    const [bill] = await attachedTo(location(), outcomes, BOM_TYPE);
    expect(bill).toBeDefined();
    const asked = sigstore.seen.length;
    const proxy = await startFaultProxy(withTag.host, ({ method, path: url }) =>
      method !== 'PUT' && /\/blobs\//.test(url) ? { kind: 'answer', status: 403 } : undefined,
    );
    try {
      const { findings } = await ship([`oci://${proxy.host}/p${place}`]);
      expect(findings).toMatchObject([
        { rule: 'publish/attestation', message: expect.stringContaining('refuses access') },
      ]);
      expect(sigstore.seen).toHaveLength(asked);
    } finally {
      await proxy.stop();
    }
  });
});

test('the provenance says which workflow made the digest, from what', async () => {
  const { outcomes } = await ship([`oci://${withTag.host}/p${place}`]);
  const location: Location = { kind: 'registry', host: withTag.host, repository: `p${place}/demo` };
  const bundles = await attachedTo(location, outcomes, BUNDLE_TYPE);
  const statements = bundles.map(({ content }) => payloadOf(content));
  const sha256 = outcomes[0]?.digest?.slice('sha256:'.length);
  expect(statements.map(({ subject }) => subject)).toEqual([
    [{ name: 'demo', digest: { sha256 } }],
    [{ name: 'demo', digest: { sha256 } }],
  ]);
  expect(statements.find(({ predicateType }) => predicateType === PROVENANCE)?.predicate).toEqual({
    buildDefinition: {
      buildType: 'https://actions.github.io/buildtypes/workflow/v1',
      externalParameters: {
        workflow: {
          ref: 'refs/heads/main',
          repository: 'https://github.com/acme/task-api',
          path: '.github/workflows/ship.yml',
        },
      },
      internalParameters: {
        github: {
          event_name: 'push',
          repository_id: '1001',
          repository_owner_id: '2002',
          runner_environment: 'github-hosted',
        },
      },
      resolvedDependencies: [
        { uri: 'git+https://github.com/acme/task-api@refs/heads/main', digest: { gitCommit: 'a'.repeat(40) } },
        { name: 'store', digest: { sha256: 'b'.repeat(64) }, uri: 'oci://registry.example/charts' },
      ],
    },
    runDetails: {
      builder: {
        id: 'https://github.com/acme/pipelines/.github/workflows/pipeline.yml@refs/tags/v1',
        version: { chartship: '9.9.9' },
      },
      metadata: { invocationId: 'https://github.com/acme/task-api/actions/runs/77/attempts/2' },
    },
  });
  const bill = await attachedTo(location, outcomes, BOM_TYPE);
  expect(statements.find(({ predicateType }) => predicateType === BILL_OF_MATERIALS)?.predicate).toEqual(
    bill[0]?.content,
  );
});

test('what was signed is verified by the trusted root, given or fetched by TUF, and shows who signed', async () => {
  const { outcomes } = await ship([`oci://${withTag.host}/p${place}`]);
  const location: Location = { kind: 'registry', host: withTag.host, repository: `p${place}/demo` };
  const [trustedRoot, keys] = [path.join(temporary, 'root.json'), path.join(temporary, 'keys.json')];
  const updates = await startTufRepository();
  updates.show({ version: 1, target: sigstore.root });
  await Promise.all([writeFile(trustedRoot, sigstore.root), writeFile(keys, updates.keys)]);
  const options = { key: undefined, temporary, cache: temporary, note: () => {} };
  const given = createVerifying({ ...options, trustedRoot });
  const fetched = createVerifying({ ...options, trustedRoot: undefined, repository: { url: updates.url, keys } });
  const contents = (await attachedTo(location, outcomes, BUNDLE_TYPE)).map(({ content }) => JSON.stringify(content));
  expect(contents).toHaveLength(2);
  const all = [given, fetched].flatMap((verifying) =>
    contents.map(async (content) => await verifying.verify(Buffer.from(content))),
  );
  for (const verified of await Promise.all(all)) {
    expect(verified).toMatchObject({
      ok: true,
      signer: {
        kind: 'workflow',
        issuer: 'https://token.actions.githubusercontent.com',
        workflow: 'https://github.com/acme/pipelines/.github/workflows/pipeline.yml@refs/tags/v1',
        repository: 'https://github.com/acme/task-api',
        ref: 'refs/heads/main',
      },
    });
  }
  // Fetched once in a run.
  expect(updates.seen.filter((each) => each === 'timestamp.json')).toHaveLength(1);
  await updates.stop();
});

test('what the public instance did not sign is told with what to give for a private repository', async () => {
  const { outcomes } = await ship([`oci://${withTag.host}/p${place}`]);
  const location: Location = { kind: 'registry', host: withTag.host, repository: `p${place}/demo` };
  const [other, updates] = await Promise.all([startSigstore(), startTufRepository()]);
  const [trustedRoot, keys] = [path.join(temporary, 'other.json'), path.join(temporary, 'keys.json')];
  updates.show({ version: 1, target: other.root });
  await Promise.all([writeFile(trustedRoot, other.root), writeFile(keys, updates.keys)]);
  const options = { key: undefined, temporary: path.join(temporary, 'o'), cache: temporary, note: () => {} };
  const fetched = createVerifying({ ...options, trustedRoot: undefined, repository: { url: updates.url, keys } });
  const given = createVerifying({ ...options, trustedRoot });
  const [one] = await attachedTo(location, outcomes, BUNDLE_TYPE);
  const messages = [fetched, given].map(async (verifying) => {
    const verified = await verifying.verify(Buffer.from(JSON.stringify(one?.content)));
    return verified.ok ? 'verified' : verified.message;
  });
  const advice = "by the root of Sigstore's public instance; for a repository that is not public give trusted-root";
  const found = await Promise.all(messages);
  await Promise.all([other.stop(), updates.stop()]);
  expect(found).toEqual([expect.stringContaining(advice), expect.not.stringContaining(advice)]);
  expect(found[1]).toMatch(/^has no time of signing that can be trusted \(TIMESTAMP_ERROR: /);
});

test('the services are named, and the token is masked before it is used, and in no argument', async () => {
  const registry = registryClient({ temporary });
  await ship([`oci://${withTag.host}/p${place}`], signing(), registry);
  expect(registry.calls.some(({ args }) => args[0] === 'attach')).toBe(true);
  expect(JSON.stringify(registry.calls)).not.toContain(sigstore.token());
  const service = new URL(sigstore.environment.ACTIONS_ID_TOKEN_REQUEST_URL ?? '').host;
  const attached = (what: string) =>
    expect.stringMatching(new RegExp(`^attached to oci://\\S+/demo@sha256:\\w{64}: its ${what}$`));
  expect(notes).toEqual([
    attached('bill of materials'),
    `requests go to ${service} for a signature`,
    attached('signed provenance'),
    attached('signed bill of materials'),
  ]);
  expect(masked).toContain(sigstore.token());
});

test('what one registry has is taken to another: one digest is signed once', async () => {
  const [first, second] = [`oci://${withTag.host}/p${place}`, `oci://${withApi.host}/p${place}`];
  const { outcomes } = await ship([first]);
  const asked = sigstore.seen.length;
  const { findings } = await ship([first, second]);
  expect([findings, sigstore.seen.length]).toEqual([[], asked]);
  const there: Location = { kind: 'registry', host: withTag.host, repository: `p${place}/demo` };
  const here: Location = { kind: 'registry', host: withApi.host, repository: `p${place}/demo` };
  const contentsOf = async (location: Location) =>
    (await attachedTo(location, outcomes, BUNDLE_TYPE)).map(({ content }) => JSON.stringify(content)).sort();
  expect(await contentsOf(here)).toEqual(await contentsOf(there));
});

describe('what cannot be signed is a failure with its cause, which the next run mends', () => {
  test.each([
    ['/token', 403, /the runner gave no identity to sign with$/],
    ['/api/v2/signingCert', 500, /: 127\.0\.0\.1:\d+ gave no certificate: .*500/],
    ['/api/v1/log/entries', 503, /: 127\.0\.0\.1:\d+ took no entry into its log: .*503/],
    ['/api/v1/timestamp', 400, /: 127\.0\.0\.1:\d+ gave no timestamp: .*400/],
  ])(
    '%s answers %i',
    async (where, status, message) => {
      const target = `oci://${withTag.host}/p${place}`;
      sigstore.faults.set(where, status);
      const { outcomes, findings } = await ship([target]);
      expect(outcomes).toMatchObject([{ outcome: 'pushed' }]);
      expect(findings).toMatchObject([{ rule: 'publish/attestation', severity: 'error' }]);
      expect(findings[0]?.message).toMatch(
        /^demo 1\.0\.0 is in oci:.* as sha256:\w{64}, but without its signed provenance: /,
      );
      expect(findings[0]?.message).toMatch(message);
      expect(JSON.stringify(findings)).not.toContain(sigstore.token() || 'no token yet');
      sigstore.faults.clear();
      expect((await ship([target])).findings).toEqual([]);
    },
    120_000,
  );

  test('a list of what is attached that may not be written', async () => {
    const isList = ({ method, path: url }: Seen): boolean => method === 'PUT' && /manifests\/sha256-/.test(url);
    const proxy = await startFaultProxy(withTag.host, (seen) =>
      isList(seen) ? { kind: 'answer', status: 403 } : undefined,
    );
    try {
      const { findings } = await ship([`oci://${proxy.host}/p${place}`]);
      expect(findings).toMatchObject([{ message: expect.stringContaining('but without its bill of materials: ') }]);
    } finally {
      await proxy.stop();
    }
  });
});

test('the bill of materials is the same, whenever and wherever it is made', async () => {
  const first = await ship([`oci://${withTag.host}/p${place}`]);
  const second = await ship([`oci-layout:p ${place}`]);
  const here = await attachedTo(
    { kind: 'registry', host: withTag.host, repository: `p${place}/demo` },
    first.outcomes,
    BOM_TYPE,
  );
  const there = await attachedTo(
    { kind: 'layout', directory: path.join(temporary, `p ${place}`, 'demo') },
    second.outcomes,
    BOM_TYPE,
  );
  expect(JSON.stringify(there.map(({ content }) => content))).toBe(JSON.stringify(here.map(({ content }) => content)));
});
