import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { PROVENANCE, statementOf } from '../../src/domain/attestation.ts';
import { Cancelled } from '../../src/domain/errors.ts';
import { type Released, releaseOnGitHub } from '../../src/github/release.ts';
import type { WantedAsset } from '../../src/github/release-assets.ts';
import { RELEASE_MARKER } from '../../src/report/release-notes.ts';
import { githubOfEachTest } from '../support/each-test.ts';
import { FORBIDDEN, onWrites, RUN, testForge, writesTo } from '../support/github-forge.ts';
import type { Trouble } from '../support/github-server.ts';
import type { Release } from '../support/github-state.ts';

/** The release of a tag, over HTTP with a server that takes and gives what GitHub's description allows. */

const github = githubOfEachTest();

function file(name: string, text: string): WantedAsset {
  const content = new TextEncoder().encode(text);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { name, type: 'application/gzip', content, digest };
}
const PACKAGE = file('demo-1.0.0.tgz', 'package');
const report = (text = 'report'): WantedAsset => {
  const { digest: _, ...rest } = file('chartship-report.json', text);
  return rest;
};

/** A bundle that is about a file, as far as anybody looks who can't check its signature. */
function bundleOf({ name, digest = '' }: WantedAsset): string {
  const payload = Buffer.from(statementOf(name, digest, PROVENANCE, {})).toString('base64');
  return JSON.stringify({ dsseEnvelope: { payload } });
}
/** A file and what vouches for it. */
function vouched(name: string, text: string): WantedAsset[] {
  const one = file(name, text);
  const content = async () => ({ ok: true as const, bytes: new TextEncoder().encode(bundleOf(one)) });
  return [one, { name: `${name}.sigstore.json`, type: 'application/json', content, about: one.digest ?? '' }];
}

interface Given {
  readonly assets?: readonly WantedAsset[];
  readonly cancel?: AbortSignal;
  readonly isPrerelease?: boolean;
  /** Milliseconds of a second; writes have a whole one between them all the same. */
  readonly second?: number;
}

function release({
  assets = [PACKAGE, report()],
  cancel,
  isPrerelease = false,
  second = 10,
}: Given = {}): Promise<Released> {
  return releaseOnGitHub(
    {
      tag: 'v1.0.0',
      sha: RUN.sha,
      name: 'v1.0.0',
      notes: `${RELEASE_MARKER}\n\nnotes`,
      isPrerelease,
      assets,
      charts: [{ name: 'demo', version: '1.0.0' }],
    },
    testForge(github),
    { cancel: cancel ?? new AbortController().signal, tell: () => undefined, second },
  );
}

/** A release that is there from before. */
function there(parts: Partial<Release> = {}): Release {
  const one: Release = {
    ...{ id: github.state.nextId++, tag_name: 'v1.0.0', target_commitish: 'main', name: 'v1.0.0' },
    ...{ body: `${RELEASE_MARKER}\n\nnotes`, draft: true, prerelease: false, immutable: false, assets: [] },
    ...parts,
  };
  github.state.releases.push(one);
  return one;
}

const asset = (name: string, text: string, state: 'uploaded' | 'open' = 'uploaded') => ({
  id: github.state.nextId++,
  name,
  content: new TextEncoder().encode(text),
  state,
});

const texts = (one = github.state.releases[0]): Record<string, string> =>
  Object.fromEntries((one?.assets ?? []).map(({ name, content }) => [name, new TextDecoder().decode(content)]));

const BOTH = { 'demo-1.0.0.tgz': 'package', 'chartship-report.json': 'report' };
const DRAFT = 'POST /repos/{owner}/{repo}/releases';
const UPLOAD = 'POST /repos/{owner}/{repo}/releases/{release_id}/assets';

test.each([false, true])('draft, files, published (immutable: %s); a second run changes nothing', async (immutable) => {
  github.state.immutableReleases = immutable;
  const { outcome, fault } = await release();
  expect(fault).toBeUndefined();
  expect(outcome).toEqual({
    ...{ tag: 'v1.0.0', url: 'https://github.example/acme/charts/releases/v1.0.0', outcome: 'published' },
    assets: ['demo-1.0.0.tgz', 'chartship-report.json'],
  });
  expect(github.state.releases).toMatchObject([{ draft: false, prerelease: false, immutable }]);
  expect(writesTo(github)).toEqual([DRAFT, UPLOAD, UPLOAD, 'PATCH /repos/{owner}/{repo}/releases/{release_id}']);
  expect(texts()).toEqual(BOTH);

  const before = writesTo(github).length;
  const again = await release({ assets: [PACKAGE, report('another report')] });
  expect(again.outcome.outcome).toBe('already-published');
  expect(writesTo(github)).toHaveLength(before);
  expect(texts()).toEqual(BOTH);
});

