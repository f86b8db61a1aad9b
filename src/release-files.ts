import { createHash } from 'node:crypto';
import type { CheckedPackage } from './check.ts';
import { BOM_TYPE, BUNDLE_TYPE, PROVENANCE, provenanceOf, statementOf } from './domain/attestation.ts';
import type { Report } from './domain/outcome.ts';
import type { Made, WantedAsset } from './github/release-assets.ts';
import type { Ports } from './ports.ts';
import { REPORT_FILE } from './release-settings.ts';
import { jsonText } from './report/json.ts';
import type { Request } from './request.ts';
import { VERSION } from './version.ts';

/** A file whose content is known, and the same in each run. */
type KnownFile = WantedAsset & { readonly digest: string };

/**
 * The files of a release: the packages, those that its workflow gives, the report. Where what is published is attested,
 * so are these: there is a bill of materials for each package, and FILE.sigstore.json, a signed provenance, for each file.
 */
export async function releaseFiles(
  request: Request,
  packages: readonly CheckedPackage[],
  report: Report,
  ports: Pick<Ports, 'signing'>,
): Promise<WantedAsset[]> {
  const files = [
    ...packages.map((each) => ({
      ...{ name: each.fileName, type: 'application/gzip', content: each.archive, digest: `sha256:${each.sha256}` },
    })),
    ...(request.attestation === undefined ? [] : await billsOf(packages)),
    ...request.releaseMaterial.files.map(({ name, content }) => known(name, 'application/octet-stream', content)),
  ];
  return [
    ...files.flatMap((file) =>
      request.attestation === undefined ? [file] : [file, provenanceFile(file, packages, ports)],
    ),
    // Its seconds are others in each run: what is there stays.
    { name: REPORT_FILE, type: 'application/json', content: encoded(jsonText(report)) },
  ];
}

async function billsOf(packages: readonly CheckedPackage[]): Promise<KnownFile[]> {
  const { billOfMaterials } = await import('./domain/bill-of-materials.ts');
  return packages.map((each) =>
    known(`${each.name}-${each.version}.cdx.json`, BOM_TYPE, encoded(billOfMaterials(each, each.contents, VERSION))),
  );
}

/** Signed when it is missing or about another file, and only then: a log that keeps what is signed keeps it for ever. */
function provenanceFile(
  { name, digest }: KnownFile,
  packages: readonly CheckedPackage[],
  { signing }: Pick<Ports, 'signing'>,
): WantedAsset {
  const dependencies = packages.find(({ fileName }) => fileName === name)?.contents.dependencies ?? [];
  const content = async (): Promise<Made> => {
    const answer = await signing.workflow();
    if (!answer.ok) return answer;
    const predicate = provenanceOf({ workflow: answer.workflow, dependencies, toolVersion: VERSION });
    const signed = await signing.sign(statementOf(name, digest, PROVENANCE, predicate));
    return signed.ok ? { ok: true, bytes: signed.bundle } : signed;
  };
  return { name: `${name}.sigstore.json`, type: BUNDLE_TYPE, content, about: digest };
}

function known(name: string, type: string, content: Uint8Array): KnownFile {
  return { name, type, content, digest: `sha256:${createHash('sha256').update(content).digest('hex')}` };
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
