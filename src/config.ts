import { dirname, resolve } from 'node:path';
import { valid } from 'semver';
import {
  type AttestationRequest,
  readAttestation,
  readVerification,
  type VerificationRequest,
} from './attestation-settings.ts';
import { type EnvironmentSetting, readConfigFile } from './config-file.ts';
import type { Credential } from './domain/credential.ts';
import { hasCredentials, shown as shownRepository } from './domain/dependency-mirror.ts';
import { parseDuration } from './domain/duration.ts';
import { RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import type { GitHubRun } from './domain/github-run.ts';
import { isKubeconfig } from './domain/kubeconfig.ts';
import { type KubeVersion, parseKubeVersion } from './domain/kubernetes.ts';
import { SOURCE_BYTES } from './domain/limits.ts';
import { suggestion } from './domain/nearest.ts';
import { isInside, shownPath } from './domain/paths.ts';
import { parseChartReference } from './domain/published-chart.ts';
import { isLoopback, parseTarget, type Target, targetFault } from './domain/reference.ts';
import { readSource } from './domain/source.ts';
import { STAGES, type StageName } from './domain/stage.ts';
import { type GitHubRequest, readGitHub } from './github-request.ts';
import { INPUTS, type InputName, type RawInput } from './inputs.ts';
import { type PolicyRequest, readPolicies } from './policy-settings.ts';
import type { Files } from './ports.ts';
import { fault, isSetting, type Pair, quote, readSettings, type Setting, type Settings } from './settings.ts';
import { readAliasTags, readPreRelease, readTagFormats } from './version-settings.ts';

/** What was asked for: validated once, here; nothing behind this reads an input again. */
export interface Request {
  /** The chart folders or globs. Only those that were given as an input may lie outside the repository. */
  readonly charts: {
    readonly patterns: readonly string[];
    /** They are references to published charts, `oci://…`, not folders. */
    readonly published: boolean;
    readonly base: string;
    readonly insideOnly: boolean;
  };
  /** The environments to check; `undefined` means all. */
  readonly only: readonly string[] | undefined;
  /** From the configuration; `undefined` means they are found beside each Chart.yaml. */
  readonly environments: readonly EnvironmentSetting[] | undefined;
  readonly values: readonly string[];
  readonly set: readonly string[];
  readonly secretValues: string | undefined;
  /** From the input: for every environment. */
  readonly givenKubeVersions: readonly KubeVersion[] | undefined;
  /** From the file: for environments that have none of their own. */
  readonly kubeVersions: readonly KubeVersion[] | undefined;
  readonly apiVersions: readonly string[];
  /** Files and folders with definitions of kinds, relative to `base`. */
  readonly crdSchemas: { readonly paths: readonly string[]; readonly base: string };
  readonly policies: PolicyRequest;
  readonly registries: readonly Target[];
  /** Those that nothing is published to, but that are asked whether they would have it: for a pull request. */
  readonly asked: readonly Target[];
  readonly credentials: readonly Credential[];
  readonly plainHttp: boolean;
  readonly caFile: string | undefined;
  readonly mirrors: readonly Pair[];
  readonly version: string | undefined;
  readonly appVersion: string | undefined;
  /** `pr.45.sha-0a1b2c3`, where a version of the commit was asked for. */
  readonly preRelease: string | undefined;
  /** The git tag that this runs for, and which tags speak of charts. */
  readonly tag: string | undefined;
  readonly tagFormats: readonly string[];
  /** Patterns of tags that stand for the newest release. */
  readonly aliasTags: readonly string[];
  readonly until: StageName;
  /** What was left out with all after it: this runs for a pull request, or `until` says so. */
  readonly held: Held | undefined;
  /** It runs for a pull request: what it would change is told. Not on a foreign checkout, for which no registry is asked. */
  readonly isProposed: boolean;
  /** Registries to publish to, or to copy to what is published, were given for this very run, not in the file. */
  readonly isRegistryAsked: boolean;
  /** The checkout is of somebody's who may not be trusted: nothing of his decides where a secret is sent. */
  readonly isForeign: boolean;
  /** The hosts that a login without a host is for: the registries to publish to and those of published charts; on a foreign checkout only those that were given as an input. */
  readonly loginHosts: readonly string[];
  readonly namespace: string | undefined;
  readonly release: string | undefined;
  readonly deployment: DeploymentRequest;
  /** What Artifact Hub is to know of each chart's repository: its artifacthub-repo.yml. */
  readonly artifacthubRepo: Uint8Array | undefined;
  /** What is to be said on GitHub; `undefined` outside of a workflow and without a token. */
  readonly github: GitHubRequest | undefined;
  /** What is published is attested; `undefined` where it isn't. */
  readonly attestation: AttestationRequest | undefined;
  /** Who must have attested what is deployed or copied. */
  readonly verification: VerificationRequest | undefined;
  readonly helmVersion: string | undefined;
  readonly orasVersion: string | undefined;
  readonly toolsMirror: string | undefined;
  readonly failOn: 'error' | 'warning';
  /** Only the plan is made and told. */
  readonly plan: boolean;
  /** At most how many jobs the plan spreads charts over; `undefined` where that is left to it. */
  readonly shards: number | undefined;
  /** The report folder, absolute. */
  readonly report: string;
  /** Where a key of the configuration file stands; empty when it isn't there. */
  readonly place: (path: readonly (string | number)[]) => Pick<Finding, 'file' | 'line' | 'column'>;
}

export type Held = 'publish' | 'deploy' | 'until';

/** What was asked for of deploying. */
export interface DeploymentRequest {
  /** The environments to deploy, in this order; none where nothing is deployed. */
  readonly environments: readonly string[];
  /** A path (absolute) or the content; `undefined` means the usual KUBECONFIG rules. */
  readonly kubeconfig: { readonly path: string } | { readonly content: string } | undefined;
  /** From the input: for every environment. */
  readonly kubeContext: string | undefined;
  /** Seconds, of environments that have none of their own; from the input, of every one. */
  readonly timeout: number;
  readonly timeoutGiven: boolean;
  readonly failFast: boolean;
  readonly rollback: boolean;
  readonly test: boolean;
  readonly dryRun: boolean;
}

/** Whether a stage is among those that were asked for. */
export function reaches(request: Request, stage: StageName): boolean {
  return STAGES.indexOf(stage) <= STAGES.indexOf(request.until);
}

export interface RawRequest {
  /** The working directory: paths that were given as inputs are relative to it, those of chartship.yaml to the repository's root. */
  readonly cwd: string;
  readonly inputs: readonly RawInput[];
  /** What was wrong with how they were given. */
  readonly faults: readonly Finding[];
  /** Who set the workflow off, for ghcr.io, and what did, if this runs in one. */
  readonly workflow: {
    readonly actor?: string;
    readonly event?: 'own' | 'pull-request' | 'foreign';
    readonly run?: GitHubRun;
    /** The runner gives tokens that show which workflow this is. */
    readonly hasIdentity?: boolean;
    /** The git tag that it runs for. */
    readonly tag?: string;
    /** What makes a version one of the commit that it runs for; none for a tag. */
    readonly preRelease?: string;
  };
}

/** Inputs and chartship.yaml → Request. Throws a RequestError with every fault that was found. */
export async function readRequest(raw: RawRequest, files: Pick<Files, 'root' | 'read' | 'real'>): Promise<Request> {
  const { settings: given, faults: unread } = readSettings(raw.inputs);
  const faults = [...raw.faults, ...unread];
  const file = await readConfiguration(text(given.get('config')), raw.cwd, files, faults);
  const settings: Settings = new Map([...file.settings, ...given]);
  const has = (name: InputName): string | undefined => text(settings.get(name));

  const named = list(settings.get('registry')).flatMap((entry) => {
    const target = parseTarget(entry);
    if (target === undefined) {
      const { shown, hint } = targetFault(entry);
      faults.push(
        fault('registry', `registry ${quote(shown)} is neither oci://host/path nor oci-layout:DIR`, {
          hint,
          ...at('registry'),
        }),
      );
    }
    if (target?.kind === 'layout') return { ...target, directory: resolve(base('registry'), target.directory) };
    return target ?? [];
  });
  // One place written twice is published to once.
  const registries = [...new Map(named.map((target) => [placeOf(target), target])).values()];
  const kubeVersions = readKubeVersions(list(settings.get('kube-versions')), 'kube-versions', faults, () =>
    at('kube-versions'),
  );
  for (const environment of file.environments ?? []) {
    readKubeVersions(environment.kubeVersions ?? [], `kubeVersions of ${environment.name}`, faults, () => ({
      file: file.shown,
      ...file.position(['environments', environment.name, 'kubeVersions']),
    }));
  }
  const mirrors = (settings.get('mirrors') as readonly Pair[] | undefined) ?? [];
  for (const { from, to } of mirrors) {
    // A repository's URL is shown, and stands in helm's arguments.
    const withLogin = [from, to].find(hasCredentials);
    if (withLogin !== undefined) {
      faults.push(
        fault('credentials', `mirrors holds credentials: ${shownRepository(withLogin)}`, {
          hint: 'Take them out, and give them as registry-username and registry-password (host=… a line).',
          ...at('mirrors'),
        }),
      );
    }
  }
  const asked = has('until') as StageName | undefined;
  const isPublished = (pattern: string): boolean => pattern.startsWith('oci://');
  const patterns = optional(list(settings.get('chart'))) ?? ['chart'];
  const allPublished = patterns.every(isPublished);
  if (!allPublished && patterns.some(isPublished)) {
    faults.push(
      fault('chart', 'chart names charts in folders and published ones', {
        hint: 'What is published is deployed without a stage before: give them in runs of their own.',
        ...at('chart'),
      }),
    );
  }
  const plans = settings.get('plan') === true;
  if (plans && allPublished) {
    faults.push(
      fault('plan', `there is nothing to plan for ${quote(patterns[0] ?? '')}: what is published is only deployed`, {
        hint: 'Leave plan out, or give a chart folder.',
        ...at('chart'),
      }),
    );
  }
  const deploys = [...new Set(list(settings.get('deploy')))];
  // A plan for all there is: the configuration says in which order. Of values files beside Chart.yaml none is known.
  if (plans && deploys.length === 0 && asked === undefined) {
    const only = optional(list(settings.get('environments')));
    const names = (file.environments ?? []).map(({ name }) => name);
    deploys.push(...names.filter((name) => only?.includes(name) ?? true));
  }
  // Pull requests never publish and never touch a cluster. What must be reached and can't be is said, not skipped.
  // A registry on loopback and a layout on disk are this machine's own: to try things out there is no publishing.
  const event = raw.workflow.event ?? 'own';
  const leaves = registries.some((target) => target.kind === 'registry' && !isLoopback(target.host));
  const farthest: StageName =
    deploys.length > 0
      ? settings.get('test') === false
        ? 'deploy'
        : 'test'
      : registries.length > 0
        ? 'publish'
        : 'package';
  const wished = asked ?? farthest;
  const published = STAGES.indexOf(wished) >= STAGES.indexOf('publish');
  const deployed = STAGES.indexOf(wished) >= STAGES.indexOf('deploy');
  const heldDeploy = event !== 'own' && deployed && deploys.length > 0;
  const heldPublish =
    (event === 'foreign' || (event === 'pull-request' && leaves)) && published && registries.length > 0;
  const held: Held | undefined = heldPublish ? 'publish' : heldDeploy ? 'deploy' : undefined;
  const until: StageName =
    heldPublish || (heldDeploy && registries.length === 0) ? 'package' : heldDeploy ? 'publish' : wished;
  if (held !== undefined && given.has('until')) {
    const what = held === 'publish' ? 'publish' : 'touch a cluster';
    faults.push(
      fault('pull-request', `until: ${wished} can't be reached on a pull request: pull requests never ${what}`, {
        hint: `Leave until out, or ${held} on push and tags.`,
      }),
    );
  }
  if (wished === 'publish' && registries.length === 0) {
    faults.push(
      fault('no-registry', 'until: publish needs a registry, and none is given', {
        hint: 'Give registry: oci://host/path or oci-layout:DIR.',
        ...at('until'),
      }),
    );
  }
  if (deployed && deploys.length === 0) {
    faults.push(
      fault('no-environment', `until: ${wished} needs environments to deploy, and none is given`, {
        hint: 'Give deploy: the names of environments, in order.',
        ...at('until'),
      }),
    );
  }
  if (settings.get('dry-run') === true && deploys.length === 0) {
    faults.push(
      fault('no-environment', 'dry-run needs environments to deploy, and none is given', {
        hint: 'Give deploy; or leave dry-run out, and give until: package where nothing is to be published.',
      }),
    );
  }
  for (const name of ['version', 'app-version', 'pre-release'] as const) {
    if (!allPublished || !given.has(name) || given.get(name) === false) continue;
    faults.push(
      fault('ambiguous', `${name} is given for a chart that is published already`, {
        hint: 'Say which by its reference: oci://host/path/chart:VERSION or @sha256:….',
      }),
    );
  }
  // The registry of the file is where it was published; only one that is asked for is a place to copy it to.
  const promotes = allPublished && given.has('registry');
  if (allPublished && (deploys.length > 0 || promotes) && !deployed && !(promotes && wished === 'publish')) {
    faults.push(
      fault(
        'no-stage',
        `until: ${wished} can't be reached with chart ${quote(patterns[0] ?? '')}: what is published is only copied and deployed`,
        { hint: 'Leave until out, or give a chart folder.', ...at('until') },
      ),
    );
  }
  if (allPublished && deploys.length === 0 && !promotes && held === undefined && !plans) {
    faults.push(
      fault(
        'no-environment',
        `chart ${quote(patterns[0] ?? '')} is published already: there is nothing to do but to copy or to deploy it`,
        {
          hint: 'Give deploy: the names of environments, in order; registry: where to copy it to; or a chart folder.',
          ...at('chart'),
        },
      ),
    );
  }
  const github = readGitHub(raw);
  if (given.has('github-release') && settings.get('github-release') === true) {
    if (github === undefined)
      faults.push(
        fault('github-release', 'github-release needs a workflow on GitHub and a github-token', {
          hint: 'Leave it out elsewhere.',
        }),
      );
    if (allPublished)
      faults.push(
        fault('github-release', 'github-release is given for a chart that is published already', {
          hint: 'Release in the run that publishes it: give a chart folder.',
        }),
      );
  }
  for (const setting of list(settings.get('set'))) {
    if (!isSetting(setting))
      faults.push(fault('wrong-type', `set must be path=value, not ${quote(setting)}`, at('set')));
  }
  const caFile = has('ca-file') === undefined ? undefined : resolve(raw.cwd, has('ca-file') ?? '');
  if (caFile !== undefined && (await files.real(caFile)) === undefined)
    faults.push(fault('ca-file', `ca-file ${quote(shownPath(files.root, caFile))} is not there`));
  const secretValues = has('secret-values');
  if (secretValues !== undefined) checkSecretValues(secretValues, faults);

  // Given, though not as it should be: that it's missing would be a second fault for the first one.
  const passwordRefused = raw.faults.some(({ message }) => message.startsWith('--registry-password '));

  const publishedHosts = [
    ...(event === 'foreign' && !given.has('registry')
      ? []
      : registries.flatMap((target) => (target.kind === 'registry' ? [target.host] : []))),
    ...(event === 'foreign' && !given.has('chart') ? [] : patterns.flatMap(hostOfPublished)),
  ];
  // Definitions often lie elsewhere, for anybody: where there is another registry the login is for that one. And a
  // file that a pull request may change gets none for where it says.
  const loginHosts =
    publishedHosts.length === 0 && given.has('crd-schemas')
      ? list(settings.get('crd-schemas')).flatMap(hostOfPublished)
      : publishedHosts;
  const isTrial = settings.get('plan') === true || settings.get('dry-run') === true;
  const attests =
    settings.get('attest') === true &&
    registries.length > 0 &&
    published &&
    held !== 'publish' &&
    !allPublished &&
    !isTrial;
  const signing = {
    services: list(settings.get('sigstore')),
    key: has('signing-key'),
    password: has('signing-password'),
    hasIdentity: raw.workflow.hasIdentity === true,
  };
  const attestation = await readAttestation(signing, attests, raw.cwd, files, faults);
  const trust = { signer: list(settings.get('verify')), root: has('trusted-root') };
  const verification = await readVerification(trust, raw.cwd, files, faults);
  const request: Request = {
    charts: {
      patterns,
      published: allPublished,
      base: base('chart'),
      insideOnly: isFromFile('chart'),
    },
    only: optional(list(settings.get('environments'))),
    environments: file.environments,
    values: list(settings.get('values')),
    set: list(settings.get('set')),
    secretValues,
    givenKubeVersions: given.has('kube-versions') ? optional(kubeVersions) : undefined,
    kubeVersions: given.has('kube-versions') ? undefined : optional(kubeVersions),
    apiVersions: list(settings.get('api-versions')),
    crdSchemas: { paths: list(settings.get('crd-schemas')), base: base('crd-schemas') },
    policies: await readPolicies(list(settings.get('policies')), base('policies'), faults, (index) =>
      isFromFile('policies')
        ? { file: file.shown, ...(file.position(['policies', index]) ?? file.position(['policies'])) }
        : {},
    ),
    registries,
    asked: heldPublish && event === 'pull-request' ? registries : [],
    credentials: passwordRefused
      ? []
      : readCredentials(
          list(settings.get('registry-username')),
          has('registry-password'),
          has('github-token'),
          raw.workflow,
          faults,
        ),
    plainHttp: settings.get('plain-http') === true,
    caFile,
    mirrors,
    version: readVersion('version', has('version'), true, faults),
    appVersion: readVersion('app-version', has('app-version'), false, faults),
    preRelease: settings.get('pre-release') === true ? readPreRelease(raw.workflow, faults) : undefined,
    tag: raw.workflow.tag,
    tagFormats: readTagFormats(optional(list(settings.get('tag-format'))), () => at('tag-format'), faults),
    aliasTags: readAliasTags(list(settings.get('alias-tags')), () => at('alias-tags'), faults),
    until,
    isProposed: event === 'pull-request',
    held: held ?? (deploys.length > 0 && !deployed ? 'until' : undefined),
    isForeign: event === 'foreign',
    isRegistryAsked: given.has('registry'),
    loginHosts,
    namespace: has('namespace'),
    release: has('release'),
    deployment: {
      environments: deployed && heldDeploy === false ? deploys : [],
      kubeconfig: await readKubeconfig(has('kubeconfig'), raw.cwd, files, faults),
      kubeContext: has('kube-context'),
      timeout: parseDuration(has('timeout') ?? '') ?? DEFAULT_TIMEOUT,
      timeoutGiven: given.has('timeout'),
      failFast: settings.get('fail-fast') !== false,
      rollback: settings.get('rollback') !== false,
      test: settings.get('test') !== false,
      dryRun: settings.get('dry-run') === true,
    },
    artifacthubRepo: await readArtifacthubRepo(),
    github,
    attestation,
    verification,
    helmVersion: has('helm-version'),
    orasVersion: has('oras-version'),
    toolsMirror: has('tools-mirror'),
    failOn: (has('fail-on') as 'error' | 'warning' | undefined) ?? 'error',
    plan: plans,
    shards: readShards(has('shards'), faults),
    report: resolve(base('report'), has('report') ?? 'chartship-report'),
    place: (path) => {
      const position = file.position(path);
      return position === undefined ? {} : { file: file.shown, ...position };
    },
  };
  checkNames(request, file, faults);
  // Who runs Chartship may write where he likes; a file that a pull request changes may not.
  const written = [
    ...(isFromFile('report') ? [{ name: 'report' as const, folder: request.report }] : []),
    ...(isFromFile('registry') ? registries : []).flatMap((target) =>
      target.kind === 'layout' ? [{ name: 'registry' as const, folder: target.directory }] : [],
    ),
  ];
  for (const { name, folder } of written) {
    if (await isBelowRoot(folder, files)) continue;
    faults.push(
      fault('outside', `${name} ${quote(shownPath(files.root, folder))} lies outside the repository`, {
        ...at(name),
        hint: `Where chartship.yaml says so, nothing is written outside the repository; the input ${name} may name such a folder.`,
      }),
    );
  }
  if (request.only !== undefined && file.environments !== undefined) {
    const names = file.environments.map((environment) => environment.name);
    for (const name of request.only) {
      if (!names.includes(name))
        faults.push(
          fault('unknown-environment', `there is no environment ${quote(name)} in ${file.shown}`, {
            hint: suggestion(name, names),
          }),
        );
    }
  }
  if (faults.length > 0) throw new RequestError(faults);
  return request;

  async function readArtifacthubRepo(): Promise<Uint8Array | undefined> {
    const named = has('artifacthub-repo');
    if (named === undefined) return undefined;
    const path = resolve(base('artifacthub-repo'), named);
    const wrong = (what: string, rest: Partial<Finding> = {}): undefined =>
      void faults.push(
        fault('artifacthub-repo', `artifacthub-repo ${quote(shownPath(files.root, path))} ${what}`, {
          ...at('artifacthub-repo'),
          ...rest,
        }),
      );
    const real = await files.real(path);
    if (real === undefined) return wrong('is not there');
    const root = (await files.real(files.root)) ?? files.root;
    if (isFromFile('artifacthub-repo') && !isInside(root, real))
      return wrong('lies outside the repository', { hint: 'Nothing outside the repository is read.' });
    const bytes = await files.read(real, SOURCE_BYTES);
    if (bytes === undefined) return wrong('is no file');
    const read = readSource(bytes);
    const { message, ...place } = read.ok ? { message: '' } : read.fault;
    if (!read.ok) return wrong(message, { file: shownPath(files.root, path), ...place });
    const { data } = read.source;
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return wrong('must be a mapping');
    return bytes;
  }

  /** What a relative path of this setting is relative to. */
  function base(name: InputName): string {
    return isFromFile(name) ? files.root : raw.cwd;
  }

  function isFromFile(name: InputName): boolean {
    return file.settings.has(name) && !given.has(name);
  }

  /** Where the setting stands, if it came from the file. */
  function at(name: InputName): Partial<Finding> {
    if (given.has(name)) return {};
    const key = INPUTS.find((input) => input.name === name);
    const position = key !== undefined && 'fileKey' in key ? file.position([key.fileKey]) : undefined;
    return position === undefined ? {} : { file: file.shown, ...position };
  }
}

function hostOfPublished(pattern: string): string[] {
  const reference = parseChartReference(pattern);
  return reference.ok ? [reference.host] : [];
}

/** Seconds. */
const DEFAULT_TIMEOUT = 300;

/** Longer than any path; a kubeconfig that somebody encoded is longer still. */
const LONGEST_PATH = 1024;

async function readKubeconfig(
  given: string | undefined,
  cwd: string,
  files: Pick<Files, 'root' | 'real'>,
  faults: Finding[],
): Promise<DeploymentRequest['kubeconfig']> {
  if (given === undefined) return undefined;
  if (isKubeconfig(given)) return { content: given };
  if (given.trim().length > LONGEST_PATH) {
    // It may be a secret in a form that isn't known, so that nothing of it is shown.
    faults.push(
      fault('kubeconfig', 'kubeconfig is neither a path nor the content of a kubeconfig', {
        hint: 'Give the content as it is: not in base64.',
      }),
    );
    return undefined;
  }
  // As on the command line, where a secret in a file is @FILE.
  const path = resolve(cwd, given.trim().replace(/^@/, ''));
  if ((await files.real(path)) === undefined)
    faults.push(fault('kubeconfig', `kubeconfig ${quote(shownPath(files.root, path))} is not there`));
  return { path };
}

/** Whether a folder, which needn't be there yet, is in the repository once every link on the way is followed. */
async function isBelowRoot(folder: string, files: Pick<Files, 'root' | 'real'>): Promise<boolean> {
  const root = (await files.real(files.root)) ?? files.root;
  for (let way = folder; ; way = dirname(way)) {
    const real = await files.real(way);
    if (real !== undefined) return isInside(root, real);
    if (way === dirname(way)) return false;
  }
}

interface Configuration {
  readonly settings: Settings;
  readonly environments: readonly EnvironmentSetting[] | undefined;
  readonly position: ReturnType<typeof readConfigFile>['config']['position'];
  readonly shown: string;
}

async function readConfiguration(
  named: string | undefined,
  cwd: string,
  files: Pick<Files, 'root' | 'read' | 'real'>,
  faults: Finding[],
): Promise<Configuration> {
  const path = named === undefined ? resolve(files.root, 'chartship.yaml') : resolve(cwd, named);
  const shown = shownPath(files.root, path);
  const nothing: Configuration = { settings: new Map(), environments: undefined, position: () => undefined, shown };
  const real = await files.real(path);
  if (real === undefined) {
    if (named !== undefined) faults.push(fault('no-configuration', `the configuration ${quote(named)} is not there`));
    return nothing;
  }
  const root = (await files.real(files.root)) ?? files.root;
  if (!isInside(root, real)) {
    faults.push(
      fault('outside', `the configuration ${quote(named ?? shown)} lies outside the repository`, {
        hint: 'Nothing outside the repository is read.',
      }),
    );
    return nothing;
  }
  let bytes: Uint8Array | undefined;
  try {
    bytes = await files.read(real, SOURCE_BYTES);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.push(fault('configuration', `${shown} is larger than ${SOURCE_BYTES / 1024 / 1024} MiB`, { file: shown }));
    return nothing;
  }
  if (bytes === undefined) {
    faults.push(fault('no-configuration', `the configuration ${quote(shown)} is no file`));
    return nothing;
  }
  const { config, faults: found } = readConfigFile(bytes, shown);
  faults.push(...found);
  return { ...config, shown };
}

function readKubeVersions(
  texts: readonly string[],
  name: string,
  faults: Finding[],
  // Found only when it is pointed at: positions cost a full reading of the file.
  place: () => Partial<Finding>,
): KubeVersion[] {
  return texts.flatMap((entry) => {
    const version = parseKubeVersion(entry);
    if (version === undefined)
      faults.push(
        fault('kube-version', `${name}: ${quote(entry)} is no Kubernetes version`, {
          hint: 'Write it as 1.35 or 1.35.2.',
          ...place(),
        }),
      );
    return version ?? [];
  });
}

function placeOf(target: Target): string {
  return target.kind === 'layout' ? target.directory : target.text;
}

function readVersion(
  name: InputName,
  given: string | undefined,
  semver: boolean,
  faults: Finding[],
): string | undefined {
  if (given === undefined) return undefined;
  const version = given.replace(/^v(?=[0-9])/, '');
  if (semver && valid(version) !== version.replace(/\+.*$/, '')) {
    faults.push(
      fault('version', `${name} ${quote(given)} is no semantic version`, { hint: 'Write it as 1.2.3 or 1.2.3-rc.1.' }),
    );
  }
  return version;
}

/** GitHub's matrix has at most 256 jobs. */
const MOST_SHARDS = 256;

function readShards(given: string | undefined, faults: Finding[]): number | undefined {
  if (given === undefined) return undefined;
  const number = /^[1-9][0-9]{0,2}$/.test(given) ? Number(given) : 0;
  if (number >= 1 && number <= MOST_SHARDS) return number;
  faults.push(fault('wrong-type', `shards must be a number from 1 to ${MOST_SHARDS}, not ${quote(given)}`));
  return undefined;
}

/** `host=value` a line where several hosts are meant; else one value for every registry. */
function readCredentials(
  usernames: readonly string[],
  password: string | undefined,
  token: string | undefined,
  workflow: RawRequest['workflow'],
  faults: Finding[],
): Credential[] {
  const byHost = (line: string): readonly [string, string] | undefined => {
    const match = /^([A-Za-z0-9.-]*(?:\.[A-Za-z0-9-]+|localhost|:[0-9]+)(?::[0-9]+)?)=(.+)$/.exec(line);
    return match?.[1] === undefined || match[2] === undefined ? undefined : [match[1], match[2]];
  };
  const credentials: Credential[] = [];
  if (usernames.length > 0 || password !== undefined) {
    const named = usernames.map(byHost);
    const perHost = named.length > 0 && named.every((entry) => entry !== undefined);
    if (password === undefined)
      faults.push(fault('credentials', 'registry-username is given without registry-password'));
    else if (usernames.length === 0)
      faults.push(fault('credentials', 'registry-password is given without registry-username'));
    else if (!perHost) {
      if (usernames.length > 1)
        faults.push(fault('credentials', 'registry-username has several lines that are not host=name'));
      else credentials.push({ username: usernames[0] ?? '', password: password.replace(/\r?\n$/, '') });
    } else {
      const passwords = new Map(
        password.split(/\r?\n/).flatMap((line) => {
          const entry = byHost(line.trim());
          return entry === undefined ? [] : [entry];
        }),
      );
      for (const [host, username] of named as (readonly [string, string])[]) {
        const secret = passwords.get(host);
        if (secret === undefined)
          faults.push(
            fault('credentials', `registry-username names ${quote(host)}, and registry-password has no line ${host}=…`),
          );
        else credentials.push({ host, username, password: secret });
      }
    }
  }
  if (
    token !== undefined &&
    workflow.actor !== undefined &&
    !credentials.some((entry) => entry.host === undefined || entry.host === 'ghcr.io')
  ) {
    credentials.push({ host: 'ghcr.io', username: workflow.actor, password: token });
  }
  return credentials;
}

function checkSecretValues(given: string, faults: Finding[]): void {
  const read = readSource(new TextEncoder().encode(given));
  // Neither the text nor a piece of it is shown: it is the secret.
  if (!read.ok) {
    const { line, column } = read.fault;
    faults.push(
      fault(
        'secret-values',
        `secret-values is no valid YAML${line === undefined ? '' : ` (line ${line}, column ${column})`}`,
      ),
    );
  } else if (
    read.source.data !== undefined &&
    (typeof read.source.data !== 'object' || Array.isArray(read.source.data))
  ) {
    faults.push(fault('secret-values', 'secret-values must be a mapping of values'));
  }
}

/** Helm refuses release names over 53 characters; Kubernetes namespaces over 63. */
function checkNames(request: Request, file: Configuration, faults: Finding[]): void {
  const check = (kind: 'namespace' | 'release', name: string | undefined, place: () => Partial<Finding>): void => {
    const longest = kind === 'release' ? 53 : 63;
    if (name === undefined || (name.length <= longest && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))) return;
    faults.push(
      fault(
        kind,
        `${kind} ${quote(name)} must be lower-case letters, digits and hyphens, at most ${longest} characters`,
        place(),
      ),
    );
  };
  check('namespace', request.namespace, () => ({}));
  check('release', request.release, () => ({}));
  for (const environment of file.environments ?? []) {
    for (const key of ['namespace', 'release'] as const) {
      check(key, environment[key], () => ({
        file: file.shown,
        ...file.position(['environments', environment.name, key]),
      }));
    }
  }
}

function text(setting: Setting | undefined): string | undefined {
  return typeof setting === 'string' ? setting : undefined;
}

function list(setting: Setting | undefined): readonly string[] {
  return Array.isArray(setting) ? (setting as readonly string[]) : [];
}

function optional<T>(entries: readonly T[]): readonly T[] | undefined {
  return entries.length === 0 ? undefined : entries;
}
