import type { AttestationRequest, VerificationRequest } from './attestation-settings.ts';
import type { EnvironmentSetting } from './config-file.ts';
import type { Credential } from './domain/credential.ts';
import type { Finding } from './domain/finding.ts';
import type { GitHubRun } from './domain/github-run.ts';
import type { KubeVersion } from './domain/kubernetes.ts';
import type { Target } from './domain/reference.ts';
import { STAGES, type StageName } from './domain/stage.ts';
import type { GitHubRequest } from './github-request.ts';
import type { RawInput } from './inputs.ts';
import type { PolicyRequest } from './policy-settings.ts';
import type { ReleaseMaterial } from './release-settings.ts';
import type { Pair } from './settings.ts';

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
  /** It runs for a pull request: what it would change is told. */
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
  /** What its workflow gives the release on GitHub; nothing where none is made. */
  readonly releaseMaterial: ReleaseMaterial;
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

/** The contexts of the environments that are to be deployed; `undefined` is the kubeconfig's own. */
export function contextsOf({ deployment, environments = [] }: Request): Set<string | undefined> {
  const { kubeContext } = deployment;
  return new Set(
    deployment.environments.map((name) => kubeContext ?? environments.find((each) => each.name === name)?.kubeContext),
  );
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
