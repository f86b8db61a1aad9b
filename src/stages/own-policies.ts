import type { CustomKinds } from '../domain/custom-kinds.ts';
import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import type { KyvernoPolicies, PolicyPlace } from '../domain/kyverno-policies.ts';
import type { RenderedDocument } from '../domain/manifest.ts';
import { joinShown } from '../domain/paths.ts';
import { formatPointer, parsePointer } from '../domain/pointer.ts';
import { isAllowed } from '../domain/policies/allowances.ts';
import { releaseObject } from '../domain/policies/release-object.ts';
import type { PolicySeverities } from '../domain/policies.ts';
import type { DocumentContent } from '../domain/rendered-objects.ts';
import { redactSecrets } from '../domain/secret-redaction.ts';
import type { StagedChart } from '../domain/staged.ts';
import type { OwnResult, OwnVerdict, Ports } from '../ports.ts';
import type { PolicyTold } from './policies.ts';
import type { Rendered } from './render.ts';

/** Asks users' own policies about what was rendered for an environment. */
export type OwnPolicyChecks = (
  environment: Environment,
  renders: readonly Rendered[],
  kinds: CustomKinds,
) => Promise<OwnPoliciesTold>;

export interface OwnPoliciesTold {
  /** About the policies themselves. */
  readonly findings: readonly Finding[];
  /** About a document. */
  of(document: RenderedDocument): readonly PolicyTold[];
}

/** A folder with policies of one kind, and the program that runs them. */
interface PolicySet {
  readonly engine: 'conftest' | 'kyverno';
  readonly shown: string;
  /** It is part of what is asked: what was said of a document in one namespace isn't known of another. */
  readonly byNamespace: boolean;
  readonly policies?: KyvernoPolicies;
  check(documents: readonly string[], namespace: string, kinds: CustomKinds): Promise<OwnVerdict>;
}

interface Setup {
  readonly staged: StagedChart;
  readonly folders: readonly {
    readonly folder: string;
    readonly shown: string;
    readonly rego: boolean;
    readonly kyverno?: KyvernoPolicies;
  }[];
  readonly severities: PolicySeverities;
  readonly read: (text: string) => DocumentContent;
}

