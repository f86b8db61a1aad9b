import parse from 'semver/functions/parse.js';
import type { CheckedPackage } from './check.ts';
import { type Change, changesOfAnnotation, changesOfCommits, tagPatterns } from './domain/changelog.ts';
import { strangerIn, taggedVersions } from './domain/chart-version.ts';
import type { Finding } from './domain/finding.ts';
import { releaseOnGitHub } from './github/release.ts';
import { hintFor } from './github/untold.ts';
import type { Plan } from './plan.ts';
import type { Ports } from './ports.ts';
import type { Record } from './record.ts';
import { releaseFiles } from './release-files.ts';
import { cleaned } from './report/cleaned.ts';
import { type ReleaseNotes, releaseNotes } from './report/release-notes.ts';
import type { Request } from './request.ts';

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
  const released = ofTag(tag, request.tagFormats, packages);
  const stranger = released.length === 0 ? strangerIn(tag, request.tagFormats) : undefined;
  if (stranger !== undefined) {
    record.add([
      note('no-tag', `nothing is released: the tag ${tag} is of ${stranger}, which is no chart of this run`),
    ]);
    return;
  }
  const notes = await notesOf(tag, released, request, plan, record, ports);
  const report = cleaned(record.report('passed'), ports.host.redact);
  const names = released.map(({ name }) => name);
  const told = {
    packages: report.packages.filter(({ chart }) => names.includes(chart)),
    published: report.published.filter(({ chart }) => names.includes(chart)),
  };
  const assets = await releaseFiles(request, released, report, ports);
  const forge = await ports.openForge({ repository: run.repository, token });
  const { outcome, fault } = await releaseOnGitHub(
    {
      ...{
        tag,
        sha: run.sha,
        charts: released,
        name: tag,
        notes: ports.host.redact(releaseNotes(told, notes)),
        assets,
      },
      isPrerelease: isPrerelease(tag) || released.some(({ version }) => isPrerelease(version)),
    },
    forge,
    { cancel: ports.self.cancel, tell: (text) => ports.host.progress({ kind: 'note', text }) },
  );
  record.release = outcome;
  if (fault === undefined) return;
  const hint = fault.kind === 'not-made' ? fault.hint : hintFor(fault, 'contents');
  record.add([unreleased(tag, fault.message, hint ?? 'The next run goes on from there.')]);
}

function unreleased(tag: string, why: string, hint: string): Finding {
  const message = `the release ${tag} was not published on GitHub: ${why}`;
  return { stage: 'github', rule: 'github/release', severity: 'error', message, hint };
}

/** Of a version, or of a tag that is one: a repository's own releases need not have a chart's version. */
function isPrerelease(text: string): boolean {
  return (parse(text)?.prerelease.length ?? 0) > 0;
}

/** Those that a tag speaks of, as their versions are compared with it; all for one that isn't of charts, none for another's. */
function ofTag(
  tag: string,
  formats: readonly string[],
  packages: readonly CheckedPackage[],
): readonly CheckedPackage[] {
  const names = packages.map(({ name }) => name);
  const tagged = taggedVersions(tag, formats, names);
  if (tagged.size === 0) return strangerIn(tag, formats) === undefined ? packages : [];
  return packages.filter(({ name }) => tagged.has(name));
}

/** What a person says changed; else what Chart.yaml says; else the commits since the last tag of its kind. */
async function notesOf(
  tag: string,
  packages: readonly CheckedPackage[],
  request: Request,
  plan: Plan,
  record: Record,
  { git }: Pick<Ports, 'git'>,
): Promise<ReleaseNotes> {
  const { notes: words } = request.releaseMaterial;
  if (words !== undefined) return { words, changes: [] };
  const annotated = packages.flatMap((each) => {
    const annotation = each.annotations[ANNOTATION];
    if (annotation === undefined) return [];
    const changes = changesOfAnnotation(annotation);
    if (changes === undefined) {
      const message = `${each.name} has ${ANNOTATION} that is no list of changes`;
      const hint = 'Write a YAML list of texts, or of mappings with kind and description.';
      record.add([{ ...note('changes', message), chart: each.name, hint }]);
      return [];
    }
    return [{ chart: each.name, changes }];
  });
  if (annotated.length > 0) return { changes: named(annotated) };
  const isOfAll = packages.length === plan.charts.length;
  const sources = plan.charts.filter(({ chart }) => packages.some(({ name }) => name === chart.metadata.name));
  const folders = isOfAll ? [] : sources.map(({ chart }) => chart.source);
  const history = await git.commitsBefore(tag, { ...tagPatterns(tag), folders });
  if (!history.ok) {
    const hint = 'Check out with fetch-depth: 0, or say it in the annotation artifacthub.io/changes of Chart.yaml.';
    record.add([{ ...note('changes', `the release does not say what changed: ${history.message}`), hint }]);
    return { changes: [] };
  }
  return { changes: [{ changes: changesOfCommits(history.commits) }], since: history.since };
}

const ANNOTATION = 'artifacthub.io/changes';

/** A chart alone needs no heading. */
function named(all: readonly { readonly chart: string; readonly changes: Change[] }[]): ReleaseNotes['changes'] {
  return all.length === 1 ? all.map(({ changes }) => ({ changes })) : all;
}

function note(rule: string, message: string): Finding {
  return { stage: 'github', rule: `github/${rule}`, severity: 'note', message };
}
