import { resolve } from 'node:path';
import {
  BILL_OF_MATERIALS,
  BOM_TYPE,
  BUNDLE_TYPE,
  isBillOfMaterials,
  isSignedStatement,
  PROVENANCE,
  type PredicateType,
  provenanceOf,
  statementOf,
} from '../domain/attestation.ts';
import type { ChartContents } from '../domain/chart-contents.ts';
import type { Finding } from '../domain/finding.ts';
import type { PublishOutcome } from '../domain/outcome.ts';
import { type Location, locationOf, type Target } from '../domain/reference.ts';
import type { ChartPackage } from '../domain/staged.ts';
import type { Attached, Host, Ports, Registry } from '../ports.ts';
import { attachOnce } from './attach-once.ts';
import { findByContent } from './attachment.ts';

/** What is to be attached, of which there is one of its kind. */
interface Attestation {
  /** For a person. */
  readonly what: string;
  readonly type: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether a content is what is to be attached. */
  readonly isIt: (content: Uint8Array) => boolean;
  readonly fileName: string;
  readonly make: () => Promise<Made>;
}

type Made =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** Where the package is under one digest. */
interface Place {
  readonly registry: string;
  readonly location: Location;
}

/**
 * Attaches to what is published what it is made of, and signed, where it comes from and again what it is made of. Each
 * is there once: what is attached already and can be read is left alone, and what one registry has is taken to the others as it is.
 */
export async function attest(
  pkg: ChartPackage,
  contents: ChartContents,
  outcomes: readonly PublishOutcome[],
  options: { readonly targets: readonly Target[]; readonly root: string; readonly toolVersion: string },
  ports: Pick<Ports, 'registry' | 'signing'> & { readonly host: Pick<Host, 'progress'> },
): Promise<Finding[]> {
  const { billOfMaterials } = await import('../domain/bill-of-materials.ts');
  const bill = billOfMaterials(pkg, contents, options.toolVersion);
  const findings: Finding[] = [];
  // The same files that somebody else published there may have another digest.
  for (const digest of new Set(outcomes.flatMap((outcome) => outcome.digest ?? []))) {
    const places = outcomes.flatMap((outcome) => {
      const target = options.targets.find(({ text }) => text === outcome.registry);
      if (outcome.digest !== digest || target === undefined) return [];
      const location = locationOf(target, pkg.name, (...parts) => resolve(options.root, ...parts));
      return [{ registry: outcome.registry, location }];
    });
    for (const attestation of attestationsOf(pkg, contents, digest, bill, options.toolVersion, ports)) {
      findings.push(...(await attachEverywhere(attestation, pkg, digest, places, ports)));
      // What can't be signed or attached once is not tried a second time.
      if (findings.length > 0) return findings;
    }
  }
  return findings;
}

function attestationsOf(
  pkg: ChartPackage,
  { dependencies }: ChartContents,
  digest: string,
  bill: string,
  toolVersion: string,
  { signing }: Pick<Ports, 'signing'>,
): Attestation[] {
  const signed = (what: string, type: PredicateType, predicate: () => Promise<object | Made>): Attestation => ({
    what,
    type: BUNDLE_TYPE,
    // As cosign and GitHub's actions write them: by these a bundle is found.
    annotations: { 'dev.sigstore.bundle.content': 'dsse-envelope', 'dev.sigstore.bundle.predicateType': type },
    isIt: (content) => isSignedStatement(content, digest, type),
    fileName: 'bundle.json',
    make: async () => {
      const content = await predicate();
      if ('ok' in content) return content as Made;
      const answer = await signing.sign(statementOf(pkg.name, digest, type, content));
      return answer.ok ? { ok: true, bytes: answer.bundle } : answer;
    },
  });
  return [
    {
      what: 'bill of materials',
      type: BOM_TYPE,
      annotations: {},
      isIt: isBillOfMaterials,
      fileName: 'bom.json',
      make: async () => ({ ok: true, bytes: new TextEncoder().encode(bill) }),
    },
    signed('signed provenance', PROVENANCE, async () => {
      const answer = await signing.workflow();
      return answer.ok ? provenanceOf({ workflow: answer.workflow, dependencies, toolVersion }) : answer;
    }),
    signed('signed bill of materials', BILL_OF_MATERIALS, async () => JSON.parse(bill) as object),
  ];
}

async function attachEverywhere(
  attestation: Attestation,
  pkg: ChartPackage,
  digest: string,
  places: readonly Place[],
  { registry, host }: { readonly registry: Registry; readonly host: Pick<Host, 'progress'> },
): Promise<Finding[]> {
  const { what, type, annotations, isIt, fileName, make } = attestation;
  const failed = (place: Place, { message, hint }: { message: string; hint?: string }): Finding => ({
    stage: 'publish',
    rule: 'publish/attestation',
    severity: 'error',
    message: `${pkg.name} ${pkg.version} is in ${place.registry} as ${digest}, but without its ${what}: ${message}`,
    chart: pkg.name,
    hint: [...(hint === undefined ? [] : [hint]), 'The next run attaches what is missing.'].join(' '),
  });
  const saysSo = (there: Attached): boolean =>
    Object.entries(annotations).every(([key, value]) => there.annotations[key] === value);

  const findings: Finding[] = [];
  const lacking: (Place & { readonly find: ReturnType<typeof findByContent> })[] = [];
  let known: Made | undefined;
  for (const place of places) {
    const there = await registry.attached(place.location, digest, type);
    const find = findByContent(place.location, saysSo, isIt, registry);
    const found = there.ok ? await find(there.value) : there;
    if (!found.ok) findings.push(failed(place, found.fault));
    else if (found.value === undefined) lacking.push({ ...place, find });
    else known ??= { ok: true, bytes: found.value };
  }
  const [first] = lacking;
  if (first === undefined) return findings;
  const made = known ?? (await make());
  if (!made.ok) return [...findings, failed(first, made)];
  for (const place of lacking) {
    const fault = await attachOnce(
      place.location,
      digest,
      type,
      place.find,
      () => ({
        annotations: { 'org.opencontainers.image.created': new Date().toISOString(), ...annotations },
        content: { fileName, mediaType: type, bytes: made.bytes },
      }),
      registry,
    );
    if (fault !== undefined) findings.push(failed(place, fault));
    else host.progress({ kind: 'note', text: `attached to ${place.registry}/${pkg.name}@${digest}: its ${what}` });
  }
  return findings;
}
