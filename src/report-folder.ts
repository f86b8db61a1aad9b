import { resolve as absolute, dirname, join, sep } from 'node:path';
import { EnvironmentError, RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import type { Report } from './domain/outcome.ts';
import { isInside, shownPath } from './domain/paths.ts';
import type { Files, Ports } from './ports.ts';
import { renderPlan, renderReport } from './report/render.ts';
import type { RawRequest } from './request.ts';
import { fault, quote } from './settings.ts';

/** What Chartship can't work without, as a finding. */
export function unavailable(error: EnvironmentError): Finding {
  const { message, hint } = error;
  return {
    stage: 'tools',
    rule: 'tools/unavailable',
    severity: 'error',
    message,
    ...(hint !== undefined && { hint }),
  };
}

/** Writes the report folder and tells the host. Without a folder (it can't be written to) the host alone is told. */
export async function finish(
  report: Report,
  folder: string | undefined,
  { files, host, rulePages }: Pick<Ports, 'files' | 'host' | 'rulePages'>,
): Promise<{ readonly report: Report }> {
  try {
    if (folder !== undefined) {
      const pages = report.findings.length > 0 ? await rulePages() : undefined;
      const rendered = renderPlan(report, host.redact) ?? renderReport(report, host.redact, pages);
      for (const [name, text] of Object.entries(rendered)) await files.write(join(folder, name), text);
    }
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    // A run whose report is lost is no success; what was wrong before stays the reason, where something was.
    const told: Report =
      report.status === 'passed' || report.status === 'failed'
        ? { ...report, status: 'error', findings: [...report.findings, unavailable(error)] }
        : report;
    await host.finish(told, undefined);
    return { report: told };
  }
  await host.finish(report, folder);
  return { report };
}

/** Where a request that can't be understood is reported: the default folder, unless another was asked for. */
export async function defaultReport(raw: RawRequest, files: Files): Promise<string | undefined> {
  const given = raw.inputs.find((input) => input.name === 'report' && input.text !== '')?.text;
  const folder = absolute(raw.cwd, given ?? 'chartship-report');
  if ((await unfit(folder, files)) !== undefined) return undefined;
  await removeEarlier(folder, files);
  return folder;
}

/** Why a folder can't be the report's; `undefined` when it can. */
async function unfit(folder: string, files: Files): Promise<string | undefined> {
  if (isInside(folder, files.root)) return 'would hold the repository';
  if (folder.split(sep).includes('.git')) return 'lies in .git';
  if ((await files.kind(join(folder, 'Chart.yaml'))) === 'file') return 'is a chart';
  for (let way = folder; ; way = dirname(way)) {
    const kind = await files.kind(way);
    if (kind === 'folder' || way === dirname(way)) return undefined;
    if (kind === 'file' || (await files.real(way)) !== undefined) {
      return way === folder ? 'is no folder' : `can't be made: ${quote(shownPath(files.root, way))} is no folder`;
    }
  }
}

/** Throws a `RequestError` where a folder can't be the report's. */
export async function checkFolder(folder: string, files: Files): Promise<void> {
  const wrong = await unfit(folder, files);
  if (wrong !== undefined) {
    throw new RequestError([
      fault('report', `report ${quote(shownPath(files.root, folder))} ${wrong}`, { hint: 'Give a folder of its own.' }),
    ]);
  }
}

/** What an earlier run left in the report folder would be taken for this one's. Only what a report holds is removed. */
export async function removeEarlier(folder: string, files: Files): Promise<void> {
  if ((await files.kind(join(folder, 'report.json'))) !== 'file') return;
  for (const name of ['manifests', 'packages', 'locks', 'evidence', 'plan.json', 'report.json'])
    await files.remove(join(folder, name));
}
