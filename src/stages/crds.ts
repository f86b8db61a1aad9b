import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { blockYaml } from '../domain/block-yaml.ts';
import type { Finding } from '../domain/finding.ts';
import { SOURCE_BYTES } from '../domain/limits.ts';
import { documentsOfFile, type RenderedDocument } from '../domain/manifest.ts';
import { joinShown } from '../domain/paths.ts';
import { readDocument } from '../domain/rendered-objects.ts';
import type { StagedChart } from '../domain/staged.ts';
import type { Ports } from '../ports.ts';

export interface Crds {
  readonly findings: readonly Finding[];
  /** Of the files that are YAML. */
  readonly documents: readonly RenderedDocument[];
}

/** Whether helm takes a file of `crds/` for a definition. */
export function isCrdFile(path: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(path);
}

/** Files of `crds/`. Those that are no YAML are findings: helm installs them as they are, and Helm 3 doesn't look at them before. */
export async function readCrds(staged: StagedChart, ports: Pick<Ports, 'files'>): Promise<Crds> {
  const findings: Finding[] = [];
  const documents: RenderedDocument[] = [];
  for (const path of await filesBelow('crds', staged, ports)) {
    const bytes = isCrdFile(path) ? await ports.files.read(join(staged.directory, path), SOURCE_BYTES) : undefined;
    if (bytes === undefined) continue;
    const text = new TextDecoder().decode(bytes);
    const error = errorIn(text);
    if (error === undefined) {
      documents.push(...documentsOfFile(text, path));
      continue;
    }
    const file = joinShown(staged.source, path);
    findings.push({
      stage: 'resolve',
      rule: 'resolve/crd-yaml',
      severity: 'error',
      chart: staged.metadata.name,
      file,
      ...error,
      message: `${file} ${error.message}`,
    });
  }
  return { findings, documents };
}

async function filesBelow(folder: string, staged: StagedChart, ports: Pick<Ports, 'files'>): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await ports.files.list(join(staged.directory, folder))) {
    const path = `${folder}/${entry.path}`;
    if (entry.kind === 'folder') found.push(...(await filesBelow(path, staged, ports)));
    else if (entry.kind === 'file') found.push(path);
  }
  return found;
}

/** Characters up to which keys are compared with each other: it takes a minute for 60,000 of them. */
const MOST_COMPARED = 500_000;

function errorIn(text: string): { message: string; line?: number; column?: number } | undefined {
  const contents = documentsOfFile(text, '').map((document) =>
    blockYaml(document.text) === undefined ? readDocument(document.text) : undefined,
  );
  const repeated = contents.find((content) => content?.repeatedKey !== undefined)?.repeatedKey;
  // What is only too much for the reader is helm's to judge.
  const isYaml = contents.every((content) => !/^can't be read: (?!nesting )/.test(content?.unread ?? ''));
  if (isYaml && repeated === undefined) return undefined;
  if (isYaml && text.length > MOST_COMPARED) return { message: `has the key ${JSON.stringify(repeated?.name)} twice` };
  // What is wrong, and where, this reader says; it takes ten times as long.
  try {
    const uniqueKeys = text.length <= MOST_COMPARED;
    const documents = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys });
    const error = Array.isArray(documents) ? documents.flatMap((document) => document.errors)[0] : undefined;
    if (error === undefined) return undefined;
    const [start] = error.linePos ?? [];
    const reason = error.message.split(' at line ')[0]?.split('\n')[0] ?? '';
    return { message: `is no YAML: ${reason}`, ...(start !== undefined && { line: start.line, column: start.col }) };
  } catch (error) {
    if (error instanceof RangeError) return { message: 'is nested too deeply' };
    throw error;
  }
}
