import { at, fields, list } from '../domain/diagnosis/reading.ts';
import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import type { RenderedDocument } from '../domain/manifest.ts';
import type { ObjectFault, TargetVersion } from '../domain/object-faults.ts';
import { formatPointer } from '../domain/pointer.ts';
import type { NamedText } from '../domain/policies/credential-forms.ts';
import type { ReleaseObject } from '../domain/policies/release-object.ts';
import type { SecretCandidate } from '../domain/policies/secret-in-values.ts';
import type { Policies, PolicySeverities } from '../domain/policies.ts';
import type { DocumentContent, RenderedObject } from '../domain/rendered-objects.ts';
import { isEncryptedName } from '../domain/sops.ts';
import type { Source } from '../domain/source.ts';
import type { StagedChart } from '../domain/staged.ts';

/** What a policy says of an object of a render; `minor`: for that Kubernetes version alone. */
export interface PolicyTold {
  readonly document: RenderedDocument;
  readonly fault: ObjectFault;
  readonly object?: RenderedObject | undefined;
  readonly minor?: string;
}

/** What the policies say, for the life of a chart's check. */
export interface PolicyChecks {
  /** Of the objects of one render, which are given as they are read. */
  ofRender(namespace: string, targets: readonly TargetVersion[]): Promise<RenderPolicies>;
  /** Secrets in the values files of an environment. */
  ofValues(environment: Environment): Promise<Finding[]>;
}

export interface RenderPolicies {
  take(document: RenderedDocument, content: DocumentContent): void;
  /** After the last document. */
  told(): Promise<readonly PolicyTold[]>;
}

/** Characters of the documents that must be kept, to compare their objects: more is no chart's that a person wrote. */
const MOST_KEPT = 16 * 1024 * 1024;
/** Characters of one object. */
const LARGEST = 4 * 1024 * 1024;
/** Texts that are given to the library that recognises credentials: it takes a millisecond for one. */
const MOST_TRIED = 1_000;
/** Objects that policies on others look at, beside those that have pods. Of the rest nothing is kept. */
const COMPARED = /^(?:Service|Ingress|PodDisruptionBudget|HorizontalPodAutoscaler|Namespace|[A-Z]+Route)$/;

/** Only a run that validates needs them. */
const loaded = () => import('../domain/policies.ts');

