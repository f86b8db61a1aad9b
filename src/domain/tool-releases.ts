/** The programs that Chartship calls, and gets when they aren't there. */
export type ToolName = 'helm' | 'oras';

/** Archive checksums by version, then by platform (`linux-amd64`): sha256 in lower-case hex. */
export type Checksums = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What is known about the releases of one program. */
export interface ToolReleases {
  /** The oldest version of each major that Chartship works with. A major that isn't listed is not used. */
  readonly minimum: Readonly<Record<number, string>>;
  /** The version of each major that is downloaded when no particular one is asked for. */
  readonly pinned: Readonly<Record<number, string>>;
  /** The major that is downloaded when none is asked for. */
  readonly defaultMajor: number;
  readonly checksums: Checksums;
}

// The three blocks below are rewritten by scripts/record-tool-checksums.mjs: it adds a version to the
// checksums and moves the pin of its major forward. docs/decisions/0003-tools.md says why these.

const HELM_PINNED = {
  4: '4.3.0',
  3: '3.22.0',
};

const HELM_CHECKSUMS: Checksums = {
  // From the release notes of helm/helm v4.3.0; the zips agree with microsoft/winget-pkgs, Helm.Helm 4.3.0.
  '4.3.0': {
    'darwin-amd64': '347a784877e0e20eac865e8d1c36a80f6bb0861d6f29abd34defb6570ef95d92',
    'darwin-arm64': 'd3870437e1e95b67f8edbde964156c84a26503f560821d40c542441658934fba',
    'linux-amd64': '86584a54def73570558f66f5111cc53dfed56689637ae32c1201205d494f54fb',
    'linux-arm64': '31c5794dd55c66a51e6b7d2e2ac7a114ae8b1de41ff1d9ba51748ac973b06a08',
    'windows-amd64': '304ea163cce4d9ad14e189c01846c6a34de9cfdfe48536ae54b2e8ba7884e67c',
    'windows-arm64': '4a9eefa30d26eb73900a9a0f16e97eae678582172204db60cbd454c68acea246',
  },
  // From the release page of helm/helm v3.22.0.
  '3.22.0': {
    'darwin-amd64': 'bd1d09f316558dda23698527859600936fed1371021ce0f2272d66b2fdcfa69c',
    'darwin-arm64': '4c9982a6cdeb458b60258df66b55398ca5b19293f6877faffe2909ad6f23dfe0',
    'linux-amd64': '1e4ab49e429626cf6c6958d914248b78c9730803c2751b87627e171dc800e7bb',
    'linux-arm64': 'f14e804dfee240f55525b667488fe9adca349e63e00c9af634c0beb1421ac310',
    'windows-amd64': '899615865726d39f9b245e71e848c5bf4adc7ed33a8c43ede660facb48151b43',
    'windows-arm64': '75a331a3b03d11aed6369bdf6a1f8f9d33635bc820de5cd6025a581292046805',
  },
};

const ORAS_PINNED = {
  1: '1.3.2',
};

const ORAS_CHECKSUMS: Checksums = {
  // From oras-project/setup-oras, src/lib/data/releases.json. There is no archive for windows-arm64.
  '1.3.2': {
    'darwin-amd64': '2621f6b252b222f6fbf4e114d2fcaa0cec6b632624ffaf73143f66e4e0994f86',
    'darwin-arm64': '7929f792cf272268412375ecad6f0fb3c20f164368d5b57966e67ad6d36eca53',
    'linux-amd64': '9229ccc6d17bb282039ad4a69abb16dcb887a5bce567c075d731d9b3c7ad8eaf',
    'linux-arm64': '8db4a223bd6034deff198e791ea7cb3af0840df25b7e9f370e2f1f3fd20d389b',
    'windows-amd64': 'c896f26245f11e6385d52010bb0a65a4e500e1f3244680a6556ed05462fa1c0d',
  },
};

export const TOOL_RELEASES: Readonly<Record<ToolName, ToolReleases>> = {
  helm: {
    minimum: { 4: '4.0.0', 3: '3.18.0' },
    pinned: HELM_PINNED,
    defaultMajor: 4,
    checksums: HELM_CHECKSUMS,
  },
  oras: {
    minimum: { 1: '1.2.0' },
    pinned: ORAS_PINNED,
    defaultMajor: 1,
    checksums: ORAS_CHECKSUMS,
  },
};

/** An official archive. A mirror serves it under the same file name. */
export interface ToolArchive {
  readonly fileName: string;
  /** Where the project itself publishes it. */
  readonly url: string;
}

/** `version` without a `v`; `platform` as `platformName` gives it. */
export function archiveOf(tool: ToolName, version: string, platform: string): ToolArchive {
  const extension = platform.startsWith('windows-') ? 'zip' : 'tar.gz';
  switch (tool) {
    case 'helm': {
      const fileName = `helm-v${version}-${platform}.${extension}`;
      return { fileName, url: `https://get.helm.sh/${fileName}` };
    }
    case 'oras': {
      const fileName = `oras_${version}_${platform.replace('-', '_')}.${extension}`;
      return { fileName, url: `https://github.com/oras-project/oras/releases/download/v${version}/${fileName}` };
    }
  }
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le', // the only PowerPC that Node still runs on is the little-endian one
};

/** Go's name for a machine, such as `linux-amd64`, from Node's `process.platform` and `process.arch`. */
export function platformName(os: string, architecture: string): string {
  return `${os === 'win32' ? 'windows' : os}-${ARCHITECTURES[architecture] ?? architecture}`;
}
