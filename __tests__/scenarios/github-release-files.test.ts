import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BOM_TYPE } from '../../src/domain/attestation.ts';
import type { Location } from '../../src/domain/reference.ts';
import { readAttachment } from '../../src/stages/attachment.ts';
import { closedPort } from '../support/closed-port.ts';
import { githubOfEachTest } from '../support/each-test.ts';
import { FORBIDDEN, onWrites, writesTo } from '../support/github-forge.ts';
import { TOKEN, workflowEnvironment } from '../support/github-server.ts';
import type { Asset } from '../support/github-state.ts';
import { registryClient, startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { type ActionEnded, action, type Workspace, workspace } from '../support/scenario.ts';
import { ISSUER, type Sigstore, startSigstore } from '../support/sigstore.ts';
import { bytesOf, expectVouched } from '../support/vouched.ts';

/** What a release is given by its workflow, and what vouches for its files: a real registry, Sigstore's own mock services. */

let registry: TestRegistry;
let sigstore: Sigstore;
let space: Workspace;
let place: string;
let number = 0;
const github = githubOfEachTest();
beforeAll(async () => {
  [registry, sigstore] = await Promise.all([startTestRegistry(), startSigstore()]);
});
afterAll(() => Promise.all([registry.stop(), sigstore.stop()]));
beforeEach(() => {
  space = workspace();
  space.chart('chart');
  space.write('notes.md', '## For @acme/team\n\nSaid by a person.\n');
  space.write('assets/crds.yaml', 'kind: one\n');
  place = `released-${++number}`;
});
afterEach(() => space.remove());

function release(inputs: Record<string, string> = {}, tag = 'v1.0.0'): Promise<ActionEnded> {
  return action(
    space,
    {
      ...{ 'github-token': TOKEN, 'github-release': 'true', registry: `oci://${registry.host}/${place}` },
      ...{ 'github-release-notes': 'notes.md', 'github-release-files': 'assets/*', ...inputs },
    },
    {
      environment: workflowEnvironment(github, {
        ...sigstore.environment,
        ...{ GITHUB_EVENT_NAME: 'push', GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: tag },
      }),
    },
  );
}

/** Signed as Sigstore's mock services let it be. */
const attested = (inputs: Record<string, string> = {}): Promise<ActionEnded> =>
  release({ attest: 'true', sigstore: sigstore.services, ...inputs });

const assets = (): readonly Asset[] => github.state.releases[0]?.assets ?? [];
const names = (): string[] => assets().map(({ name }) => name);
const released = () => github.state.releases[0];
const signings = (): number => sigstore.seen.filter((path) => path === '/api/v2/signingCert').length;

const FILES = ['demo-1.0.0.tgz', 'demo-1.0.0.cdx.json', 'crds.yaml'];
const ATTESTED = [...FILES.flatMap((name) => [name, `${name}.sigstore.json`]), 'chartship-report.json'];
const UPLOAD = 'POST /repos/{owner}/{repo}/releases/{release_id}/assets';

describe('what is attested', () => {
  test('has its bill of materials, as it is attached in the registry, and for each file a provenance; once', async () => {
    const ended = await attested();
    expect([ended.code, ended.report?.findings]).toEqual([0, []]);
    expect(names()).toEqual(ATTESTED);
    await expectVouched(released(), FILES, sigstore);

    const temporary = join(space.root, '.reading');
    mkdirSync(temporary);
    const client = registryClient({ temporary });
    const location: Location = { kind: 'registry', host: registry.host, repository: `${place}/demo` };
    const attached = await client.attached(location, ended.outputs.digest ?? '', BOM_TYPE);
    const bills = attached.ok ? attached.value : [];
    expect(bills).toHaveLength(1);
    const bill = await readAttachment(location, bills[0]?.digest ?? '', client);
    expect(bill.ok && Buffer.compare(Buffer.from(bill.value), bytesOf(released(), 'demo-1.0.0.cdx.json'))).toBe(0);

    const before = [writesTo(github).length, signings()];
    const again = await attested();
    expect([again.code, again.report?.release?.outcome]).toEqual([0, 'already-published']);
    expect([writesTo(github).length, signings()]).toEqual(before);
  });

  test('is verified by cosign as we tell people to, offline, and a file by the provenance of another is not', async () => {
    // @ts-expect-error a script of the repository, plain JavaScript
    const { getTool } = await import('../../scripts/tools.mjs');
    const cosign = (await getTool('cosign')) as string;
    expect((await attested()).code).toBe(0);
    for (const { name, content } of assets()) space.write(`downloads/${name}`, content);
    space.write('downloads/root.json', sigstore.root);
    const proxy = `http://127.0.0.1:${await closedPort()}`;
    const verify = (file: string, bundle = `${file}.sigstore.json`) =>
      spawnSync(
        cosign,
        [
          ...[
            'verify-blob-attestation',
            '--bundle',
            bundle,
            '--trusted-root',
            'root.json',
            '--type',
            'slsaprovenance1',
          ],
          ...['--certificate-identity', `https://github.com/${sigstore.claims.job_workflow_ref}`],
          ...['--certificate-oidc-issuer', ISSUER, file],
        ],
        {
          cwd: join(space.root, 'downloads'),
          env: { HOME: space.root, HTTPS_PROXY: proxy, HTTP_PROXY: proxy },
          encoding: 'utf8',
        },
      );
    expect(FILES.map((file) => verify(file).stderr.trim())).toEqual(FILES.map(() => 'Verified OK'));
    const other = verify('crds.yaml', 'demo-1.0.0.tgz.sigstore.json');
    expect([other.status, other.stderr]).toEqual([1, expect.stringContaining('do not match')]);
  }, 1_800_000);

  test('goes on after a run that died: what is there stays, and nothing is there or signed twice', async () => {
    let uploads = 0;
    github.trouble = ({ route }) => (route === UPLOAD && ++uploads > 3 ? FORBIDDEN : undefined);
    expect((await attested()).code).toBe(1);
    expect([names(), github.state.releases.map(({ draft }) => draft)]).toEqual([ATTESTED.slice(0, 3), [true]]);
    const ids = assets().map(({ id }) => id);
    const before = signings();
    github.trouble = () => undefined;
    expect((await attested()).code).toBe(0);
    expect([names(), github.state.releases.map(({ draft }) => draft)]).toEqual([ATTESTED, [false]]);
    expect(assets().map(({ id }) => id)).toEqual([
      ...ids,
      ...assets()
        .slice(3)
        .map(({ id }) => id),
    ]);
    await expectVouched(released(), FILES, sigstore);
    // The bill's, which could not be sent, and that of the file that was not come to.
    expect(signings() - before).toBe(2);
  });

  test('a file of a draft that is another one now is replaced together with its provenance', async () => {
    onWrites(github, FORBIDDEN, { to: 'PATCH ' });
    expect((await attested()).code).toBe(1);
    const before = new Map(assets().map(({ name, id }) => [name, id]));
    github.trouble = () => undefined;
    space.write('assets/crds.yaml', 'kind: another\n');
    expect((await attested()).code).toBe(0);
    expect(names().sort()).toEqual([...ATTESTED].sort());
    await expectVouched(released(), FILES, sigstore);
    const renewed = assets().filter(({ name, id }) => before.get(name) !== id);
    // The report tells of the files of its run.
    expect(renewed.map(({ name }) => name)).toEqual([
      ...['crds.yaml', 'crds.yaml.sigstore.json', 'chartship-report.json'],
    ]);
  });

  test('where nobody signs nothing is public, and the next run goes on', async () => {
    // What is attached in the registry is there already.
    expect((await attested({ 'github-release': 'false' })).code).toBe(0);
    sigstore.faults.set('/api/v2/signingCert', 503);
    const ended = await attested();
    sigstore.faults.clear();
    expect([ended.code, github.state.releases.map(({ draft }) => draft)]).toEqual([1, [true]]);
    expect(ended.report?.findings).toMatchObject([{ rule: 'github/release', severity: 'error' }]);
    expect(names()).toEqual(['demo-1.0.0.tgz']);
    expect([(await attested()).code, names()]).toEqual([0, ATTESTED]);
  });

  test('two runs at once make one release, with each file and each provenance once, also where it can’t be mended', async () => {
    github.state.immutableReleases = true;
    const other = workspace();
    try {
      other.chart('chart');
      other.write('notes.md', 'Said by a person.\n');
      other.write('assets/crds.yaml', 'kind: one\n');
      const own = space;
      const first = attested();
      space = other;
      const second = attested();
      space = own;
      const ended = await Promise.all([first, second]);
      expect(ended.map(({ code }) => code)).toEqual([0, 0]);
      expect(github.state.releases.map(({ draft }) => draft)).toEqual([false]);
      expect(names().sort()).toEqual([...ATTESTED].sort());
      await expectVouched(released(), FILES, sigstore);
    } finally {
      other.remove();
    }
  });
});

test("its workflow's words and files; a tag that is a pre-release by itself is one", async () => {
  const ended = await release({ 'tag-format': 'chart-{{version}}' }, 'v7.0.0-rc.1');
  expect([ended.code, names()]).toEqual([0, ['demo-1.0.0.tgz', 'crds.yaml', 'chartship-report.json']]);
  const [made] = github.state.releases;
  expect(made).toMatchObject({ tag_name: 'v7.0.0-rc.1', prerelease: true });
  expect(made?.body).toContain('-->\n\n## For @acme/team\n\nSaid by a person.\n\n### Packages');
  expect(bytesOf(released(), 'crds.yaml').toString()).toBe('kind: one\n');
});

test('where nothing is released they need not be there', async () => {
  const missing = { 'github-release-notes': 'none.md', 'github-release-files': 'none/*' };
  expect((await release({ ...missing, 'github-release': 'false' })).code).toBe(0);
});

describe('refused before anything is published', () => {
  test.each<[Record<string, string>, string]>([
    [{ 'github-release-notes': 'none.md' }, 'github-release-notes "none.md" is not there'],
    [{ 'github-release-notes': 'assets' }, 'github-release-notes "assets" is no file'],
    [{ 'github-release-notes': 'empty.md' }, 'github-release-notes "empty.md" is empty'],
    [{ 'github-release-notes': 'long.md' }, 'github-release-notes "long.md" has more than 100000 bytes'],
    [{ 'github-release-notes': 'bytes.md' }, 'github-release-notes "bytes.md" is not UTF-8 text'],
    [{ 'github-release-notes': 'away/passwd' }, 'github-release-notes "away/passwd" lies outside the repository'],
    [{ 'github-release-files': 'none/*' }, 'github-release-files: "none/*" is not there'],
    [{ 'github-release-files': 'none.txt' }, 'github-release-files: "none.txt" is not there'],
    [{ 'github-release-files': 'assets' }, 'github-release-files: "assets" is no file'],
    [{ 'github-release-files': 'away/passwd' }, 'github-release-files: "away/passwd" lies outside the repository'],
    [{ 'github-release-files': 'odd/a b.txt' }, 'github-release-files: "odd/a b.txt" has a name that GitHub changes'],
    [
      { 'github-release-files': 'assets/*,other/crds.yaml' },
      'github-release-files: "other/crds.yaml" has the name of another one',
    ],
    [{ 'github-release-files': 'odd/nothing' }, 'github-release-files: "odd/nothing" is empty'],
    [
      { 'github-release-files': 'odd/chartship-report.json' },
      'github-release-files: "odd/chartship-report.json" has the name of a file that Chartship makes',
    ],
    [
      { 'github-release-files': 'odd/demo-1.0.0.tgz' },
      'github-release-files: "demo-1.0.0.tgz" has the name of a file that Chartship makes',
    ],
    [
      { 'github-release-files': 'odd/demo-1.0.0.cdx.json', attest: 'true' },
      'github-release-files: "demo-1.0.0.cdx.json" has the name of a file that Chartship makes',
    ],
  ])('%j', async (inputs, message) => {
    space.write('empty.md', ' \n');
    space.write('long.md', 'x'.repeat(100_001));
    space.write('bytes.md', Uint8Array.of(0xff, 0xfe));
    space.write('odd/a b.txt', '');
    space.write('odd/nothing', '');
    for (const name of ['chartship-report.json', 'demo-1.0.0.tgz', 'demo-1.0.0.cdx.json'])
      space.write(`odd/${name}`, 'x');
    space.write('other/crds.yaml', '');
    symlinkSync('/etc', join(space.root, 'away'));
    const ended = await release(inputs);
    expect([ended.code, ended.report?.findings.map((finding) => finding.message)]).toEqual([2, [message]]);
    expect([github.asked, ended.report?.published]).toEqual([[], []]);
  });
});
