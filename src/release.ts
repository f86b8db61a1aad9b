import { createHash } from 'node:crypto';
import type { CheckedPackage } from './check.ts';
import { type Change, changesOfAnnotation, changesOfCommits, tagPatterns } from './domain/changelog.ts';
import type { Finding } from './domain/finding.ts';
import { releaseOnGitHub, type WantedAsset } from './github/release.ts';
import { hintFor } from './github/untold.ts';
import type { Plan } from './plan.ts';
import type { Ports } from './ports.ts';
import type { Record } from './record.ts';
import { cleaned } from './report/cleaned.ts';
import { jsonText } from './report/json.ts';
import { type ReleaseNotes, releaseNotes } from './report/release-notes.ts';
import type { Request } from './request.ts';
import { VERSION } from './version.ts';

/** The release of the tag on GitHub, with what was published. Only what went well is released. */
export async function releaseTag(
  request: Request,
  plan: Plan,
  packages: readonly CheckedPackage[],
  record: Record,
  ports: Ports,
): Promise<void> {
  const { github, deployment } = request;
  if (github?.release !== true || record.failed || packages.length === 0 || deployment.dryRun) return;
  const { run, token } = github;
  if (run.tag === undefined) {
    record.add([note('no-tag', 'nothing is released: this run is not for a tag')]);
    return;
  }
  const { tag } = run;
  const released = ofTag(tag, packages);
  const { notes, findings } = await notesOf(tag, released, plan, ports);
  record.add(findings);
  const report = cleaned(record.report('passed'), ports.host.redact);
  const names = released.map(({ name }) => name);
  const told = {
    packages: report.packages.filter(({ chart }) => names.includes(chart)),
    published: report.published.filter(({ chart }) => names.includes(chart)),
  };
  const forge = await ports.openForge({ repository: run.repository, token });
  const { outcome, fault } = await releaseOnGitHub(
    {
      ...{ tag, sha: run.sha, name: tag, notes: ports.host.redact(releaseNotes(told, notes)) },
      isPrerelease: released.some(({ version }) => version.replace(/\+.*$/, '').includes('-')),
      assets: [
        ...(await filesOf(request, released)),
        // Its seconds are others in each run: what is there stays.
        { name: 'chartship-report.json', type: 'application/json', content: encoded(jsonText(report)) },
      ],
    },
    forge,
    { cancel: ports.self.cancel, tell: (text) => ports.host.progress({ kind: 'note', text }) },
  );
  record.release = outcome;
  if (fault === undefined) return;
  const hint = hintFor(fault, 'contents') ?? 'The next run goes on from there.';
  const message = `the release ${tag} was not published on GitHub: ${fault.message}`;
  record.add([{ stage: 'github', rule: 'github/release', severity: 'error', message, hint }]);
}

/** Where there are several charts a tag `NAME-VERSION` is of one of them. */
function ofTag(tag: string, packages: readonly CheckedPackage[]): readonly CheckedPackage[] {
  const named = packages.filter(({ name, version }) => tag === `${name}-${version}` || tag === `${name}-v${version}`);
  return named.length === 0 ? packages : named;
}

async function filesOf(request: Request, packages: readonly CheckedPackage[]): Promise<WantedAsset[]> {
  const archives = packages.map(({ fileName, archive, sha256 }) => ({
    ...{ name: fileName, type: 'application/gzip', content: archive, digest: `sha256:${sha256}` },
  }));
  if (request.attestation === undefined) return archives;
  const { billOfMaterials } = await import('./domain/bill-of-materials.ts');
  const bills = packages.map((each) => {
    const content = encoded(billOfMaterials(each, each.contents, VERSION));
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    return { name: `${each.name}-${each.version}.cdx.json`, type: 'application/vnd.cyclonedx+json', content, digest };
  });
  return [...archives, ...bills];
}

/** What Chart.yaml says changed; else the commits since the last tag of its kind. */
async function notesOf(
  tag: string,
  packages: readonly CheckedPackage[],
  plan: Plan,
  { git }: Pick<Ports, 'git'>,
): Promise<{ notes: ReleaseNotes; findings: Finding[] }> {
  const findings: Finding[] = [];
  const annotated = packages.flatMap((each) => {
    const annotation = each.annotations[ANNOTATION];
    if (annotation === undefined) return [];
    const changes = changesOfAnnotation(annotation);
    if (changes === undefined) {
      const message = `${each.name} has ${ANNOTATION} that is no list of changes`;
      const hint = 'Write a YAML list of texts, or of mappings with kind and description.';
      findings.push({ ...note('changes', message), chart: each.name, hint });
      return [];
    }
    return [{ chart: each.name, changes }];
  });
  if (annotated.length > 0) return { notes: { changes: named(annotated) }, findings };
  const isOfAll = packages.length === plan.charts.length;
  const sources = plan.charts.filter(({ chart }) => packages.some(({ name }) => name === chart.metadata.name));
  const folders = isOfAll ? [] : sources.map(({ chart }) => chart.source);
  const history = await git.commitsBefore(tag, { ...tagPatterns(tag), folders });
  if (!history.ok) {
    const hint = 'Check out with fetch-depth: 0, or say it in the annotation artifacthub.io/changes of Chart.yaml.';
    findings.push({ ...note('changes', `the release does not say what changed: ${history.message}`), hint });
    return { notes: { changes: [] }, findings };
  }
  return { notes: { changes: [{ changes: changesOfCommits(history.commits) }], since: history.since }, findings };
}

const ANNOTATION = 'artifacthub.io/changes';

/** A chart alone needs no heading. */
function named(all: readonly { readonly chart: string; readonly changes: Change[] }[]): ReleaseNotes['changes'] {
  return all.length === 1 ? all.map(({ changes }) => ({ changes })) : all;
}

function note(rule: string, message: string): Finding {
  return { stage: 'github', rule: `github/${rule}`, severity: 'note', message };
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