test('a pre-release is one', async () => {
  await release({ isPrerelease: true });
  expect(github.state.releases).toMatchObject([{ draft: false, prerelease: true }]);
});

describe('a run that died is gone on from', () => {
  test('with a draft, a file, and one that was never finished', async () => {
    const draft = there();
    draft.assets.push(asset('demo-1.0.0.tgz', 'package'), asset('chartship-report.json', 're', 'open'));
    expect((await release()).outcome.outcome).toBe('published');
    expect(github.state.releases).toHaveLength(1);
    expect(texts()).toEqual(BOTH);
    expect(draft.draft).toBe(false);
  });

  test('a file of a draft with other content is replaced', async () => {
    there().assets.push(asset('demo-1.0.0.tgz', 'older'));
    await release();
    expect(texts()).toEqual(BOTH);
  });

  test('a draft that says something else than would be said now says that', async () => {
    there({ body: `${RELEASE_MARKER}\n\nas it was` });
    await release();
    expect(github.state.releases).toMatchObject([{ draft: false, body: `${RELEASE_MARKER}\n\nnotes` }]);
  });

  test('wherever it died', async () => {
    for (let writes = 1; writes <= 4; writes += 1) {
      github.state.releases = [];
      let left = writes;
      github.trouble = ({ route }) => (route.startsWith('GET ') || left-- > 0 ? undefined : FORBIDDEN);
      await release();
      github.trouble = () => undefined;
      expect((await release()).fault).toBeUndefined();
      expect(github.state.releases).toMatchObject([{ draft: false }]);
      expect(texts()).toEqual(BOTH);
    }
  });
});

describe('what a draft has that is of an earlier run', () => {
  const OLD = ['demo-0.9.0.tgz', 'demo-0.9.0.tgz.sigstore.json', 'demo-0.9.0.cdx.json'];
  const filled = (parts: Partial<Release>, names: readonly string[]): Release => {
    const draft = there(parts);
    draft.assets.push(...names.map((name) => asset(name, 'old')));
    return draft;
  };

  test('of a chart in another version goes, with the report; what may be another job’s stays', async () => {
    filled({ target_commitish: RUN.sha }, [...OLD, 'other-2.0.0.tgz', 'demo-crds.tgz', 'chartship-report.json']);
    expect((await release()).outcome.outcome).toBe('published');
    expect(texts()).toEqual({ ...BOTH, 'other-2.0.0.tgz': 'old', 'demo-crds.tgz': 'old' });
  });

  test('of another commit goes, whatever it is', async () => {
    filled({ target_commitish: 'f'.repeat(40) }, [...OLD, 'other-2.0.0.tgz', 'chartship-report.json']);
    expect((await release()).outcome.outcome).toBe('published');
    expect(texts()).toEqual(BOTH);
  });

  test.each<[string, Partial<Release>]>([
    ['a draft that somebody prepared', { body: 'words of a person', target_commitish: 'f'.repeat(40) }],
    ['what is published', { draft: false, target_commitish: 'f'.repeat(40) }],
  ])('stays in %s', async (_name, parts) => {
    filled(parts, OLD);
    await release();
    expect(Object.keys(texts()).sort()).toEqual([...OLD, ...Object.keys(BOTH)].sort());
  });
});

test('what is published counts, also beside a draft that is left over', async () => {
  const draft = there();
  const published = there({ draft: false });
  await release();
  expect([texts(published), draft.draft]).toEqual([BOTH, true]);
});

test('a draft that somebody prepared is filled and published, with his words', async () => {
  const draft = there({ body: 'words of a person' });
  await release();
  expect(github.state.releases).toHaveLength(1);
  expect([draft.draft, draft.body]).toEqual([false, 'words of a person']);
});

describe('two at once', () => {
  test('lose nothing: one release with the files of both', async () => {
    const other = file('other-1.0.0.tgz', 'other');
    const ended = await Promise.all([release(), release({ assets: [other, report('another')] })]);
    expect(ended.map(({ fault }) => fault)).toEqual([undefined, undefined]);
    expect(github.state.releases).toHaveLength(1);
    expect(Object.keys(texts()).sort()).toEqual(['chartship-report.json', 'demo-1.0.0.tgz', 'other-1.0.0.tgz']);
  });

  test('of the same files are one, also where releases are immutable', async () => {
    github.state.immutableReleases = true;
    const ended = await Promise.all([release(), release(), release()]);
    expect(ended.map(({ fault }) => fault)).toEqual([undefined, undefined, undefined]);
    expect(github.state.releases).toMatchObject([{ draft: false }]);
    expect(texts()).toEqual(BOTH);
  });

  test('a file that somebody is sending is waited for', async () => {
    const draft = there();
    draft.assets.push(asset('demo-1.0.0.tgz', '', 'open'));
    let looks = 0;
    github.trouble = ({ route }) => {
      if (route.startsWith('GET ') && route.endsWith('/assets') && ++looks === 3)
        draft.assets[0] = asset('demo-1.0.0.tgz', 'package');
      return undefined;
    };
    await release();
    expect(writesTo(github).filter((route) => route.startsWith('DELETE '))).toEqual([]);
    expect(texts()).toEqual(BOTH);
  });
});

