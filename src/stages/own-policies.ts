import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import type { RenderedDocument } from '../domain/manifest.ts';
import { isAllowed } from '../domain/policies/allowances.ts';
import type { PolicySeverity } from '../domain/policies/policy.ts';
import { releaseObject } from '../domain/policies/release-object.ts';
import type { DocumentContent } from '../domain/rendered-objects.ts';
import { redactSecrets } from '../domain/secret-redaction.ts';
import type { StagedChart } from '../domain/staged.ts';
import type { OwnResult, Ports } from '../ports.ts';
import { placeOf } from './helm-calls.ts';
import type { Rendered } from './render.ts';

/** What users' own policies say of what was rendered for an environment. */
export type OwnPolicyChecks = (environment: Environment, renders: readonly Rendered[]) => Promise<Finding[]>;

interface Setup {
  readonly staged: StagedChart;
  readonly folders: readonly { readonly folder: string; readonly shown: string }[];
  /** That was asked for; else what the policy itself says. */
  readonly severity: PolicySeverity | undefined;
  readonly read: (text: string) => DocumentContent;
}

/** For the life of these checks a text is judged once by each folder, however many renders have it. */
export function createOwnPolicyChecks(
  { staged, folders, severity, read }: Setup,
  { conftest, host }: Pick<Ports, 'conftest' | 'host'>,
): OwnPolicyChecks {
  const known = new Map<string, readonly OwnResult[]>();
  // One environment after the other: they share most of their documents.
  let before: Promise<unknown> = Promise.resolve();
  return (environment, renders) => {
    const findings = before.then(() => check(environment, renders));
    before = findings.catch(() => undefined);
    return findings;
  };

  async function check(environment: Environment, renders: readonly Rendered[]): Promise<Finding[]> {
    if (severity === 'off' || folders.length === 0) return [];
    const documents = new Map<string, RenderedDocument>();
    for (const document of renders.flatMap((rendered) => rendered.documents)) {
      if (read(document.text).objects.length > 0) documents.set(document.text, document);
    }
    const findings: Finding[] = [];
    for (const { folder, shown } of folders) {
      const open = [...documents.keys()].filter((text) => !known.has(`${folder}\0${text}`));
      if (open.length > 0) {
        // No secret gets to a policy: it may ask servers, and who changes it may not be trusted with any.
        const verdict = await conftest.check(
          folder,
          open.map((text) => host.redact(redactSecrets(text))),
        );
        if (!verdict.ok) findings.push(unusable(shown, verdict.message, staged, environment));
        for (const [index, text] of open.entries()) {
          const results = verdict.ok ? verdict.results.filter(({ document }) => document === index) : [];
          known.set(`${folder}\0${text}`, results);
        }
      }
      for (const document of documents.values()) {
        for (const result of known.get(`${folder}\0${document.text}`) ?? []) {
          findings.push(...told(result, document, environment));
        }
      }
    }
    return findings;
  }

  function told(
    { message, query, ...result }: OwnResult,
    document: RenderedDocument,
    environment: Environment,
  ): Finding[] {
    const { objects } = read(document.text);
    // What is said of a document is said of its object, where it has one.
    const object = objects.length === 1 && objects[0] !== undefined ? releaseObject(objects[0].data) : undefined;
    if (object !== undefined && isAllowed(object, 'conftest')) return [];
    const resource = object === undefined ? undefined : `${object.apiVersion}/${object.kind}/${object.name}`;
    const text = message.trim() === '' ? 'is refused' : message.trim().slice(0, 1_000);
    return [
      {
        stage: 'validate',
        rule: 'policy/conftest',
        severity: severity === undefined || severity === 'off' ? result.severity : severity,
        ...placeOf(
          { message: `${text} (${query})`, file: document.template === '' ? undefined : document.template },
          staged,
        ),
        chart: staged.metadata.name,
        environments: [environment.name],
        ...(resource !== undefined && { resource, sameAs: resource.replaceAll(environment.release, ' ') }),
      },
    ];
  }
}

function unusable(shown: string, message: string, staged: StagedChart, environment: Environment): Finding {
  return {
    stage: 'validate',
    rule: 'policy/conftest',
    severity: 'error',
    message: `the policies in ${shown} ${message}`,
    hint: `See what it says: conftest test --policy ${shown} chartship-report/manifests`,
    chart: staged.metadata.name,
    environments: [environment.name],
  };
}
