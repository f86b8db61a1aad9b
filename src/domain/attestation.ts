import type { ChartContents } from './chart-contents.ts';
import { at, fields, list, text } from './diagnosis/reading.ts';

/** The media type of Sigstore bundles, and the type of the artifacts that hold them: what cosign and gh look for. */
export const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
/** The media type of a bill of materials, and the type of the artifact that holds it. */
export const BOM_TYPE = 'application/vnd.cyclonedx+json';
/** What is signed: a statement of in-toto. */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json';
/** Kinds of statements: where something is from, and what it is made of. */
export const PROVENANCE = 'https://slsa.dev/provenance/v1';
export const BILL_OF_MATERIALS = 'https://cyclonedx.org/bom';
export type PredicateType = typeof PROVENANCE | typeof BILL_OF_MATERIALS;

/** The run of a workflow on GitHub, as its runner tells of it. */
export interface WorkflowRun {
  /** `https://github.com` */
  readonly server: string;
  /** `acme/task-api` */
  readonly repository: string;
  readonly ref: string;
  readonly commit: string;
  /** Of the workflow that was started: `acme/task-api/.github/workflows/release.yml@refs/heads/main`. */
  readonly workflow: string;
  /** Of the workflow that the job stands in, when the runner's identity says it: a reusable one is another. */
  readonly jobWorkflow?: string;
  readonly event: string;
  /** `github-hosted` or `self-hosted`. */
  readonly runner: string;
  readonly repositoryId: string;
  readonly ownerId: string;
  readonly run: string;
  readonly attempt: string;
}

/** What a published chart is from, as far as it is known; elsewhere than on GitHub nothing but the chart itself is. */
export interface Origin {
  readonly workflow: WorkflowRun | undefined;
  readonly dependencies: ChartContents['dependencies'];
  readonly toolVersion: string;
}

/** A statement of in-toto about a published manifest, as the bytes that are signed. */
export function statementOf(name: string, digest: string, predicateType: PredicateType, predicate: object): string {
  return JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: digest.slice('sha256:'.length) } }],
    predicateType,
    predicate,
  });
}

/** The digests (`sha256:…`) that a bundle's statement is about, as it says itself; nobody has looked at the signature. */
export function subjectsOf(bundle: Uint8Array): readonly string[] {
  try {
    const { dsseEnvelope } = JSON.parse(new TextDecoder().decode(bundle));
    const { subject } = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8'));
    return subject.map(({ digest }: { digest: { sha256: string } }) => `sha256:${digest.sha256}`);
  } catch {
    // It is no bundle, so it is about nothing.
    return [];
  }
}

/**
 * Whether these bytes are a signed statement of this kind about a digest. Who signed it isn't looked at, nor whether the
 * signature is right: that is for who verifies it.
 */
export function isSignedStatement(bytes: Uint8Array, digest: string, predicateType: PredicateType): boolean {
  const bundle = readJson(new TextDecoder().decode(bytes));
  const material = fields(at(bundle, 'verificationMaterial'));
  const { payloadType, payload, signatures } = fields(at(bundle, 'dsseEnvelope'));
  const isBundle =
    text(at(bundle, 'mediaType')).startsWith('application/vnd.dev.sigstore.bundle') &&
    ['certificate', 'x509CertificateChain', 'publicKey'].some(
      (kind) => Object.keys(fields(material[kind])).length > 0,
    ) &&
    list(signatures).some(({ sig }) => text(sig) !== '');
  if (!isBundle || payloadType !== STATEMENT_TYPE) return false;
  const statement = readJson(Buffer.from(text(payload), 'base64').toString('utf8'));
  const subjects = list(at(statement, 'subject')).map((subject) => at(subject, 'digest', 'sha256'));
  return at(statement, 'predicateType') === predicateType && subjects.includes(digest.slice('sha256:'.length));
}

/** Whether these bytes are a bill of materials in CycloneDX's JSON. */
export function isBillOfMaterials(bytes: Uint8Array): boolean {
  return at(readJson(new TextDecoder().decode(bytes)), 'bomFormat') === 'CycloneDX';
}

function readJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * SLSA's provenance: on GitHub by the build type for its workflows, with the workflow that the job stands in as the
 * builder. Elsewhere it says by which program a chart was packed and what went into it.
 */
export function provenanceOf({ workflow, dependencies, toolVersion }: Origin): object {
  const materials = dependencies.flatMap(({ name, from, sha256 }) =>
    sha256 === undefined
      ? []
      : [{ name, digest: { sha256 }, ...(/^(?:oci|https?):\/\/(?![^/]*@)/.test(from) && { uri: from }) }],
  );
  if (workflow === undefined) {
    return {
      buildDefinition: {
        buildType: 'urn:chartship:package:v1',
        externalParameters: {},
        ...(materials.length > 0 && { resolvedDependencies: materials }),
      },
      runDetails: { builder: { id: 'urn:chartship:command', version: { chartship: toolVersion } } },
    };
  }
  const { server, repository, ref, commit, event, runner, repositoryId, ownerId, run, attempt } = workflow;
  const started = /^[^/]+\/[^/]+\/(?<path>[^@]+)@(?<ref>.+)$/.exec(workflow.workflow)?.groups;
  return {
    buildDefinition: {
      buildType: 'https://actions.github.io/buildtypes/workflow/v1',
      externalParameters: {
        workflow: { ref: started?.ref ?? ref, repository: `${server}/${repository}`, path: started?.path ?? '' },
      },
      internalParameters: {
        github: {
          event_name: event,
          repository_id: repositoryId,
          repository_owner_id: ownerId,
          runner_environment: runner,
        },
      },
      resolvedDependencies: [
        { uri: `git+${server}/${repository}@${ref}`, digest: { gitCommit: commit } },
        ...materials,
      ],
    },
    runDetails: {
      builder: { id: `${server}/${workflow.jobWorkflow ?? workflow.workflow}`, version: { chartship: toolVersion } },
      metadata: { invocationId: `${server}/${repository}/actions/runs/${run}/attempts/${attempt}` },
    },
  };
}