describe('two at once with other content', () => {
  const REMOVAL = 'DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}';
  const LOOK = 'GET /repos/{owner}/{repo}/releases/{release_id}';
  const PUBLISH = 'PATCH /repos/{owner}/{repo}/releases/{release_id}';
  const ONE = vouched('crds.yaml', 'one');
  const BOTH_OF = (text: string) => ({
    'crds.yaml': text,
    'crds.yaml.sigstore.json': bundleOf(file('crds.yaml', text)),
  });

  test.each([0, 600, 1200, 2100])('%i ms apart: what is public in the end is of one run, and whole', async (wait) => {
    // A removal may still come just after the other's publishing: that one sends its file again.
    const later = pause(wait).then(() => release({ assets: vouched('crds.yaml', 'two'), second: 1000 }));
    const ended = await Promise.all([release({ assets: ONE, second: 1000 }), later]);
    const outcomes = ended.map(({ outcome }) => outcome.outcome);
    expect(outcomes).toContain('failed');
    const isPublic = github.state.releases.some(({ draft }) => !draft);
    expect(isPublic).toBe(outcomes.includes('published'));
    if (isPublic) expect(texts()).toEqual(BOTH_OF(outcomes[0] === 'published' ? 'one' : 'two'));
  });

  test('what another run publishes before it is replaced stays', async () => {
    const draft = there();
    draft.assets.push(asset('crds.yaml', 'other'));
    github.trouble = ({ route }) => {
      if (route === LOOK) draft.draft = false;
      return undefined;
    };
    const { fault } = await release({ assets: ONE });
    expect(fault?.message).toBe('crds.yaml is in the release v1.0.0 already, with other content');
    expect([texts(), writesTo(github)]).toEqual([{ 'crds.yaml': 'other' }, []]);
  });

  test('what is published while it is replaced is not filled with other content', async () => {
    const draft = there();
    draft.assets.push(asset('crds.yaml', 'other'));
    github.trouble = ({ route }) => {
      if (route === REMOVAL) draft.draft = false;
      return undefined;
    };
    const { fault } = await release({ assets: ONE });
    expect(fault?.message).toBe('the release v1.0.0 was published by another run while crds.yaml was replaced');
    expect(texts()).toEqual({});
  });

  test('what another run replaced before it is published is not published', async () => {
    const draft = there();
    github.trouble = ({ route }) => {
      if (route === LOOK) draft.assets[0] = asset('crds.yaml', 'other');
      return undefined;
    };
    const { fault } = await release({ assets: ONE });
    expect(fault?.message).toBe('another run changed crds.yaml in the draft of v1.0.0 at the same time');
    expect(draft.draft).toBe(true);
  });

  test('what another run removed while it was published is sent again', async () => {
    const draft = there();
    github.trouble = ({ route }) => {
      if (route === PUBLISH) draft.assets.shift();
      return undefined;
    };
    expect((await release({ assets: ONE })).fault).toBeUndefined();
    expect([draft.draft, texts()]).toEqual([false, BOTH_OF('one')]);
  });
});

