import type { Cause } from '../../domain/deployment.ts';
import { refusalIn } from '../../domain/diagnosis/refusal-words.ts';
import type { Finding } from '../../domain/finding.ts';
import { type KubeObject, shownObject } from '../../domain/kube-object.ts';
import { together } from '../../domain/together.ts';
import { asHelmApplies } from './as-helm-applies.ts';
import { causeOf } from './cluster-cause.ts';
import { type ForeignField, tellForeignFields } from './fields.ts';
import { ownerOutside } from './ownership.ts';
import { missingRights } from './rights.ts';
import type { Session } from './session.ts';
import { done, failed, type Step } from './step.ts';

/** Objects that are asked about at once. */
const AT_ONCE = 8;

/**
 * Asks the API server what it would say to the manifest that helm would apply, object by object, and to the hooks.
 * What can't be known (a webhook that refuses dry runs, a kind whose definition comes with the chart) is a note.
 */
export async function preflight(
  manifest: readonly KubeObject[],
  hooks: readonly KubeObject[],
  session: Session,
): Promise<Step<readonly Finding[]>> {
  const { cluster } = session;
  const served = await cluster.kinds();
  if (!served.ok) return failed(causeOf(served.fault, 'the kinds of the cluster are not known'));
  const kinds = new Map(served.value.map((kind) => [`${kind.apiVersion}/${kind.kind}`, kind]));
  const all = [...manifest, ...hooks];
  const [rights, asked] = await Promise.all([
    missingRights(all, kinds, session),
    inTurns(all, (object, index) => ask(asHelmApplies(object, kinds, session), index >= manifest.length, session)),
  ]);
  const findings: Finding[] = [...rights.findings];
  const refusals: Cause[] = [];
  for (const [index, answer] of asked.entries()) {
    const object = all[index] as KubeObject;
    if (answer.kind === 'refused') refusals.push(answer.cause);
    else if (answer.kind === 'unknown') findings.push(note(object, `could not be tried: ${answer.message}`));
    else if (answer.kind === 'known') {
      const owner = ownerOutside(answer.object, object);
      if (owner !== undefined) refusals.unshift(owner);
    }
  }
  if (rights.cause !== undefined) refusals.unshift(rights.cause);
  const [first, ...others] = refusals;
  if (first !== undefined) {
    const more =
      others.length === 0 ? '' : ` (and ${others.length} more: ${others.map(({ message }) => message).join('; ')})`;
    return failed({ ...first, message: `${first.message}${more}` });
  }
  const foreign = asked.flatMap((answer) => (answer.kind === 'known' ? answer.foreign : []));
  return done([...findings, ...tellForeignFields(foreign, session)]);

  function note(object: KubeObject, message: string): Finding {
    return {
      stage: 'deploy',
      rule: 'deploy/unknown',
      severity: 'note',
      message: `${shown(object)} ${message}`,
      chart: session.chart,
      environments: [session.environment],
      resource: shown(object),
    };
  }
}

type Asked =
  | { readonly kind: 'known'; readonly object: KubeObject; readonly foreign: readonly ForeignField[] }
  | { readonly kind: 'refused'; readonly cause: Cause }
  | { readonly kind: 'unknown'; readonly message: string }
  /** A hook that is there from before: helm removes it before it is made anew. */
  | { readonly kind: 'replaced' };

async function ask(object: KubeObject, isHook: boolean, { cluster }: Session): Promise<Asked> {
  const asked = await cluster.dryApply(object, 'helm', { force: false });
  const conflicts = asked.ok ? [] : (asked.fault.conflicts ?? []);
  const answer = conflicts.length > 0 ? await cluster.dryApply(object, 'helm') : asked;
  if (answer.ok) {
    const foreign = conflicts.map(({ manager, field }) => ({ object, manager, field }));
    return { kind: 'known', object: answer.value, foreign };
  }
  const { kind, message } = answer.fault;
  switch (kind) {
    case 'refused':
      if (isUnknowable(message)) return { kind: 'unknown', message };
      if (isHook && /field is immutable|may not change|updates to .* are forbidden/i.test(message))
        return { kind: 'replaced' };
      return {
        kind: 'refused',
        cause: refusal(object, message),
      };
    case 'unauthorized':
    case 'unreachable':
      return { kind: 'refused', cause: causeOf(answer.fault, `${shown(object)} can't be tried`) };
    default:
      return { kind: 'unknown', message };
  }
}

function refusal(object: KubeObject, said: string): Cause {
  return { code: 'refused', ...refusalIn(said, shown(object)) };
}

/** Answers that say nothing about the object. */
function isUnknowable(message: string): boolean {
  return /does not support dry run|failed calling webhook|namespaces? "[^"]*" not found/i.test(message);
}

function shown({ kind, metadata }: KubeObject): string {
  return shownObject({ kind, name: metadata.name });
}

async function inTurns<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++)
      results[index] = await work(items[index] as T, index);
  };
  await together(Array.from({ length: AT_ONCE }, worker));
  return results;
}
