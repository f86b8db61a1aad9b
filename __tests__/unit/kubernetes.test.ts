import { describe, expect, test } from '@jest/globals';
import { admits, defaultKubeVersions, KNOWN_KUBE_VERSIONS, parseKubeVersion } from '../../src/domain/kubernetes.ts';

test('the three newest that kubeVersion admits', () => {
  const [newest, second, third] = KNOWN_KUBE_VERSIONS.map((version) => version.label);
  expect(defaultKubeVersions(undefined).map((version) => version.label)).toEqual([newest, second, third]);
  expect(defaultKubeVersions('>=1.25.0-0').map((version) => version.label)).toEqual([newest, second, third]);
  expect(defaultKubeVersions('>= 1.30, < 1.35').map((version) => version.label)).toEqual(['1.34', '1.33', '1.32']);
});

test('where it admits none of the known ones, the nearest that it does', () => {
  expect(defaultKubeVersions('<1.25')).toEqual([{ label: '1.24', full: '1.24.0' }]);
  expect(defaultKubeVersions('>= 1.16.0-0, < 1.25.0-0')).toEqual([{ label: '1.24', full: '1.24.0' }]);
  expect(defaultKubeVersions('>=1.60')).toEqual([{ label: '1.60', full: '1.60.0' }]);
  expect(defaultKubeVersions('~1.20.3')).toEqual([{ label: '1.20', full: '1.20.3' }]);
  expect(defaultKubeVersions('>=2')).toEqual([{ label: '2.0', full: '2.0.0' }]);
  expect(defaultKubeVersions('<1')).toEqual(defaultKubeVersions(undefined));
});

describe('versions as people write them', () => {
  test.each([
    ['1.35', '1.35', /^1\.35\.\d+$/],
    ['v1.35', '1.35', /^1\.35\.\d+$/],
    ['1.35.1', '1.35.1', /^1\.35\.1$/],
    ['1.20', '1.20', /^1\.20\.0$/],
  ])('%s', (text, label, full) => {
    expect(parseKubeVersion(text)).toEqual({ label, full: expect.stringMatching(full) });
  });
  test.each(['1', '2.0', 'latest', '1.35.x', '1.35.1.2', ''])('%j is none', (text) => {
    expect(parseKubeVersion(text)).toBeUndefined();
  });
});

test("a range that can't be read admits all: helm says so itself", () => {
  expect(admits('what', '1.35.0')).toBe(true);
  expect(admits('>=1.36', '1.35.4')).toBe(false);
  expect(admits('!=1.35.4', '1.35.4')).toBe(false);
});