describe('what vouches for a file', () => {
  const [FILE, PROVENANCE_OF] = vouched('crds.yaml', 'two') as [WantedAsset, WantedAsset];
  const OTHER = bundleOf(file('crds.yaml', 'one'));
  const RIGHT = bundleOf(FILE);

  test.each([
    ['about another file', OTHER, false],
    ['no bundle', 'text', false],
    ['about it', RIGHT, true],
  ])('is looked at by what it is about, wherever a run before it came to: %s', async (_name, text, stays) => {
    const draft = there();
    draft.assets.push(asset('crds.yaml', 'two'), asset('crds.yaml.sigstore.json', text));
    const before = draft.assets[1]?.id;
    expect((await release({ assets: [FILE, PROVENANCE_OF] })).outcome.outcome).toBe('published');
    expect(texts()).toEqual({ 'crds.yaml': 'two', 'crds.yaml.sigstore.json': RIGHT });
    expect(draft.assets[1]?.id === before).toBe(stays);
  });

  test('a run that fails between a file and its provenance leaves nothing that the next publishes', async () => {
    onWrites(github, FORBIDDEN, { to: 'PATCH ' });
    await release({ assets: vouched('crds.yaml', 'one') });
    let removals = 0;
    github.trouble = ({ route }) => (route.startsWith('DELETE ') && ++removals > 1 ? { status: 503 } : undefined);
    expect((await release({ assets: [FILE, PROVENANCE_OF] })).outcome.outcome).toBe('failed');
    expect(texts()).toEqual({ 'crds.yaml': 'two', 'crds.yaml.sigstore.json': OTHER });
    github.trouble = () => undefined;
    expect((await release({ assets: [FILE, PROVENANCE_OF] })).outcome.outcome).toBe('published');
    expect(texts()).toEqual({ 'crds.yaml': 'two', 'crds.yaml.sigstore.json': RIGHT });
  });

  test('published beside another file it is a fault, and stays', async () => {
    there({ draft: false }).assets.push(asset('crds.yaml', 'two'), asset('crds.yaml.sigstore.json', OTHER));
    const { fault } = await release({ assets: [FILE, PROVENANCE_OF] });
    expect(fault?.message).toBe('crds.yaml.sigstore.json is in the release v1.0.0 already, and is about another file');
    expect(writesTo(github)).toEqual([]);
  });
});

describe('what is published is never overwritten', () => {
  test('a file with other content is a fault', async () => {
    there({ draft: false }).assets.push(asset('demo-1.0.0.tgz', 'older'));
    const { outcome, fault } = await release();
    expect(outcome.outcome).toBe('failed');
    expect(fault?.message).toBe('demo-1.0.0.tgz is in the release v1.0.0 already, with other content');
    expect(texts()).toEqual({ 'demo-1.0.0.tgz': 'older' });
  });

  test('what is missing is added, unless it is published for good', async () => {
    const one = there({ draft: false });
    expect((await release()).outcome.outcome).toBe('published');
    expect(texts(one)).toEqual(BOTH);
    one.assets.pop();
    one.immutable = true;
    const { fault } = await release();
    expect(fault?.message).toBe('the release v1.0.0 is published for good, without chartship-report.json');
  });
});

describe('faults', () => {
  test.each<[string, Trouble]>([
    ['401', { status: 401, message: 'Bad credentials' }],
    ['403', FORBIDDEN],
    ['404', { status: 404, message: 'Not Found' }],
    ['409', { status: 409, message: 'Conflict' }],
    ['422', { status: 422, message: 'Validation Failed' }],
  ])('%s: said, sent once, and nothing is public', async (_name, trouble) => {
    onWrites(github, trouble);
    const { outcome, fault } = await release();
    expect(outcome).toEqual({ tag: 'v1.0.0', outcome: 'failed', assets: [] });
    expect(fault?.message).toMatch(new RegExp(`answered ${(trouble as { status: number }).status}`));
    expect(writesTo(github)).toHaveLength(1);
  });

  test.each<[string, Trouble, string]>([
    [
      'a secondary rate limit for the draft',
      { status: 403, message: 'You have exceeded a secondary rate limit', headers: { 'retry-after': '1' } },
      DRAFT,
    ],
    [
      'a secondary rate limit for a file',
      { status: 403, message: 'You have exceeded a secondary rate limit', headers: { 'retry-after': '1' } },
      UPLOAD,
    ],
    ['500 for the draft', { status: 500 }, DRAFT],
    ['a lost answer for the draft', 'lost', DRAFT],
    ['502 for a file', { status: 502 }, UPLOAD],
    ['a lost answer for a file', 'lost', UPLOAD],
    ['a cut for a file', 'cut', UPLOAD],
    ['502 for publishing', { status: 502 }, 'PATCH '],
    ['a lost answer for publishing', 'lost', 'PATCH '],
  ])('%s, once, is passed over; nothing is there twice', async (_name, trouble, to) => {
    onWrites(github, trouble, { times: 1, to });
    expect((await release()).fault).toBeUndefined();
    expect(github.state.releases).toMatchObject([{ draft: false }]);
    expect(texts()).toEqual(BOTH);
  });

  test('an interruption stops between two files, and the next run goes on', async () => {
    const cancel = new AbortController();
    github.trouble = ({ route }) => {
      if (route === UPLOAD) cancel.abort(new Cancelled('SIGINT'));
      return undefined;
    };
    await expect(release({ cancel: cancel.signal })).rejects.toThrow('interrupted');
    expect(github.state.releases).toMatchObject([{ draft: true }]);
    github.trouble = () => undefined;
    expect((await release()).outcome.outcome).toBe('published');
    expect(texts()).toEqual(BOTH);
  });
});