/** For the life of these checks a text is judged once by each folder, however many renders have it. */
export function createOwnPolicyChecks(
  { staged, folders, severities, read }: Setup,
  { conftest, kyverno, host }: Pick<Ports, 'conftest' | 'kyverno' | 'host'>,
): OwnPolicyChecks {
  const sets: readonly PolicySet[] = folders
    .flatMap(({ folder, shown, rego, kyverno: policies }): PolicySet[] => [
      ...(rego ? [{ engine: 'conftest', shown, byNamespace: false, check: ofRego(folder) } as const] : []),
      ...(policies === undefined
        ? []
        : [{ engine: 'kyverno', shown, byNamespace: true, policies, check: ofKyverno(policies) } as const]),
    ])
    .filter(({ engine }) => severities.get(engine) !== 'off');
  const known = new Map<string, readonly OwnResult[]>();
  const turns = new Map<string, Promise<unknown>>();
  return ask;

  /** One environment after the other, where they share most of their documents. */
  function inTurn<Done>(key: string, work: () => Promise<Done>): Promise<Done> {
    const done = (turns.get(key) ?? Promise.resolve()).then(work);
    turns.set(
      key,
      done.catch(() => undefined),
    );
    return done;
  }

  function ofRego(folder: string): PolicySet['check'] {
    return (documents) => conftest.check(folder, documents);
  }

  function ofKyverno({ policies }: KyvernoPolicies): PolicySet['check'] {
    return async (documents, namespace, kinds) =>
      policies.length === 0
        ? { ok: true, results: [], refused: [] }
        : await kyverno.check(policies, documents, namespace, kinds);
  }

  async function ask(
    environment: Environment,
    renders: readonly Rendered[],
    kinds: CustomKinds,
  ): Promise<OwnPoliciesTold> {
    const findings: Finding[] = [];
    if (sets.length === 0) return { findings, of: () => [] };
    const documents = new Set<string>();
    for (const { text } of renders.flatMap((rendered) => rendered.documents)) {
      if (read(text).objects.length > 0) documents.add(text);
    }
    for (const set of sets) {
      findings.push(...ofPolicies(set, environment));
      findings.push(...(await inTurn(keyOf(set, environment), () => askSet(set, [...documents], environment, kinds))));
    }
    return {
      findings,
      of: (document) =>
        sets.flatMap((set) =>
          (known.get(keyOf(set, environment, document.text)) ?? []).flatMap(
            (result) => told(set.engine, result, document) ?? [],
          ),
        ),
    };
  }

  /** Puts what is said of the documents beside what is known, and gives what is said of the policies. */
  async function askSet(
    set: PolicySet,
    documents: readonly string[],
    environment: Environment,
    kinds: CustomKinds,
  ): Promise<Finding[]> {
    const open = documents.filter((text) => !known.has(keyOf(set, environment, text)));
    if (open.length === 0) return [];
    // No secret gets to a policy: it may ask servers, and who changes it may not be trusted with any.
    const redacted = open.map((text) => host.redact(redactSecrets(text)));
    const verdict = await set.check(redacted, environment.namespace, kinds);
    const byDocument = new Map<number, OwnResult[]>();
    for (const result of verdict.ok ? verdict.results : []) {
      const others = byDocument.get(result.document);
      if (others === undefined) byDocument.set(result.document, [result]);
      else others.push(result);
    }
    for (const [index, text] of open.entries()) known.set(keyOf(set, environment, text), byDocument.get(index) ?? []);
    if (!verdict.ok) return unusable(set, verdict, environment);
    return verdict.refused.map(({ message, policy }) => refused(set, message, policy, environment));
  }

  function told(
    engine: PolicySet['engine'],
    { message, query, path, object: number, ...result }: OwnResult,
    document: RenderedDocument,
  ): PolicyTold | undefined {
    const { objects } = read(document.text);
    // What is said of a document is said of its object, where it has one.
    const object = number !== undefined ? objects[number] : objects.length === 1 ? objects[0] : undefined;
    const seen = object && releaseObject(object.data);
    if (seen !== undefined && isAllowed(seen, engine)) return undefined;
    const given = result.severity === 'note' ? undefined : severities.get(engine);
    const text = message.trim() === '' ? 'is refused' : message.trim().slice(0, 1_000);
    const place = path === undefined ? '' : reachable(path, object?.data);
    return {
      document,
      object,
      fault: {
        rule: `policy/${engine}`,
        severity: given === undefined || given === 'off' ? result.severity : given,
        message: `${text} (${query})`,
        path: place,
        ...(place === '' && seen !== undefined && { standsFor: '/kind' }),
      },
    };
  }

  /** What is known of the policies before they are run. */
  function ofPolicies({ policies, shown }: PolicySet, environment: Environment): Finding[] {
    if (policies === undefined) return [];
    const { faults, leftOut } = policies;
    const [some, rest] = [leftOut.slice(0, MOST_NAMED).join(', '), leftOut.length - MOST_NAMED];
    const message = `of the policies in ${shown} those of Kyverno's kinds that validate are run; left out: ${some}${rest > 0 ? ` and ${rest} more` : ''}`;
    return [
      ...faults.map(({ message: fault, place }) => aboutPolicies('kyverno', environment, `a policy ${fault}`, place)),
      ...(leftOut.length === 0
        ? []
        : [{ ...aboutPolicies('kyverno', environment, message), severity: 'note' } as const]),
    ];
  }

  function refused(
    { engine, shown }: PolicySet,
    message: string,
    policy: { readonly kind: string; readonly name: string; readonly place: PolicyPlace } | undefined,
    environment: Environment,
  ): Finding {
    if (policy === undefined) return aboutPolicies(engine, environment, `a policy in ${shown} isn't taken: ${message}`);
    const { kind, name, place } = policy;
    return aboutPolicies(engine, environment, `${engine} doesn't take the ${kind} ${name}: ${message}`, place);
  }

  function unusable(
    { engine, shown }: PolicySet,
    { message, faults }: Extract<OwnVerdict, { ok: false }>,
    environment: Environment,
  ): Finding[] {
    const byHand =
      engine === 'conftest'
        ? `conftest test --policy ${shown} chartship-report/manifests`
        : `kyverno apply ${shown} --resource chartship-report/manifests/${staged.metadata.name}/${environment.name}/VERSION.yaml`;
    const told = faults?.map(({ message: fault, path, line }) => {
      const place = { file: joinShown(shown, path), line };
      return aboutPolicies(engine, environment, `the policies in ${shown} can't be run by ${engine}: ${fault}`, place);
    });
    return (told ?? [aboutPolicies(engine, environment, `the policies in ${shown} ${message}`)]).map((finding) => ({
      ...finding,
      hint: `See what it says: ${byHand}`,
    }));
  }

  function aboutPolicies(
    engine: PolicySet['engine'],
    environment: Environment,
    message: string,
    place?: PolicyPlace,
  ): Finding {
    return {
      stage: 'validate',
      rule: `policy/${engine}`,
      severity: 'error',
      message,
      chart: staged.metadata.name,
      environments: [environment.name],
      ...place,
    };
  }
}

function keyOf({ engine, shown, byNamespace }: PolicySet, { namespace }: Environment, text = ''): string {
  return [engine, shown, byNamespace ? namespace : '', text].join('\0');
}

/** Rules that are named where they are left out. */
const MOST_NAMED = 10;

/** As far as a pointer leads in an object: what isn't there is wanted of what it would be in. */
function reachable(pointer: string, data: unknown): string {
  const steps = parsePointer(pointer);
  const reached: string[] = [];
  let node = data;
  for (const step of steps) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) break;
    node = (node as Readonly<Record<string, unknown>>)[step];
    reached.push(step);
  }
  return formatPointer(reached);
}
