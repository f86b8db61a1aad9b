import { describe, expect, test } from '@jest/globals';
import { hasIdentity, workflowRun } from '../../src/adapters/workflow-run.ts';
import {
  BILL_OF_MATERIALS,
  isBillOfMaterials,
  isSignedStatement,
  PROVENANCE,
  provenanceOf,
  statementOf,
} from '../../src/domain/attestation.ts';
import { readServices } from '../../src/domain/sigstore-services.ts';
import { RUN } from '../support/sigstore.ts';

test('a statement is about one digest', () => {
  expect(JSON.parse(statementOf('demo', `sha256:${'a'.repeat(64)}`, PROVENANCE, { x: 1 }))).toEqual({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'demo', digest: { sha256: 'a'.repeat(64) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: { x: 1 },
  });
});

describe('a signed statement', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { certificate: { rawBytes: 'MII=' } },
    dsseEnvelope: {
      payloadType: 'application/vnd.in-toto+json',
      payload: Buffer.from(statementOf('tüp', digest, PROVENANCE, {})).toString('base64'),
      signatures: [{ sig: 'c2ln' }],
    },
  };
  const isIt = (content: unknown, type: typeof PROVENANCE | typeof BILL_OF_MATERIALS = PROVENANCE) =>
    isSignedStatement(Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)), digest, type);
  const { dsseEnvelope } = bundle;

  test('is one of its kind about this digest, by a certificate or a key', () => {
    expect(isIt(bundle)).toBe(true);
    expect(isIt({ ...bundle, verificationMaterial: { publicKey: { hint: 'x' } } })).toBe(true);
    expect(isIt(bundle, BILL_OF_MATERIALS)).toBe(false);
  });

  const about = (statement: string) => ({
    ...bundle,
    dsseEnvelope: { ...dsseEnvelope, payload: Buffer.from(statement).toString('base64') },
  });
  test.each<[string, unknown]>([
    ['no JSON', '{"mediaType":'],
    ['null', null],
    ['no bundle', { not: 'a bundle' }],
    ['another media type', { ...bundle, mediaType: 'application/json' }],
    ['no certificate', { ...bundle, verificationMaterial: {} }],
    ['nothing signed', { ...bundle, dsseEnvelope: undefined }],
    ['no signature', { ...bundle, dsseEnvelope: { ...dsseEnvelope, signatures: [] } }],
    ['an empty signature', { ...bundle, dsseEnvelope: { ...dsseEnvelope, signatures: [{ sig: '' }] } }],
    ['another payload', { ...bundle, dsseEnvelope: { ...dsseEnvelope, payloadType: 'text/plain' } }],
    ['no base64', { ...bundle, dsseEnvelope: { ...dsseEnvelope, payload: '%' } }],
    ['no statement', about('hello')],
    ['another digest', about(statementOf('demo', `sha256:${'b'.repeat(64)}`, PROVENANCE, {}))],
    ['no subject', about(JSON.stringify({ predicateType: PROVENANCE }))],
  ])('is not %s', (_, content) => {
    expect(isIt(content)).toBe(false);
  });

  test('a bill of materials says that it is one', () => {
    const bill = (content: unknown) => isBillOfMaterials(Buffer.from(JSON.stringify(content)));
    expect([{ bomFormat: 'CycloneDX' }, {}, null, [], 'CycloneDX'].map(bill)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('provenance', () => {
  const dependencies = [
    { name: 'a', version: '1.0.0', sha256: 'b'.repeat(64), from: 'https://user:secret@charts.example/' },
    { name: 'b', version: '1.0.0', from: 'vendored' },
  ];

  test('elsewhere than on GitHub it claims no builder and no source', () => {
    expect(provenanceOf({ workflow: undefined, dependencies, toolVersion: '1.2.3' })).toEqual({
      buildDefinition: {
        buildType: 'urn:chartship:package:v1',
        externalParameters: {},
        resolvedDependencies: [{ name: 'a', digest: { sha256: 'b'.repeat(64) } }],
      },
      runDetails: { builder: { id: 'urn:chartship:command', version: { chartship: '1.2.3' } } },
    });
  });

  test('without an identity the builder is the workflow that was started', () => {
    const provenance = provenanceOf({ workflow: workflowRun(RUN), dependencies: [], toolVersion: '1.2.3' });
    expect(provenance).toMatchObject({
      runDetails: { builder: { id: 'https://github.com/acme/task-api/.github/workflows/ship.yml@refs/heads/main' } },
    });
  });
});

test('what runs is known on a runner alone, and its identity only with the permission', () => {
  expect(workflowRun({})).toBeUndefined();
  expect(workflowRun({ GITHUB_REPOSITORY: 'a/b' })).toBeUndefined();
  expect(workflowRun(RUN)).toMatchObject({ repository: 'acme/task-api', commit: 'a'.repeat(40), attempt: '2' });
  expect(hasIdentity({ ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x.example' })).toBe(false);
  expect(hasIdentity({ ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x.example', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't' })).toBe(
    true,
  );
});

test.each<[string[], unknown]>([
  [
    ['fulcio=https://f.example/', 'rekor=https://r.example'],
    { fulcio: 'https://f.example', rekor: 'https://r.example' },
  ],
  [
    ['fulcio = http://127.0.0.1:1', 'tsa=http://localhost:2'],
    { fulcio: 'http://127.0.0.1:1', tsa: 'http://localhost:2' },
  ],
  [['rekor=https://r.example'], 'lacks fulcio'],
  [['fulcio=https://f.example'], expect.stringMatching(/^lacks rekor or tsa/)],
  [['fulcio=http://f.example', 'tsa=https://t.example'], expect.stringMatching(/^has a fulcio that is no https:/)],
  [
    ['fulcio=http://127.0.0.1.example', 'tsa=https://t.example'],
    expect.stringMatching(/^has a fulcio that is no https:/),
  ],
  [['fulcio=https://me@f.example', 'tsa=https://t.example'], expect.stringMatching(/^has a fulcio that is no https:/)],
  [['fulcio=https://f.example', 'fulcio=https://g.example'], 'has fulcio twice'],
  [['ctlog=https://f.example'], expect.stringMatching(/^has a line that is not one of/)],
])('services %j', (lines, read) => {
  expect(readServices(lines)).toEqual(read);
});
