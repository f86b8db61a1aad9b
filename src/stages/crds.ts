import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Finding } from '../domain/finding.ts';
import { SOURCE_BYTES } from '../domain/limits.ts';
import { joinShown } from '../domain/paths.ts';
import type { StagedChart } from '../domain/staged.ts';
import type { Ports } from '../ports.ts';

/** Files of `crds/` that are no YAML: helm installs them as they are, and Helm 3 doesn't look at them before. */
export async function checkCrds(staged: StagedChart, ports: Pick<Ports, 'files'>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const path of await filesBelow('crds', staged, ports)) {
    const bytes = /\.(?:ya?ml|json)$/i.test(path)
      ? await ports.files.read(join(staged.directory, path), SOURCE_BYTES)
      : undefined;
    const error = bytes === undefined ? undefined : errorIn(new TextDecoder().decode(bytes));
    if (error === undefined) continue;
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
  return findings;
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

function errorIn(text: string): { message: string; line?: number; column?: number } | undefined {
  const documents = parseAllDocuments(text, { logLevel: 'silent' });
  const error = Array.isArray(documents) ? documents.flatMap((document) => document.errors)[0] : undefined;
  if (error === undefined) return undefined;
  const [start] = error.linePos ?? [];
  const reason = error.message.split(' at line ')[0]?.split('\n')[0] ?? '';
  return { message: `is no YAML: ${reason}`, ...(start !== undefined && { line: start.line, column: start.col }) };
}
