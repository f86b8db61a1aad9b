import { describe, expect, test } from '@jest/globals';
import { grants, isNewEnough, parseWish, releaseFor } from '../../src/adapters/tools-wish.ts';
import { RequestError } from '../../src/domain/errors.ts';
import { archiveOf, platformName, TOOL_RELEASES } from '../../src/domain/tool-releases.ts';

const SUM = 'ab'.repeat(32);
const MAIN_PLATFORMS = ['darwin-amd64', 'darwin-arm64', 'linux-amd64', 'linux-arm64', 'windows-amd64'];
const { helm, oras } = TOOL_RELEASES;

describe('what is recorded', () => {
  const all = Object.values(TOOL_RELEASES).flatMap(({ checksums }) =>
    Object.values(checksums).flatMap((sums) => Object.values(sums)),
  );

  test('checksums are sha256 in lower-case hex, and no two archives have the same', () => {
    for (const sum of all) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(all).size).toBe(all.length);
  });

  test.each(Object.entries(TOOL_RELEASES))(
    'what %s pins is new enough and recorded for every main platform',
    (_tool, releases) => {
      expect(releases.pinned[releases.defaultMajor]).toBeDefined();
      expect(Object.keys(releases.pinned)).toEqual(Object.keys(releases.minimum));
      for (const version of Object.values(releases.pinned)) {
        expect(isNewEnough(version, releases)).toBe(true);
        expect(Object.keys(releases.checksums[version] ?? {})).toEqual(expect.arrayContaining(MAIN_PLATFORMS));
      }
    },
  );

  test('archives are named as the projects name them', () => {
    expect(archiveOf('helm', '4.3.0', 'linux-amd64').url).toBe('https://get.helm.sh/helm-v4.3.0-linux-amd64.tar.gz');
    expect(archiveOf('helm', '3.22.0', 'windows-arm64').fileName).toBe('helm-v3.22.0-windows-arm64.zip');
    expect(archiveOf('oras', '1.3.2', 'darwin-arm64').url).toBe(
      'https://github.com/oras-project/oras/releases/download/v1.3.2/oras_1.3.2_darwin_arm64.tar.gz',
    );
    expect(archiveOf('oras', '1.3.2', 'windows-amd64').fileName).toBe('oras_1.3.2_windows_amd64.zip');
  });

  test('platforms are named as Go names them', () => {
    expect(platformName('linux', 'x64')).toBe('linux-amd64');
    expect(platformName('darwin', 'arm64')).toBe('darwin-arm64');
    expect(platformName('win32', 'ia32')).toBe('windows-386');
    expect(platformName('linux', 's390x')).toBe('linux-s390x');
  });
});

describe('what a version input asks for', () => {
  test.each([
    ['', { kind: 'any' }],
    ['  ', { kind: 'any' }],
    ['4', { kind: 'major', major: 4 }],
    ['v3', { kind: 'major', major: 3 }],
    ['v4.3.1', { kind: 'exact', version: '4.3.1' }],
    ['4.3.1', { kind: 'exact', version: '4.3.1' }],
    [`v4.9.9@sha256:${SUM.toUpperCase()}`, { kind: 'exact', version: '4.9.9', sha256: SUM }],
    [`4.10.0-rc.1@sha256:${SUM}`, { kind: 'exact', version: '4.10.0-rc.1', sha256: SUM }],
  ])('%j', (text, wish) => {
    expect(parseWish('helm', text, helm)).toEqual(wish);
  });

  test.each([
    'latest',
    '4.3',
    '>=4',
    '4.03.1',
    'v4.3.1@sha256:abc',
    `4@sha256:${SUM}`,
    `v4.3.1@${SUM}`,
    'v4.3.1 v4.3.2',
  ])('%j is a wrong request that says what can be asked for', (text) => {
    const parse = () => parseWish('helm', text, helm);
    expect(parse).toThrow(RequestError);
    expect(parse).toThrow(`helm-version: "${text}" is no version.`);
  });

  test.each(['5', '2', '2.17.0', '3.17.4', '4.0.0-rc.1', `v3.0.0@sha256:${SUM}`])(
    '%j is older or newer than Chartship works with',
    (text) => {
      expect(() => parseWish('helm', text, helm)).toThrow(
        /can't be used: Chartship needs helm 4\.0\.0 or a later 4, or 3\.18\.0 or a later 3\./,
      );
    },
  );

  test('what is installed grants a wish', () => {
    expect(grants({ kind: 'any' }, '3.18.0')).toBe(true);
    expect(grants({ kind: 'major', major: 4 }, '4.1.0')).toBe(true);
    expect(grants({ kind: 'major', major: 4 }, '3.99.0')).toBe(false);
    expect(grants({ kind: 'exact', version: '4.3.1' }, '4.3.1')).toBe(true);
    expect(grants({ kind: 'exact', version: '4.3.1' }, '4.3.10')).toBe(false);
    expect(isNewEnough('1.1.9', oras)).toBe(false);
    expect(isNewEnough('1.2.0', oras)).toBe(true);
    expect(isNewEnough('2.0.0', oras)).toBe(false);
  });

  test('what is downloaded for a wish', () => {
    const sums = helm.checksums;
    const four = helm.pinned[4] ?? '';
    const three = helm.pinned[3] ?? '';
    expect(releaseFor('helm', { kind: 'any' }, 'linux-amd64', helm)).toEqual({
      version: four,
      sha256: sums[four]?.['linux-amd64'],
    });
    expect(releaseFor('helm', { kind: 'major', major: 3 }, 'darwin-arm64', helm)).toEqual({
      version: three,
      sha256: sums[three]?.['darwin-arm64'],
    });
    expect(releaseFor('helm', { kind: 'exact', version: '4.9.9', sha256: SUM }, 'plan9-amd64', helm)).toEqual({
      version: '4.9.9',
      sha256: SUM,
    });
    expect(() => releaseFor('helm', { kind: 'exact', version: '4.9.9' }, 'linux-amd64', helm)).toThrow(RequestError);
  });
});
