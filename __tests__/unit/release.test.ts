import { expect, test } from '@jest/globals';

// @ts-expect-error a script of the repository, plain JavaScript
const { faultsOf, notesOf } = await import('../../scripts/release/facts.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { movingTags } = await import('../../scripts/release/moving-tags.mjs');

const CHANGELOG = `# Changelog

## [Unreleased]

- Later.

## [1.2.3] - 2026-11-25

### Added

- This.

## [1.2.2] - 2026-11-01

- That.

[1.2.3]: https://example.com
`;
const facts = { version: '1.2.3', changelog: CHANGELOG, address: 'acme/ship', repository: 'Acme/ship' };

test('the notes are the version its part of the changelog', () => {
  expect(notesOf('1.2.3', CHANGELOG)).toBe('### Added\n\n- This.');
  expect(notesOf('1.2.2', CHANGELOG)).toBe('- That.');
  expect(notesOf('1.2', CHANGELOG)).toBe('');
});

test.each<[string, string, object, RegExp[]]>([
  ['all agrees', 'v1.2.3', {}, []],
  ['the tag is of another version', 'v1.2.4', {}, [/the tag v1\.2\.4 is not v1\.2\.3/]],
  ['the changelog has no such part', 'v1.3.0', { version: '1.3.0' }, [/nothing under "## \[1\.3\.0\]"/]],
  ['the address is another one', 'v1.2.3', { repository: 'else/where' }, [/this is else\/where.*acme\/ship/]],
  ['not in a workflow', 'v1.2.3', { repository: undefined }, []],
])('%s', (_what, tag, other, faults) => {
  const found: string[] = faultsOf(tag, { ...facts, ...other });
  expect(found).toEqual(faults.map((fault) => expect.stringMatching(fault)));
});

test.each<[string, string[], string[]]>([
  ['v1.2.3', ['v1.2.3'], ['v1', 'v1.2']],
  ['v1.2.3', ['v1.2.2', 'v1.1.9', 'v1', 'v1.2', ''], ['v1', 'v1.2']],
  ['v1.2.3', ['v1.3.0'], ['v1.2']],
  ['v1.2.3', ['v1.2.10'], []],
  ['v1.2.3', ['v2.0.0'], ['v1', 'v1.2']],
  ['v1.2.3', ['v1.2.4-rc.1'], ['v1', 'v1.2']],
  ['v1.2.4-rc.1', ['v1.2.3'], []],
  ['nightly', [], []],
])('beside others, %s and %j: %j follow', (tag, tags, expected) => {
  expect(movingTags(tag, tags)).toEqual(expected);
});
