import { describe, expect, test } from '@jest/globals';
import { changesOfAnnotation, changesOfCommits, tagPatterns } from '../../src/domain/changelog.ts';
import { RELEASE_MARKER, releaseNotes } from '../../src/report/release-notes.ts';
import { HOSTILE, SAMPLES } from '../support/sample-report.ts';

const commits = (...subjects: string[]): [string, string][] =>
  changesOfCommits(subjects.map((subject) => ({ hash: 'x', subject, body: '' }))).map(({ section, text }) => [
    section,
    text,
  ]);

describe('conventional commits', () => {
  test.each<[string, [string, string][]]>([
    ['feat: a thing', [['Added', 'a thing']]],
    ['fix(chart): a thing (#12)', [['Fixed', 'chart: a thing (#12)']]],
    ['feat(api)!: another', [['Breaking changes', 'api: another']]],
    ['chore: deps', []],
    ['chore!: node 24', [['Breaking changes', 'node 24']]],
    ['perf: faster', [['Changed', 'faster']]],
    ['Merge pull request #3 from x/y', []],
    ['Just words', [['Other', 'Just words']]],
    ['odd: words', [['Other', 'words']]],
  ])('%s', (subject, expected) => {
    expect(commits(subject)).toEqual(expected);
  });

  test('a body breaks, too', () => {
    const [change] = changesOfCommits([{ hash: 'x', subject: 'ci: y', body: 'text\n\nBREAKING CHANGE: z' }]);
    expect(change?.section).toBe('Breaking changes');
  });
});

describe('artifacthub.io/changes', () => {
  test('texts and mappings', () => {
    const changes = changesOfAnnotation(
      '- plain\n- kind: security\n  description: x\n  links:\n    - name: CVE\n      url: https://example.org/1\n- kind: fixed\n  description: y\n',
    );
    expect(changes).toEqual([
      { section: 'Other', text: 'plain', links: [] },
      { section: 'Security', text: 'x', links: [{ name: 'CVE', url: 'https://example.org/1' }] },
      { section: 'Fixed', text: 'y', links: [] },
    ]);
  });

  test.each(['words', 'a: 1', '- [1]', '- kind: fixed', '{', ''])('%j is none', (annotation) => {
    expect(changesOfAnnotation(annotation)).toBeUndefined();
  });
});

test.each([
  ['v1.2.3', { match: 'v[0-9]*', exclude: 'v[0-9]*-*' }],
  ['1.2.3', { match: '[0-9]*', exclude: '[0-9]*-*' }],
  ['task-api-1.2.3', { match: 'task-api-[0-9]*', exclude: 'task-api-[0-9]*-*' }],
  ['v1.2.3-rc.1', { match: 'v[0-9]*', exclude: undefined }],
])('tags like %s', (tag, patterns) => {
  expect(tagPatterns(tag)).toEqual(patterns);
});

describe('notes', () => {
  const notes = (text: string, url = 'https://example.org/x'): string =>
    releaseNotes(SAMPLES.good, {
      changes: [{ changes: [{ section: 'Fixed', text, links: [{ name: 'why', url }] }] }],
      since: 'v0.9.0',
    });

  test('read as one would write them', () => {
    expect(notes('a thing (#12)')).toMatchSnapshot();
  });

  test('nothing of a commit can act', () => {
    for (const text of HOSTILE) {
      const said = notes(text)
        .replace(RELEASE_MARKER, '')
        .replace(/^(`{3,})sh\n[\s\S]*?\n\1$/gm, '');
      const [line] = said.split('\n').filter((each) => each.includes('[why]'));
      expect(line?.replace(' · [why](https://example.org/x)', '').slice(2)).not.toMatch(
        /[<>`*_[\]\\~]|@|https?:\/\/|www\.|GH-\d|^\s*[#>|]/,
      );
    }
  });

  test.each(['javascript:alert(1)', 'http://example.org', 'https://a:b@example.org', 'not an address'])(
    '%s is no link',
    (url) => {
      expect(notes('x', url)).not.toContain('[why]');
    },
  );

  test('an address can not end the link', () => {
    expect(notes('x', 'https://example.org/a)b(c')).toContain('(https://example.org/a%29b%28c)');
  });

  test('a thousand changes fit', () => {
    const changes = Array.from({ length: 1000 }, () => ({ section: 'Fixed', text: '<&"ü|@'.repeat(100), links: [] }));
    const text = releaseNotes(SAMPLES.good, { changes: [{ changes }] });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(120_000);
  });
});
