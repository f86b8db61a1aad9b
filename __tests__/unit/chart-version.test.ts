import { describe, expect, test } from '@jest/globals';
import { aliasOf, newestFor, packagedVersion, strangerIn, taggedVersions } from '../../src/domain/chart-version.ts';

test.each([
  ['1.2.3', undefined, undefined, '1.2.3'],
  ['1.2.3', '2.0.0', undefined, '2.0.0'],
  ['1.2.3', undefined, 'pr.45.sha-0a1b2c3', '1.2.3-pr.45.sha-0a1b2c3'],
  ['1.2.3-rc.1', undefined, 'main.7.sha-0a1b2c3', '1.2.3-rc.1.main.7.sha-0a1b2c3'],
  ['1.2.3+build.5', undefined, 'main.7.sha-0a1b2c3', '1.2.3-main.7.sha-0a1b2c3'],
  ['1.2.3', '2.0.0', 'main.7.sha-0a1b2c3', '2.0.0-main.7.sha-0a1b2c3'],
])('%s, given %s and %s, is packaged as %s', (own, version, preRelease, expected) => {
  expect(packagedVersion({ version, preRelease }, { version: own })).toBe(expected);
});

describe('a git tag', () => {
  const formats = ['v{{version}}', '{{version}}', '{{name}}-{{version}}', '{{ name }}-v{{ version }}'];
  const charts = ['demo', 'demo-extra', 'a.b'];
  test.each<[string, Record<string, string>]>([
    ['v1.2.3', { demo: '1.2.3', 'demo-extra': '1.2.3', 'a.b': '1.2.3' }],
    [
      '1.2.3-rc.1+build.5',
      { demo: '1.2.3-rc.1+build.5', 'demo-extra': '1.2.3-rc.1+build.5', 'a.b': '1.2.3-rc.1+build.5' },
    ],
    ['demo-1.2.3', { demo: '1.2.3' }],
    ['demo-v1.2.3', { demo: '1.2.3' }],
    ['demo-extra-1.2.3-rc.1', { 'demo-extra': '1.2.3-rc.1' }],
    ['a.b-1.2.3', { 'a.b': '1.2.3' }],
    // What only looks like one: a tag that moves, a date, another chart's, a dot that isn't one.
    ['v1', {}],
    ['1.2', {}],
    ['vv1.2.3', {}],
    ['v01.2.3', {}],
    ['release-2026-11-25', {}],
    ['other-1.2.3', {}],
    ['axb-1.2.3', {}],
    ['nightly', {}],
  ])('%s says %j', (tag, expected) => {
    expect(Object.fromEntries(taggedVersions(tag, formats, charts))).toEqual(expected);
  });

  test('of another format says nothing', () => {
    expect(taggedVersions('v1.2.3', ['chart-{{version}}'], charts).size).toBe(0);
    expect(taggedVersions('chart-1.2.3', ['chart-{{version}}'], ['demo'])).toEqual(new Map([['demo', '1.2.3']]));
  });

  test.each([
    ['other-1.2.3', 'other'],
    ['other-v1.2.3-rc.1', 'other'],
    ['an-other-1.2.3', 'an-other'],
    ['nightly', undefined],
    ['v1', undefined],
  ])('%s is of %s', (tag, name) => {
    expect(strangerIn(tag, formats)).toBe(name);
  });
});

describe('an alias', () => {
  test.each([
    ['{{major}}', '1'],
    ['{{major}}.{{minor}}', '1.20'],
    ['v{{ major }}', 'v1'],
    ['latest', 'latest'],
  ])('by %s is %s', (pattern, alias) => {
    expect(aliasOf(pattern, '1.20.3')).toBe(alias);
  });

  test.each([
    ['nothing else', '1.2.3', [], '1.2.3'],
    ['an older patch', '1.2.3', ['1.2.2'], '1.2.3'],
    ['a newer patch', '1.2.3', ['1.2.10', '1.2.9'], '1.2.10'],
    ['another minor', '1.2.3', ['1.3.0', '2.0.0'], '1.2.3'],
    ['a pre-release of the next', '1.2.3', ['1.2.4-rc.1'], '1.2.3'],
    ['its own alias and other tags', '1.2.3', ['1.2', '1', 'latest', 'sha256-0a', 'v1.2.9', '1.2.9_'], '1.2.3'],
    ['others that are called so', 'v1.2.3', ['v1.2.10', 'v1', 'v1.2', '1.2.11'], 'v1.2.10'],
    ['a newer one with build metadata', '1.2.3', ['1.2.4_build.5'], '1.2.4+build.5'],
  ])('beside %s, %s: the newest of %j is %s', (_what, version, tags, newest) => {
    expect(newestFor('{{major}}.{{minor}}', version, tags)).toBe(newest);
  });

  test('of a major has all its minors', () => {
    expect(newestFor('{{major}}', '1.2.3', ['1.3.0', '2.0.0'])).toBe('1.3.0');
    expect(newestFor('latest', '1.2.3', ['1.3.0', '2.0.0'])).toBe('2.0.0');
  });
});
