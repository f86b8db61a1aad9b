import { resolve } from 'node:path';
import { type CodeFrame, codeFrame } from './domain/code-frame.ts';
import { EnvironmentError } from './domain/errors.ts';
import { type Finding, SEVERITIES } from './domain/finding.ts';
import { SOURCE_BYTES } from './domain/limits.ts';
import type { Report } from './domain/outcome.ts';
import { isInside } from './domain/paths.ts';
import { isEncryptedName } from './domain/sops.ts';
import { type SourceRegion, sourceRegions } from './domain/source-region.ts';
import type { Files } from './ports.ts';

/** Findings that get one, the worst first: with more of them a reader loses the findings among the lines. */
const MOST = 12;

/** Findings that have their text in SARIF: each takes up to some milliseconds. */
const MOST_REGIONS = 1_000;

/**
 * The report with the lines that its findings are about, of files in the repository; of encrypted ones none are shown.
 * For people a dozen get a frame; for SARIF nearly all get a region.
 */
export async function withCodeFrames(report: Report, files: Files): Promise<Report> {
  const root = (await files.real(files.root)) ?? files.root;
  const texts = new Map<string, Promise<string | undefined>>();
  const textOf = (file: string): Promise<string | undefined> => {
    const known = texts.get(file) ?? readText(file, root, files);
    texts.set(file, known);
    return known;
  };
  const regions = await regionsOf(report.findings, textOf);
  const frames = new Map<Finding, CodeFrame>();
  const seen = new Set<string>();
  for (const finding of SEVERITIES.flatMap((each) => report.findings.filter(({ severity }) => severity === each))) {
    if (frames.size === MOST) break;
    const { file, line, column } = finding;
    if (file === undefined || line === undefined || isAboutSecret(finding)) continue;
    // Several findings of one place stand together, and are read with one frame.
    const place = JSON.stringify([file, line, column]);
    if (seen.has(place)) continue;
    seen.add(place);
    const text = await textOf(file);
    const frame = text === undefined ? undefined : codeFrame(text, line, column);
    if (frame !== undefined) frames.set(finding, frame);
  }
  const framed = (finding: Finding): Finding => {
    const [frame, region] = [frames.get(finding), regions.get(finding)];
    return { ...finding, ...(frame && { frame }), ...(region && { region }) };
  };
  return { ...report, findings: report.findings.map(framed) };
}

async function regionsOf(
  findings: readonly Finding[],
  textOf: (file: string) => Promise<string | undefined>,
): Promise<ReadonlyMap<Finding, SourceRegion>> {
  const files = new Map<string, ReturnType<typeof sourceRegions>>();
  const regions = new Map<Finding, SourceRegion>();
  for (const finding of findings) {
    const { file, line, column } = finding;
    if (regions.size === MOST_REGIONS) break;
    if (file === undefined || line === undefined || isAboutSecret(finding)) continue;
    const text = await textOf(file);
    if (text === undefined) continue;
    const regionAt = files.get(file) ?? sourceRegions(text);
    files.set(file, regionAt);
    const region = regionAt(line, column);
    if (region !== undefined) regions.set(finding, region);
  }
  return regions;
}

/** A line of which that is said may hold the secret, in whatever form. */
function isAboutSecret({ rule }: Finding): boolean {
  return rule.startsWith('policy/secret-');
}

async function readText(file: string, root: string, files: Files): Promise<string | undefined> {
  const real = await files.real(resolve(root, file));
  // Not by a symbolic link either.
  if (real === undefined || !isInside(root, real) || isEncryptedName(real)) return undefined;
  try {
    const bytes = await files.read(real, SOURCE_BYTES);
    const text = bytes && new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text === undefined || /\0|ENC\[AES256_GCM|-----BEGIN AGE ENCRYPTED/.test(text) ? undefined : text;
  } catch (error) {
    // Too large, no text, or not ours to read.
    if (error instanceof RangeError || error instanceof TypeError || error instanceof EnvironmentError)
      return undefined;
    throw error;
  }
}