export function createPolicyChecks(staged: StagedChart, asked: PolicySeverities): PolicyChecks {
  const credentials = new Map<string, string>();
  const tried = new Set<string>();
  let triedAll = true;
  /** Renders share most of their documents, and what was read of them: it is looked at once. */
  const known = new WeakMap<object, { readonly seen: ReleaseObject; readonly texts: readonly NamedText[] }>();
  const knownValues = new WeakMap<Source, readonly SecretCandidate[]>();
  let policies: Policies | undefined;

  /** Which texts are credentials by their form: asked of a library, of each text once. */
  const recognise = async (texts: readonly NamedText[]): Promise<void> => {
    const open = texts.filter(({ text }) => !tried.has(text)).slice(0, MOST_TRIED - tried.size);
    for (const { text } of open) tried.add(text);
    triedAll &&= texts.every(({ text }) => tried.has(text));
    if (open.length === 0) return;
    const { recognised } = await import('../domain/policies/credential-forms.ts');
    for (const [text, form] of await recognised(open)) credentials.set(text, form);
  };

  return {
    ofRender: async (namespace, targets) => {
      const { choosePolicies, createReleases, maySecret, releaseObject, severityOf } = await loaded();
      policies ??= choosePolicies(asked);
      const apply = policies;
      const looksForSecrets = ['secret-in-config-map', 'secret-in-env'].some(
        (name) => severityOf(name, asked) !== undefined,
      );
      const minors = [...new Set(targets.map(({ minor }) => minor))];
      const places = new Map<ReleaseObject, Omit<PolicyTold, 'fault'>>();
      const found: PolicyTold[] = [];
      const alone = createReleases([], namespace, credentials, minors);
      /** May hold credentials: nothing is said of them before that is known. */
      const waiting: (Omit<PolicyTold, 'fault'> & { readonly seen: ReleaseObject })[] = [];
      const texts: NamedText[] = [];
      let kept = 0;
      let tooLarge: RenderedDocument | undefined;
      let last: RenderedDocument | undefined;
      const judge = (seen: ReleaseObject, place: Omit<PolicyTold, 'fault'>): void => {
        for (const { fault, minor } of apply([seen], alone)) found.push(toldAt(place, fault, minor));
      };
      return {
        take: (document, { objects }) => {
          last = document;
          for (const object of objects) {
            let before = known.get(object.data);
            if (before === undefined) {
              const seen = releaseObject(object.data, document.template);
              if (seen === undefined) continue;
              const own = looksForSecrets ? textsOf(seen, maySecret) : [];
              before = { seen, texts: own };
              known.set(object.data, before);
            }
            const { seen, texts: own } = before;
            texts.push(...own);
            if (seen.pods === undefined && !COMPARED.test(seen.kind)) {
              if (own.length > 0) waiting.push({ document, object, seen });
              else judge(seen, { document, object });
              // That there is one is what matters of a kind that an operator may make pods of.
              if (seen.apiVersion.includes('.'))
                places.set({ ...seen, data: groupOf(seen), annotations: {} }, { document });
              continue;
            }
            const size = document.text.length / objects.length;
            // No API server takes it, which is told already.
            if (size > LARGEST) continue;
            kept += size;
            if (kept <= MOST_KEPT) places.set(seen, { document, object });
            else tooLarge ??= document;
          }
        },
        told: async () => {
          await recognise(texts);
          for (const { seen, ...place } of waiting) judge(seen, place);
          if (!triedAll && last !== undefined) found.push({ document: last, fault: TOO_MANY });
          if (tooLarge !== undefined) return [...found, { document: tooLarge, fault: TOO_LARGE }];
          const all = [...places.keys()];
          for (const { object, fault, minor } of apply(all, createReleases(all, namespace, credentials, minors))) {
            const place = places.get(object);
            if (place !== undefined) found.push(toldAt(place, fault, minor));
          }
          return found;
        },
      };
    },

    ofValues: async (environment) => {
      const { secretsInValues, severityOf } = await loaded();
      const severity = severityOf('secret-in-values', asked);
      if (severity === undefined) return [];
      const findings: Finding[] = [];
      for (const { kind, shown, source } of environment.layers) {
        // Of an encrypted file it is known what it holds.
        if (kind !== 'file' || source === undefined || isEncryptedName(shown)) continue;
        const candidates = knownValues.get(source) ?? secretsInValues(source.data);
        knownValues.set(source, candidates);
        await recognise(candidates.flatMap(({ name, text }) => (text === undefined ? [] : [{ name, text }])));
        for (const { path, byName, text } of candidates) {
          const recognised = text === undefined ? undefined : credentials.get(text);
          if (!byName && recognised === undefined) continue;
          const place = source.position(path);
          if (place !== undefined && [place.line, place.line - 1].some((line) => ALLOWED.test(source.line(line))))
            continue;
          findings.push({
            stage: 'validate',
            rule: 'policy/secret-in-values',
            severity,
            message: `${path.join('.')} holds ${recognised === undefined ? 'a secret by its name' : `a secret (${recognised})`}, in clear, in a file that is committed`,
            hint: 'Give it by secret-values, in a Secret that is there already, or in a values file that is encrypted (NAME.enc.yaml).',
            chart: staged.metadata.name,
            file: shown,
            ...place,
            environments: [environment.name],
            path: formatPointer(path),
          });
        }
      }
      return findings;
    },
  };
}

/** What is kept of an object that isn't looked at again: of a definition, which may be large, the group of its kind. */
function groupOf({ kind, data }: ReleaseObject): ReleaseObject['data'] {
  return kind === 'CustomResourceDefinition' ? { spec: { group: at(data, 'spec', 'group') } } : {};
}

function toldAt(place: Omit<PolicyTold, 'fault'>, fault: ObjectFault, minor: string | undefined): PolicyTold {
  return { ...place, fault, ...(minor !== undefined && { minor }) };
}

/** Behind a value or in the line before it. Without a reason it silences nothing. */
const ALLOWED = /#\s*chartship\.dev\/allow\.secret-in-values:\s*\S+\s+\S/;

const TOO_LARGE: ObjectFault = {
  rule: 'policy/not-applied',
  severity: 'warning',
  message: `more than ${MOST_KEPT / 1024 / 1024} MiB of workloads and Services are rendered: the policies are not applied to them`,
  path: '',
};

const TOO_MANY: ObjectFault = {
  rule: 'policy/not-applied',
  severity: 'warning',
  message: `more than ${MOST_TRIED} texts may be credentials: the others are judged by their names alone`,
  path: '',
};

/** The texts of an object in which a secret may stand, and which may be one. */
function textsOf({ kind, data, pods }: ReleaseObject, maySecret: (text: string) => boolean): NamedText[] {
  const texts: NamedText[] = [];
  const look = (name: unknown, text: unknown): void => {
    if (typeof text === 'string' && maySecret(text)) texts.push({ name: String(name), text });
  };
  if (kind === 'ConfigMap') {
    const entries = fields(data.data);
    for (const name in entries) look(name, entries[name]);
  }
  for (const { data: container } of pods?.containers ?? []) {
    for (const { name, value } of list(container.env)) look(name, value);
  }
  return texts;
}
