import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import type { RenderedDocument } from '../domain/manifest.ts';
import type { ObjectFault, TargetVersion } from '../domain/object-faults.ts';
import { formatPointer } from '../domain/pointer.ts';
import type { NamedText } from '../domain/policies/credential-forms.ts';
import type { ReleaseObject } from '../domain/policies/release-object.ts';
import type { SecretValue } from '../domain/policies/secret-in-values.ts';
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
  take(document: RenderedDocument, content: DocumentContent): Promise<void>;
  /** After the last document. */
  told(): readonly PolicyTold[];
}

/** Characters of the documents that must be kept, to compare their objects: more is no chart's that a person wrote. */
const MOST_KEPT = 16 * 1024 * 1024;
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
  const known = new WeakMap<object, ReleaseObject | undefined>();
  const knownValues = new WeakMap<Source, readonly SecretValue[]>();
  let policies: Policies | undefined;

  /** Which texts are credentials by their form: asked of a library, once, and only of those that may be. */
  const recognise = async (texts: readonly NamedText[]): Promise<void> => {
    const { maySecret } = await loaded();
    const open: NamedText[] = [];
    for (const each of texts) {
      if (tried.has(each.text) || !maySecret(each.text)) continue;
      if (tried.size === MOST_TRIED) {
        triedAll = false;
        break;
      }
      tried.add(each.text);
      open.push(each);
    }
    if (open.length === 0) return;
    const { recognised } = await import('../domain/policies/credential-forms.ts');
    for (const [text, form] of await recognised(open)) credentials.set(text, form);
  };

  return {
    ofRender: async (namespace, targets) => {
      const { choosePolicies, createReleases, releaseObject, severityOf } = await loaded();
      policies ??= choosePolicies(asked);
      const apply = policies;
      const looksForSecrets = ['secret-in-config-map', 'secret-in-env'].some(
        (name) => severityOf(name, asked) !== undefined,
      );
      const minors = [...new Set(targets.map(({ minor }) => minor))];
      const places = new Map<ReleaseObject, Omit<PolicyTold, 'fault'>>();
      const ofAlone: PolicyTold[] = [];
      const alone = createReleases([], namespace, credentials, minors);
      let kept = 0;
      let tooLarge: RenderedDocument | undefined;
      let last: RenderedDocument | undefined;
      return {
        take: async (document, { objects }) => {
          last = document;
          for (const object of objects) {
            let seen = known.get(object.data);
            if (seen === undefined) {
              seen = releaseObject(object.data);
              if (seen === undefined) continue;
              known.set(object.data, seen);
              const texts = looksForSecrets ? textsOf(seen) : [];
              if (texts.length > 0) await recognise(texts);
            }
            if (seen.pods === undefined && !COMPARED.test(seen.kind)) {
              for (const { fault, minor } of apply([seen], alone)) {
                ofAlone.push({ document, object, fault, ...(minor !== undefined && { minor }) });
              }
              // That there is one is what matters of a kind that an operator may make pods of.
              if (seen.apiVersion.includes('.')) places.set({ ...seen, data: {}, annotations: {} }, { document });
              continue;
            }
            kept += document.text.length / objects.length;
            if (kept <= MOST_KEPT) places.set(seen, { document, object });
            else tooLarge ??= document;
          }
        },
        told: () => {
          if (!triedAll && last !== undefined) ofAlone.push({ document: last, fault: TOO_MANY });
          if (tooLarge !== undefined) return [...ofAlone, { document: tooLarge, fault: TOO_LARGE }];
          const all = [...places.keys()];
          const found = apply(all, createReleases(all, namespace, credentials, minors));
          const ofCompared = found.map(({ object, fault, minor }): PolicyTold => {
            const place = places.get(object) as Omit<PolicyTold, 'fault'>;
            return { ...place, fault, ...(minor !== undefined && { minor }) };
          });
          return [...ofAlone, ...ofCompared];
        },
      };
    },

    ofValues: async (environment) => {
      const { eachScalar, secretsInValues, severityOf } = await loaded();
      const severity = severityOf('secret-in-values', asked);
      if (severity === undefined) return [];
      const findings: Finding[] = [];
      for (const { kind, shown, source } of environment.layers) {
        // Of an encrypted file it is known what it holds.
        if (kind !== 'file' || source === undefined || isEncryptedName(shown)) continue;
        let secrets = knownValues.get(source);
        if (secrets === undefined) {
          const texts: NamedText[] = [];
          eachScalar(source.data, (text, name) => {
            if (typeof text === 'string') texts.push({ name, text });
          });
          await recognise(texts);
          secrets = secretsInValues(source.data, credentials);
          knownValues.set(source, secrets);
        }
        for (const { path, recognised } of secrets) {
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

/** The texts of an object that a secret may stand in. */
function textsOf({ kind, data, pods }: ReleaseObject): NamedText[] {
  if (pods !== undefined) {
    return pods.containers.flatMap(({ data: container }) =>
      (Array.isArray(container.env) ? container.env : []).flatMap((variable: unknown) => {
        const { name, value } = (variable ?? {}) as { name?: unknown; value?: unknown };
        return typeof value === 'string' ? [{ name: String(name), text: value }] : [];
      }),
    );
  }
  if (kind !== 'ConfigMap') return [];
  return Object.entries((data.data ?? {}) as object).flatMap(([name, text]: [string, unknown]) =>
    typeof text === 'string' ? [{ name, text }] : [],
  );
}
