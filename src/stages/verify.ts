import { BUNDLE_TYPE, PROVENANCE } from '../domain/attestation.ts';
import { at, fields, list } from '../domain/diagnosis/reading.ts';
import { type ExpectedSigner, type SignerIdentity, signerText, strangeness } from '../domain/expected-signer.ts';
import type { Finding } from '../domain/finding.ts';
import { MOST_ATTACHED } from '../domain/limits.ts';
import type { PublishedChart } from '../domain/published-chart.ts';
import type { Ports } from '../ports.ts';
import { readAttachment } from './attachment.ts';

/**
 * Whether a published digest shows by whom and from what it was made: one provenance at least, signed, that is about
 * this very digest and by whoever is expected. Anybody who may write to the registry may attach others, which do no harm.
 */
export async function verify(
  name: string,
  { reference, location, digest }: PublishedChart,
  expected: ExpectedSigner,
  { registry, verifying, host }: Pick<Ports, 'registry' | 'verifying' | 'host'>,
): Promise<Finding[]> {
  const refused = (why: string, hint: string): Finding[] => {
    const message = `${reference} is not to be deployed: ${why}`;
    return [{ stage: 'deploy', rule: 'deploy/provenance', severity: 'error', message, chart: name, hint }];
  };
  const attached = await registry.attached(location, digest, BUNDLE_TYPE);
  if (!attached.ok)
    return refused(`what is attached to it is not known: ${attached.fault.message}`, attached.fault.hint ?? AGAIN);
  // What says of itself that it is something else isn't asked; what says nothing is.
  const candidates = attached.value.filter(({ annotations }) => {
    const type = annotations['dev.sigstore.bundle.predicateType'];
    return type === undefined || type === PROVENANCE;
  });
  if (candidates.length === 0) return refused('no signed provenance is attached to it', UNSIGNED);
  const reasons: string[] = [];
  for (const candidate of candidates.slice(0, MOST_ATTACHED)) {
    const bundle = await readAttachment(location, candidate.digest, registry);
    const checked = bundle.ok
      ? await check(bundle.value, digest, expected, verifying)
      : { wrong: [`could not be fetched: ${bundle.fault.message}`] };
    if ('signer' in checked) {
      host.progress({ kind: 'note', text: `verified: ${reference} was published by ${signerText(checked.signer)}` });
      return [];
    }
    reasons.push(`its provenance ${checked.wrong.join(', and ')}`);
  }
  const told = [...new Set(reasons)];
  const more = told.length > MOST_TOLD ? `; and ${told.length - MOST_TOLD} more` : '';
  return refused(`${told.slice(0, MOST_TOLD).join('; ')}${more}`, STRANGE);
}

const AGAIN = 'Run it again later.';
const UNSIGNED = 'Publish it with attest: true, and promote it with registry, which takes along what is attached.';
const STRANGE =
  'Deploy a digest that the expected workflow published; or change verify, when it is the expectation that is wrong.';
/** Reasons in one message. */
const MOST_TOLD = 3;

/** Who signed it, when all is as expected; else clauses to follow "its provenance". */
async function check(
  bundle: Uint8Array,
  digest: string,
  expected: ExpectedSigner,
  verifying: Ports['verifying'],
): Promise<{ readonly signer: SignerIdentity } | { readonly wrong: readonly string[] }> {
  const verified = await verifying.verify(bundle);
  if (!verified.ok) return { wrong: [verified.message] };
  const statement = fields(verified.statement);
  if (statement.predicateType !== PROVENANCE) return { wrong: ['is none by its signed content'] };
  const subjects = list(statement.subject).map((subject) => at(subject, 'digest', 'sha256'));
  if (!subjects.includes(digest.slice('sha256:'.length))) {
    const other = typeof subjects[0] === 'string' ? `sha256:${subjects[0].slice(0, 64)}` : 'nothing';
    return { wrong: [`is about another digest, ${other}`] };
  }
  const wrong = strangeness(verified.signer, expected);
  return wrong.length > 0 ? { wrong } : { signer: verified.signer };
}
