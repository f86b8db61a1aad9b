/**
 * The one declaration of every input. action.yml, `--help`, the README's table and the editor schema of
 * chartship.yaml are generated from it (`npm run generate`), and a test fails when they drift.
 */

/** How an input's text is read. `list`: one a line or separated by commas; `lines`: one a line; `pairs`: `KEY=VALUE` a line; `duration`: `90s`, `10m`, `1h30m`. */
export type InputKind = 'text' | 'list' | 'lines' | 'pairs' | 'boolean' | 'choice' | 'duration' | 'secret';

export interface InputDeclaration {
  readonly name: string;
  readonly kind: InputKind;
  readonly description: string;
  /** What holds when the input isn't given, in words; an empty text when there is nothing to say. */
  readonly default: string;
  readonly choices?: readonly string[];
  /** The key in chartship.yaml; absent for what a pull request could abuse, and for secrets. */
  readonly fileKey?: string;
  /** A secret's text may be the path of a file that holds it, which is no secret itself. */
  readonly orPath?: true;
  /** What stands for the value in `--help`. */
  readonly placeholder: string;
}

export const INPUTS = [
  {
    name: 'chart',
    kind: 'list',
    fileKey: 'charts',
    placeholder: 'DIR',
    default: 'chart',
    description:
      'Chart directories or globs, one a line or separated by commas; or oci://HOST/PATH/CHART@sha256:… (or :VERSION, resolved once to its digest) to deploy what is published, or to copy it to another registry.',
  },
  {
    name: 'config',
    kind: 'text',
    placeholder: 'FILE',
    default: 'chartship.yaml when present',
    description: "The repository's configuration file.",
  },
  {
    name: 'environments',
    kind: 'list',
    placeholder: 'NAME',
    default: 'all',
    description:
      'Environments to check. Without a configuration they are found: each values-NAME.yaml beside Chart.yaml is one; with none there is one, default.',
  },
  {
    name: 'values',
    kind: 'list',
    fileKey: 'values',
    placeholder: 'FILE',
    default: 'none',
    description:
      "Further values files, merged after the environment's; looked for in the chart's folder, then from the repository's root.",
  },
  {
    name: 'set',
    kind: 'lines',
    fileKey: 'set',
    placeholder: 'PATH=VALUE',
    default: 'none',
    description: "Values as path=value, one a line, typed like Helm's --set and merged after the values files.",
  },
  {
    name: 'secret-values',
    kind: 'secret',
    placeholder: '@FILE',
    default: 'none',
    description:
      'Secret values as YAML, merged last; what set sets, too, is an error. They reach helm by standard input only.',
  },
  {
    name: 'kube-versions',
    kind: 'list',
    fileKey: 'kubeVersions',
    placeholder: 'VERSION',
    default: "the three newest there are schemas of that Chart.yaml's kubeVersion admits",
    description: 'Kubernetes versions to render and validate for, such as 1.34,1.35.',
  },
  {
    name: 'api-versions',
    kind: 'list',
    fileKey: 'apiVersions',
    placeholder: 'GROUP/VERSION',
    default: 'none',
    description: 'Further .Capabilities.APIVersions, such as monitoring.coreos.com/v1.',
  },
  {
    name: 'crd-schemas',
    kind: 'list',
    fileKey: 'crdSchemas',
    placeholder: 'PATH',
    default: 'none',
    description:
      'Files or folders in the repository, or oci://host/path:TAG artifacts, with CustomResourceDefinitions or JSON schemas, for kinds that neither Kubernetes nor the charts define.',
  },
  {
    name: 'policies',
    kind: 'list',
    fileKey: 'policies',
    placeholder: 'RULE=SEVERITY',
    default: 'the built-in severities',
    description:
      'How rules are told, policies and others that have a page: RULE=error, RULE=warning, RULE=note or RULE=off; and folders in the repository with your own policies: in Rego, which an installed conftest runs, or for Kyverno, which its installed command runs.',
  },
  {
    name: 'registry',
    kind: 'list',
    fileKey: 'registry',
    placeholder: 'oci://HOST/PATH',
    default: 'none',
    description:
      'Where to publish, or to copy to what is published, one or more: oci://host/path or oci-layout:DIR (OCI image layouts on disk, one a chart).',
  },
  {
    name: 'registry-username',
    kind: 'lines',
    placeholder: 'NAME',
    default: "what docker, helm or oras login left; on ghcr.io the workflow's actor",
    description: 'User name for registries and repositories; for several hosts one host=name a line.',
  },
  {
    name: 'registry-password',
    kind: 'secret',
    placeholder: '@FILE',
    default: "what docker, helm or oras login left; on ghcr.io the workflow's token",
    description: 'Password or token for registries and repositories; for several hosts one host=password a line.',
  },
  {
    name: 'plain-http',
    kind: 'boolean',
    placeholder: '',
    default: 'false (loopback hosts always speak plain HTTP)',
    description: 'Speak HTTP instead of HTTPS to registries.',
  },
  {
    name: 'ca-file',
    kind: 'text',
    placeholder: 'FILE',
    default: 'none',
    description: 'A PEM file with certificate authorities to trust for registries and repositories.',
  },
  {
    name: 'mirrors',
    kind: 'pairs',
    fileKey: 'mirrors',
    placeholder: 'FROM=TO',
    default: 'none',
    description:
      'Where to fetch a dependency repository from instead, one FROM=TO a line (TO: oci://, https://, http:// or file://).',
  },
  {
    name: 'version',
    kind: 'text',
    fileKey: 'version',
    placeholder: 'VERSION',
    default: 'from Chart.yaml',
    description: 'Chart version to package as; a leading v is dropped.',
  },
  {
    name: 'app-version',
    kind: 'text',
    fileKey: 'appVersion',
    placeholder: 'VERSION',
    default: 'from Chart.yaml',
    description: 'appVersion to package with; a leading v is dropped.',
  },
  {
    name: 'pre-release',
    kind: 'boolean',
    placeholder: '',
    default: 'false',
    description:
      'In a workflow for a branch or pull request, package as a version of its commit: 1.2.3-BRANCH.RUN.sha-COMMIT or 1.2.3-pr.NUMBER.sha-COMMIT. On a tag the version stays as it is.',
  },
  {
    name: 'tag-format',
    kind: 'list',
    fileKey: 'tagFormat',
    placeholder: 'PATTERN',
    default: 'v{{version}}, {{version}}, {{name}}-{{version}} and {{name}}-v{{version}}',
    description:
      'Which git tags speak of charts. In a workflow for such a tag a chart whose version is another one is refused; other tags say nothing.',
  },
  {
    name: 'alias-tags',
    kind: 'list',
    fileKey: 'aliasTags',
    placeholder: 'PATTERN',
    default: 'none',
    description:
      'Tags that stand for the newest release, such as {{major}}, {{major}}.{{minor}} or latest: moved in every registry that is published or copied to, once all that was asked for is done; never to an older release, and never to a pre-release.',
  },
  {
    name: 'until',
    kind: 'choice',
    fileKey: 'until',
    choices: ['resolve', 'lint', 'render', 'validate', 'package', 'publish', 'deploy', 'test'],
    placeholder: 'STAGE',
    default: 'as far as the inputs go',
    description: 'The stage that must be reached; nothing after it runs.',
  },
  {
    name: 'deploy',
    kind: 'list',
    placeholder: 'NAME',
    default: 'none',
    description:
      'Environments to deploy, in this order; the next starts only when the one before is healthy and its tests pass.',
  },
  {
    name: 'namespace',
    kind: 'text',
    placeholder: 'NAME',
    default: "from the environment; else the environment's name",
    description: 'Namespace to render for and deploy to; only with one chart and one environment.',
  },
  {
    name: 'release',
    kind: 'text',
    placeholder: 'NAME',
    default: 'from the environment; else CHART-ENVIRONMENT',
    description: 'Release name to render with and deploy as; only with one chart and one environment.',
  },
  {
    name: 'kubeconfig',
    kind: 'secret',
    orPath: true,
    placeholder: 'FILE',
    default: "KUBECONFIG, ~/.kube/config, or the pod's own service account",
    description: 'The cluster to deploy to: the path of a kubeconfig, or its content.',
  },
  {
    name: 'kube-context',
    kind: 'text',
    placeholder: 'NAME',
    default: "the environment's kubeContext, else the kubeconfig's current context",
    description: 'Context of the kubeconfig.',
  },
  {
    name: 'timeout',
    kind: 'duration',
    fileKey: 'timeout',
    placeholder: 'DURATION',
    default: '5m',
    description: 'Time limit per environment, for the upgrade and for the tests each, such as 90s or 10m.',
  },
  {
    name: 'fail-fast',
    kind: 'boolean',
    fileKey: 'failFast',
    placeholder: '',
    default: 'true',
    description: 'Stop a deployment as soon as its failure is certain, instead of at the time limit.',
  },
  {
    name: 'rollback',
    kind: 'boolean',
    fileKey: 'rollback',
    placeholder: '',
    default: 'true',
    description:
      'What a failed upgrade or a failed test leaves: the last healthy revision. A first install that failed is removed.',
  },
  {
    name: 'test',
    kind: 'boolean',
    fileKey: 'test',
    placeholder: '',
    default: 'true',
    description: 'Run helm test after a deployment; a failed test is a failed deployment.',
  },
  {
    name: 'dry-run',
    kind: 'boolean',
    placeholder: '',
    default: 'false',
    description: "Only the deployment's preflight and what would change; nothing is changed, and nothing published.",
  },
  {
    name: 'plan',
    kind: 'boolean',
    placeholder: '',
    default: 'false',
    description:
      'Only print what would be done and give it as the output matrix, for jobs of their own; plan.json in the report folder has it, too.',
  },
  {
    name: 'shards',
    kind: 'text',
    placeholder: 'NUMBER',
    default: 'as many as end the checks earlier, at most 8',
    description:
      'With plan: at most how many jobs the charts are spread over, by the seconds in earlier report.json files in the report folder or below it, else by size.',
  },
  {
    name: 'attest',
    kind: 'boolean',
    fileKey: 'attest',
    placeholder: '',
    default: 'false',
    description:
      'Attach to what is published its bill of materials and signed provenance: on GitHub keyless as the workflow (permissions: id-token: write), elsewhere by signing-key.',
  },
  {
    name: 'signing-key',
    kind: 'secret',
    orPath: true,
    placeholder: 'FILE',
    default: "none: the workflow's identity signs",
    description: 'A private key of cosign to attest with: its path, or its content. Needs cosign 3 or later in PATH.',
  },
  {
    name: 'signing-password',
    kind: 'secret',
    placeholder: '@FILE',
    default: 'none',
    description: 'Password of signing-key.',
  },
  {
    name: 'sigstore',
    kind: 'lines',
    placeholder: 'NAME=URL',
    default: "Sigstore's public instance; for a repository that is not public GitHub's own",
    description: 'Who attests: fulcio=URL, and rekor=URL or tsa=URL or both, one a line.',
  },
  {
    name: 'verify',
    kind: 'lines',
    placeholder: 'KEY=VALUE',
    default: 'none',
    description:
      'Who must have attested what is deployed: workflow=OWNER/REPO/.github/workflows/FILE@REF, repository=OWNER/REPO and ref=REF, one a line, several refs where one of them is enough (* stands for anything but a slash, ** for anything); or key=FILE, a public key.',
  },
  {
    name: 'trusted-root',
    kind: 'text',
    placeholder: 'FILE',
    default: "that of Sigstore's public instance, fetched by TUF",
    description:
      "Sigstore's trusted root in JSON, to verify against, or several, one a line, as 'gh attestation trusted-root' prints them.",
  },
  {
    name: 'helm-version',
    kind: 'text',
    fileKey: 'helmVersion',
    placeholder: 'VERSION',
    default: 'an installed one that is new enough, else the pinned release',
    description: 'Helm to use: 4, 3, a version, or VERSION@sha256:HEX for one that is not recorded in Chartship.',
  },
  {
    name: 'oras-version',
    kind: 'text',
    fileKey: 'orasVersion',
    placeholder: 'VERSION',
    default: 'an installed one that is new enough, else the pinned release',
    description: 'ORAS to use: a version, or VERSION@sha256:HEX for one that is not recorded in Chartship.',
  },
  {
    name: 'tools-mirror',
    kind: 'text',
    placeholder: 'URL',
    default: "the tools' own release hosts",
    description: 'Base URL to download the tools from instead.',
  },
  {
    name: 'fail-on',
    kind: 'choice',
    fileKey: 'failOn',
    choices: ['error', 'warning'],
    placeholder: 'SEVERITY',
    default: 'error',
    description: 'Lowest severity that fails the run.',
  },
  {
    name: 'report',
    kind: 'text',
    fileKey: 'report',
    placeholder: 'DIR',
    default: 'chartship-report',
    description:
      'Folder for report.json, report.sarif, junit.xml, summary.md, the packages and the rendered manifests (secrets redacted).',
  },
  {
    name: 'github-token',
    kind: 'secret',
    placeholder: '@FILE',
    default: "the workflow's token",
    description:
      'Token for what is said on GitHub (comment, github-deployment, github-release), and for ghcr.io where no other credentials are given.',
  },
  {
    name: 'comment',
    kind: 'boolean',
    placeholder: '',
    default: 'true (on pull requests, where the token may)',
    description: 'Say on the pull request what came of the run and what it would change: one comment, kept up to date.',
  },
  {
    name: 'github-deployment',
    kind: 'boolean',
    placeholder: '',
    default: 'true (in a workflow, where the token may)',
    description:
      "Keep GitHub's deployments up to date: the one of the job's environment, or one of its own where the job has none.",
  },
  {
    name: 'github-release',
    kind: 'boolean',
    placeholder: '',
    default: 'false',
    description:
      'On a tag: a release on GitHub with the packages, what they are made of where they are attested, the report, and what changed; from draft to published.',
  },
  {
    name: 'github-release-notes',
    kind: 'text',
    placeholder: 'FILE',
    default: 'what Chart.yaml or the commits say',
    description: 'Markdown file of the repository with what the release on GitHub says changed.',
  },
  {
    name: 'github-release-files',
    kind: 'list',
    placeholder: 'FILE',
    default: 'none',
    description: 'Further files of the release on GitHub: files of the repository, or globs; attested with the others.',
  },
  {
    name: 'artifacthub-repo',
    kind: 'text',
    fileKey: 'artifacthubRepo',
    placeholder: 'FILE',
    default: 'none',
    description:
      "Artifact Hub's artifacthub-repo.yml, pushed beside each chart that is published, as the tag artifacthub.io.",
  },
] as const satisfies readonly InputDeclaration[];

