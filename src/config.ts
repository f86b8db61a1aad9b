import { dirname, resolve } from 'node:path';
import valid from 'semver/functions/valid.js';
import { readArtifacthubRepo } from './artifacthub-settings.ts';
import { readAttestation, readVerification } from './attestation-settings.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { hasCredentials, shown as shownRepository } from './domain/dependency-mirror.ts';
import { parseDuration } from './domain/duration.ts';
import { RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import { type KubeVersion, parseKubeVersion } from './domain/kubernetes.ts';
import { suggestion } from './domain/nearest.ts';
import { isInside, shownPath } from './domain/paths.ts';
import { parseChartReference } from './domain/published-chart.ts';
import { parseTarget, type Target, targetFault } from './domain/reference.ts';
import { STAGES, type StageName } from './domain/stage.ts';
import { readGitHub } from './github-request.ts';
import { readGoal } from './goal.ts';
import { INPUTS, type InputName } from './inputs.ts';
import { readPolicies } from './policy-settings.ts';
import type { Files } from './ports.ts';
import { readReleaseMaterial } from './release-settings.ts';
import type { RawRequest, Request } from './request.ts';
import { checkSecretValues, readCredentials, readKubeconfig } from './secret-settings.ts';
import { fault, isSetting, list, optional, type Pair, quote, readSettings, type Settings, text } from './settings.ts';
import { readAliasTags, readPreRelease, readTagFormats } from './version-settings.ts';

/** Inputs and chartship.yaml → Request. Throws a RequestError with every fault that was found. */
export async function readRequest(
  raw: RawRequest,
  files: Pick<Files, 'root' | 'read' | 'real' | 'kind' | 'glob'>,
): Promise<Request> {
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
  const event = raw.workflow.event ?? 'own';
  const goal = readGoal(
    {
      event,
      registries,
      deploys,
      test: settings.get('test') !== false,
      dryRun: settings.get('dry-run') === true,
      until: asked,
      isUntilGiven: given.has('until'),
    },
    () => at('until'),
    faults,
  );
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
  const endsBefore = STAGES.indexOf(goal.wished) < STAGES.indexOf('deploy');
  if (allPublished && (deploys.length > 0 || promotes) && endsBefore && !(promotes && goal.wished === 'publish')) {
    faults.push(
      fault(
        'no-stage',
        `until: ${goal.wished} can't be reached with chart ${quote(patterns[0] ?? '')}: what is published is only copied and deployed`,
        { hint: 'Leave until out, or give a chart folder.', ...at('until') },
      ),
    );
  }
  if (allPublished && deploys.length === 0 && !promotes && goal.held === undefined && !plans) {
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
    settings.get('attest') === true && registries.length > 0 && goal.publishes && !allPublished && !isTrial;
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
    asked: goal.held === 'publish' && event === 'pull-request' ? registries : [],
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
    until: goal.until,
    isProposed: event !== 'own',
    held: goal.held,
    isForeign: event === 'foreign',
    isRegistryAsked: given.has('registry'),
    loginHosts,
    namespace: has('namespace'),
    release: has('release'),
    deployment: {
      environments: goal.deploys ? deploys : [],
      kubeconfig: await readKubeconfig(has('kubeconfig'), raw.cwd, files, faults),
      kubeContext: has('kube-context'),
      timeout: parseDuration(has('timeout') ?? '') ?? DEFAULT_TIMEOUT,
      timeoutGiven: given.has('timeout'),
      failFast: settings.get('fail-fast') !== false,
      rollback: settings.get('rollback') !== false,
      test: settings.get('test') !== false,
      dryRun: settings.get('dry-run') === true,
    },
    artifacthubRepo: await readArtifacthubRepo(
      {
        named: has('artifacthub-repo'),
        base: base('artifacthub-repo'),
        insideOnly: isFromFile('artifacthub-repo'),
        at: () => at('artifacthub-repo'),
      },
      files,
      faults,
    ),
    github,
    releaseMaterial: await readReleaseMaterial(
      {
        // Made by steps before this one, for a tag alone.
        ...(github?.release === true && github.run.tag !== undefined
          ? { notes: has('github-release-notes'), files: list(settings.get('github-release-files')) }
          : { notes: undefined, files: [] }),
        base: raw.cwd,
      },
      files,
      faults,
    ),
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

/** Whether a folder, which needn't be there yet, is in the repository once every link on the way is followed. */
async function isBelowRoot(folder: string, files: Pick<Files, 'root' | 'real'>): Promise<boolean> {
  const root = (await files.real(files.root)) ?? files.root;
  for (let way = folder; ; way = dirname(way)) {
    const real = await files.real(way);
    if (real !== undefined) return isInside(root, real);
    if (way === dirname(way)) return false;
  }
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
