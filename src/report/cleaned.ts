import type { CodeFrame } from '../domain/code-frame.ts';
import type { Comparison } from '../domain/comparison.ts';
import type { DeploymentOutcome } from '../domain/deployment.ts';
import type { Finding } from '../domain/finding.ts';
import type { Report } from '../domain/outcome.ts';
import type { PlannedWork } from '../domain/planned-work.ts';
import type { SourceRegion } from '../domain/source-region.ts';
import { plainText } from './plain-text.ts';

/**
 * The report without secrets and without control characters. Each string is cleaned before any face
 * writes it in its own notation: a `&` or `"` within a secret looks different in XML, Markdown or JSON
 * and would not be found there any more. What Chartship itself computes (status, outcomes, digests)
 * stays as it is, so that a secret that reads `passed` can't make the report invalid.
 */
export function cleaned(report: Report, redact: (text: string) => string): Report {
  // Cleaned first: an escape sequence in the middle of a secret must not hide it.
  const clean = (text: string): string => redact(plainText(text));
  return {
    ...report,
    stages: report.stages.map((run) => ({
      ...run,
      ...mapped(run, ['chart', 'environment', 'kubeVersion'], clean),
      ...(run.kubeVersions && { kubeVersions: run.kubeVersions.map(clean) }),
    })),
    findings: report.findings.map((finding) => cleanFinding(finding, clean)),
    packages: report.packages.map((one) => ({ ...one, ...mapped(one, ['chart', 'version', 'file'], clean) })),
    published: report.published.map((one) => ({
      ...one,
      ...mapped(one, ['chart', 'version', 'registry'], clean),
      ...(one.aliases && { aliases: one.aliases.map(clean) }),
      ...(one.reference !== undefined && { reference: cleanReference(one.reference, clean) }),
    })),
    deployments: report.deployments.map((one) => cleanDeployment(one, clean)),
    ...(report.release && {
      release: {
        ...report.release,
        ...mapped(report.release, ['tag', 'url'], clean),
        assets: report.release.assets.map(clean),
      },
    }),
    ...(report.comparisons && { comparisons: report.comparisons.map((one) => cleanComparison(one, clean)) }),
    ...(report.plan !== undefined && { plan: cleanPlan(report.plan, clean) }),
  };
}

function cleanPlan(plan: PlannedWork, clean: (text: string) => string): PlannedWork {
  return {
    ...plan,
    charts: plan.charts.map((one) => ({
      ...one,
      ...mapped(one, ['chart', 'version', 'source'], clean),
      environments: one.environments.map(clean),
      kubeVersions: one.kubeVersions.map(clean),
    })),
    publish: plan.publish.map(clean),
    matrix: {
      charts: {
        include: plan.matrix.charts.include.map((one) => ({ ...one, ...mapped(one, ['name', 'chart'], clean) })),
      },
      environments: plan.matrix.environments.map(clean),
    },
  };
}

function cleanFinding(finding: Finding, clean: (text: string) => string): Finding {
  return {
    ...finding,
    ...mapped(finding, ['message', 'hint', 'chart', 'file', 'resource', 'path'], clean),
    ...(finding.environments && { environments: finding.environments.map(clean) }),
    ...(finding.kubeVersions && { kubeVersions: finding.kubeVersions.map(clean) }),
    ...(finding.frame && { frame: cleanFrame(finding.frame, clean) }),
    ...(finding.region && { region: cleanRegion(finding.region, clean) }),
  };
}

/** Where something was taken out of the line that is meant, its caret would point elsewhere. */
function cleanFrame(frame: CodeFrame, clean: (text: string) => string): CodeFrame {
  const lines = frame.lines.map(({ number, text }) => ({ number, text: text === undefined ? undefined : clean(text) }));
  const isSame = lines.every(({ number, text }, index) => number !== frame.at || text === frame.lines[index]?.text);
  const { before, ...rest } = frame;
  return { ...rest, lines, ...(isSame && before !== undefined && { before }) };
}

function cleanRegion({ text, around }: SourceRegion, clean: (text: string) => string): SourceRegion {
  return { text: clean(text), ...(around && { around: { ...around, text: clean(around.text) } }) };
}

function cleanDeployment(one: DeploymentOutcome, clean: (text: string) => string): DeploymentOutcome {
  const { cause } = one;
  return {
    ...one,
    ...mapped(one, ['chart', 'environment', 'namespace', 'release', 'url'], clean),
    reference: cleanReference(one.reference, clean),
    cause: cause && { ...cause, ...mapped(cause, ['resource', 'message', 'hint', 'file', 'log'], clean) },
    tests: one.tests.map((test) => ({ ...test, ...mapped(test, ['name', 'log'], clean) })),
  };
}

function cleanComparison(one: Comparison, clean: (text: string) => string): Comparison {
  const { against } = one;
  return {
    ...one,
    ...mapped(one, ['chart', 'environment', 'reason'], clean),
    ...(against && {
      against: { version: clean(against.version), reference: cleanReference(against.reference, clean) },
    }),
    dangers: one.dangers.map((each) => ({ ...each, ...mapped(each, ['object', 'message'], clean) })),
    images: one.images.map((each) => ({ ...each, ...mapped(each, ['object', 'container', 'from', 'to'], clean) })),
    objects: one.objects.map((each) => ({ ...each, object: clean(each.object), changes: each.changes.map(clean) })),
  };
}

/** A digest is no secret, whatever hexadecimal digits it happens to hold. */
function cleanReference(reference: string, clean: (text: string) => string): string {
  const at = reference.lastIndexOf('@sha256:');
  return at === -1 ? clean(reference) : clean(reference.slice(0, at)) + reference.slice(at);
}

function mapped<T, K extends keyof T>(object: T, keys: readonly K[], clean: (text: string) => string): Partial<T> {
  const result: Partial<T> = {};
  for (const key of keys) {
    const value = object[key];
    if (typeof value === 'string') result[key] = clean(value) as T[K];
  }
  return result;
}
