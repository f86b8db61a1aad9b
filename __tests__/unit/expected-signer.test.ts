import { describe, expect, test } from '@jest/globals';
import {
  type ExpectedSigner,
  readExpectedSigner,
  type SignerIdentity,
  strangeness,
} from '../../src/domain/expected-signer.ts';

const LINES = [
  'workflow=acme/flows/.github/workflows/ship.yml@refs/tags/v1',
  'repository=acme/api',
  'ref=refs/heads/main',
];
const FOUND = {
  kind: 'workflow',
  issuer: 'https://token.actions.githubusercontent.com',
  workflow: 'https://github.com/acme/flows/.github/workflows/ship.yml@refs/tags/v1',
  repository: 'https://github.com/acme/api',
  ref: 'refs/heads/main',
} as const satisfies SignerIdentity;

function expected(...lines: string[]): ExpectedSigner {
  const read = readExpectedSigner(lines);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.expected;
}
const faults = (...lines: string[]): string[] => {
  const read = readExpectedSigner(lines);
  return read.ok ? [] : read.faults.map(({ message }) => message);
};

describe('reading', () => {
  test('names are of github.com unless they are addresses; the issuer is GitHub unless another is given', () => {
    const { ref, ...rest } = FOUND;
    expect(expected(...LINES)).toEqual({ ...rest, refs: [ref] });
    const enterprise = LINES.map((line) => line.replace('=acme', '=https://git.acme.example/acme'));
    expect(expected(...enterprise, 'issuer=https://git.acme.example/_services/token')).toEqual({
      ...rest,
      refs: [ref],
      issuer: 'https://git.acme.example/_services/token',
      workflow: 'https://git.acme.example/acme/flows/.github/workflows/ship.yml@refs/tags/v1',
      repository: 'https://git.acme.example/acme/api',
    });
    expect(expected('key=cosign.pub')).toEqual({ kind: 'key', file: 'cosign.pub' });
  });

  test.each([
    [[], ['lacks workflow and repository and ref']],
    [LINES.slice(0, 2), ['lacks ref']],
    [[...LINES, 'repository=other/api'], ['has repository twice']],
    [[...LINES, 'branch=main'], [expect.stringContaining('has a line that is not one of')]],
    [[...LINES, 'issuer='], [expect.stringContaining('has a line that is not one of')]],
    [['workflow=a/b/c.yml', 'repository=a/b', 'ref=r'], ['has a workflow without its ref: a/b/c.yml']],
    [['key=k', ...LINES], [expect.stringContaining('has key beside others')]],
  ])('%j is refused', (lines, messages) => {
    expect(faults(...lines)).toEqual(messages);
  });
});

describe('comparing', () => {
  test('who is expected is no stranger, and each other thing is told', () => {
    expect(strangeness(FOUND, expected(...LINES))).toEqual([]);
    const other = { ...FOUND, repository: 'https://github.com/mallory/api', ref: 'refs/heads/x' };
    expect(strangeness(other, expected(...LINES))).toEqual([
      'is of the source repository mallory/api, not acme/api',
      'is of the source ref refs/heads/x, not refs/heads/main',
    ]);
  });

  test.each([
    ['refs/tags/v*', 'refs/tags/v1.2.3', true],
    ['refs/tags/v*', 'refs/tags/v1/x', false],
    ['refs/heads/**', 'refs/heads/feature/x', true],
    ['refs/heads/main', 'refs/heads/main2', false],
    ['refs/heads/main', 'xrefs/heads/main', false],
    ['refs.heads.main', 'refs/heads/main', false],
    ['refs/heads/a+', 'refs/heads/aa', false],
    ['refs/heads/main', 'refs/heads/main\n', false],
    ['**', '', true],
  ])('%s of %j: %s', (pattern, ref, fits) => {
    const lines = [...LINES.slice(0, 2), `ref=${pattern}`];
    expect(strangeness({ ...FOUND, ref }, expected(...lines)).length === 0).toBe(fits);
  });

  test('one of several refs is enough', () => {
    const several = expected(...LINES, 'ref=refs/tags/v*');
    expect(strangeness({ ...FOUND, ref: 'refs/tags/v1' }, several)).toEqual([]);
    expect(strangeness(FOUND, several)).toEqual([]);
    expect(strangeness({ ...FOUND, ref: 'refs/heads/x' }, several)).toEqual([
      'is of the source ref refs/heads/x, not refs/heads/main or refs/tags/v*',
    ]);
  });

  test('what a certificate does not say is nothing, and never what is expected', () => {
    expect(strangeness({ ...FOUND, repository: '' }, expected(...LINES))).toEqual([
      'is of the source repository nothing, not acme/api',
    ]);
  });

  test('a key is no workflow, and a workflow no key', () => {
    expect(strangeness({ kind: 'key' }, expected(...LINES))).toHaveLength(1);
    expect(strangeness(FOUND, expected('key=k'))).toHaveLength(1);
    expect(strangeness({ kind: 'key' }, expected('key=k'))).toEqual([]);
  });
});