export type InputName = (typeof INPUTS)[number]['name'];

/** The keys of an environment in chartship.yaml; a closed list. */
export const ENVIRONMENT_KEYS = {
  namespace: { kind: 'text', description: "Namespace; the environment's name when left out." },
  release: { kind: 'text', description: 'Release name; CHART-ENVIRONMENT when left out.' },
  values: {
    kind: 'list',
    description:
      'Values files relative to the chart, merged in order; values-NAME.yaml beside Chart.yaml when left out and there.',
  },
  set: { kind: 'lines', description: "Values as path=value, typed like Helm's --set." },
  timeout: { kind: 'duration', description: 'Time limit of a deployment and of its tests, such as 10m.' },
  kubeContext: { kind: 'text', description: 'Context of the kubeconfig.' },
  kubeVersions: { kind: 'list', description: 'Kubernetes versions of this environment.' },
  requiredValues: {
    kind: 'list',
    description: 'Paths of values that this environment must set, such as agent.resources.',
  },
  url: { kind: 'text', description: 'Address at which the deployed application is reached.' },
} as const;

export type EnvironmentKey = keyof typeof ENVIRONMENT_KEYS;

/** The outputs of the Action. */
export const OUTPUTS = {
  status: 'passed, failed, invalid, error or cancelled',
  version: 'Version of the packaged chart (the first one, with several)',
  reference: 'oci://…@sha256:… of the published chart (the first one, with several)',
  references: 'oci://…@sha256:… of each published chart, one a line: what the input chart takes to deploy them all',
  digest: 'Digest of the published manifest (the first one, with several)',
  package: "Path of the chart's package (the first one, with several)",
  report: 'Path of the report folder',
  findings: 'Number of findings',
  published: 'JSON array of everything published: chart, version, registry, reference, digest, outcome',
  matrix:
    'With plan, JSON: charts (include: shard, name, chart; for strategy.matrix) and environments (those to deploy, in order)',
  deployments:
    'JSON array of what was deployed: chart, environment, namespace, release, revision, reference, outcome, cause, tests',
} as const;
export type OutputName = keyof typeof OUTPUTS;

/** What was given, before it is understood: by input name, with where it came from. */
export interface RawInput {
  readonly name: string;
  readonly text: string;
  /** `--values`, `input values` or `CHARTSHIP_SECRET_VALUES`: how messages name it. */
  readonly origin: string;
  /** The text is one entry of a list, commas and all. */
  readonly whole?: boolean;
}
