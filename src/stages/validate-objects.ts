import { hintForMisread } from '../domain/boolean-keys.ts';
import { type CustomKinds, customKinds, firstOf, isDefinition, NO_CUSTOM_KINDS } from '../domain/custom-kinds.ts';
import { duplicates, type PlacedObject } from '../domain/duplicate-objects.ts';
import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import type { KubeVersion } from '../domain/kubernetes.ts';
import type { RenderedDocument } from '../domain/manifest.ts';
import {
  type Applied,
  type ObjectFault,
  objectFaults,
  type TargetVersion,
  targetVersion,
  tooLarge,
} from '../domain/object-faults.ts';
import { DATA_PATH, objectSizeFault, REQUEST_BYTES } from '../domain/object-size.ts';
import { createPatterns, type Patterns } from '../domain/patterns.ts';
import { parsePointer } from '../domain/pointer.ts';
import type { DocumentContent, RenderedObject } from '../domain/rendered-objects.ts';
import type { StagedChart } from '../domain/staged.ts';
import { originsOf } from './locate/origins-of-faults.ts';
import { placed } from './locate/placed.ts';
import type { ObjectQuestion, Origin } from './locate.ts';
import type { OwnPolicyChecks } from './own-policies.ts';
import type { PolicyChecks } from './policies.ts';
import type { Rendered } from './render.ts';

/** Checks the objects of a chart's renders for each Kubernetes version of an environment. */
export type ObjectChecks = (environment: Environment, renders: readonly Rendered[]) => Promise<Finding[]>;

interface Sources {
  readonly staged: StagedChart;
  /** Reads a document; the same text needs reading once. */
  readonly read: (text: string) => DocumentContent;
  /** The documents of the chart's own `crds/`, which helm installs as they are. */
  readonly crds: readonly RenderedDocument[];
  /** And of those of the dependencies that an environment uses. */
  readonly dependencyCrds?: (environment: Environment) => readonly RenderedDocument[];
  /** Where what is at fault comes from. */
  readonly locate: (
    environment: Environment,
    rendered: Rendered,
    questions: readonly ObjectQuestion[],
  ) => Promise<readonly Origin[]>;
  /** What else defines kinds: dependencies, and `crd-schemas`. Asked only for a kind that nothing else knows. */
  readonly further: () => CustomKinds;
  readonly policies: PolicyChecks;
  /** How the helm at hand applies. */
  readonly applied: () => Promise<Applied>;
  /** Users' own, where there are some. */
  readonly ownPolicies?: OwnPolicyChecks;
}

/** A fault, and which of the objects of its document has it. */
interface PlacedFault {
  readonly index: number;
  readonly fault: ObjectFault;
}

/** The kinds that are known beside Kubernetes' own. */
interface KindSet {
  readonly id: number;
  readonly custom: CustomKinds;
}

/** A fault, and the document and the object that have it. */
interface Told {
  readonly document: RenderedDocument;
  readonly fault: ObjectFault;
  readonly object?: RenderedObject | undefined;
  /** Another object that it is about. */
  readonly other?: Pick<PlacedObject, 'document' | 'object'>;
}

/** And the render in which it was seen, and the Kubernetes version that has it. */
interface ToldFault extends Told {
  readonly rendered: Rendered;
  readonly version: string;
}

/** Faults of one rule in one template, for one version: a loop may render a fault twenty thousand times. */
const MOST_TOLD = 100;

/** For the life of these checks a text is checked once for each version, however many renders have it. */
export function createObjectChecks({
  staged,
  read,
  crds,
  dependencyCrds,
  locate,
  further,
  policies,
  applied,
  ownPolicies,
}: Sources): ObjectChecks {
  const known = new Map<string, Map<string, readonly PlacedFault[]>>();
  const chartKinds = firstOf(
    lazily(() => customKinds(crds.flatMap(({ text }) => read(text).objects).filter(isDefinition))),
    lazily(further),
  );
  const sets = new Map<string, KindSet>();

  /** The kinds that a render knows: those that it defines itself, and the chart's. */
  const kindsOf = (documents: readonly RenderedDocument[]): KindSet => {
    const defining = documents.filter(({ text }) => text.includes('CustomResourceDefinition'));
    const key = defining.map(({ text }) => text).join('\n---\n');
    let set = sets.get(key);
    if (set === undefined) {
      const definitions = defining.flatMap(({ text }) => read(text).objects).filter(isDefinition);
      set = {
        id: sets.size,
        custom: definitions.length === 0 ? chartKinds : firstOf(customKinds(definitions), chartKinds),
      };
      sets.set(key, set);
    }
    return set;
  };
  let engine: Patterns | undefined;
  /** Loaded when the first pattern is met: few charts have custom resources whose definitions have one. */
  const loadPatterns = async (): Promise<Patterns> =>
    (engine ??= createPatterns((await import('../domain/go-regexp.ts')).goRegexp));
  const faultsOf = async (text: string, { objects }: DocumentContent, target: TargetVersion, set: KindSet) => {
    const ofText = known.get(text) ?? new Map<string, readonly PlacedFault[]>();
    known.set(text, ofText);
    const key = `${target.minor} ${set.id}`;
    const before = ofText.get(key);
    if (before !== undefined) return before;
    // A definition's are all looked at: judging it without them would be in vain.
    if (objects.some(isDefinition) && /\bpattern\b/.test(text)) await loadPatterns();
    const met = metPatterns();
    const judge = (patterns: Patterns): PlacedFault[] =>
      objects.flatMap(({ data }, index) => {
        const faults = objectFaults(data, target, set.custom, patterns);
        const size = faults.some(({ path }) => path === DATA_PATH) ? [] : sizeFaults(data, text);
        return [...faults, ...size].map((fault) => ({ index, fault }));
      });
    const first = judge(engine ?? met);
    const faults = engine === undefined && met.leftOut.length > 0 ? judge(await loadPatterns()) : first;
    ofText.set(key, faults);
    return faults;
  };

  return async (environment, renders) => {
    // Here, and not above: a run that validates nothing needs none.
    const { KUBERNETES_SCHEMAS } = await import('../domain/bundled-schemas.ts');
    const how = await applied();
    const findings: Finding[] = [];
    const told: ToldFault[] = [];
    const rest = restingTurns();
    // Their programs run beside the checks of this process.
    const asked = ownPolicies?.(
      environment,
      renders,
      renders.map(({ documents }) => kindsOf(documents).custom).reduce(firstOf, NO_CUSTOM_KINDS),
    );
    asked?.catch(() => undefined);
    /** What is told of a kind, and not of each template that has it. */
    const once = new Set<string>();
    const ofDependencies = dependencyCrds?.(environment) ?? [];
    for (const rendered of renders) {
      const { kubeVersion, documents } = rendered;
      const set = kindsOf(documents);
      const targets = versionsOf(kubeVersion, environment, renders).map(({ label }) =>
        targetVersion(label, KUBERNETES_SCHEMAS, how),
      );
      const counts = new Map<string, { times: number; first: Told; version: string }>();
      const tell = (each: Told, { label }: TargetVersion): void => {
        if (each.fault.ofKind === 'once') {
          const key = JSON.stringify([each.fault.rule, each.fault.message, kindOf(each.object), label]);
          if (once.has(key)) return;
          once.add(key);
        }
        const key = JSON.stringify([each.document.template, each.fault.rule, each.fault.severity, label]);
        const count = counts.get(key) ?? { times: 0, first: each, version: label };
        counts.set(key, count);
        count.times++;
        if (count.times <= MOST_TOLD) told.push({ ...each, rendered, version: label });
      };
      const objects: PlacedObject[] = [];
      const ofPolicies = await policies.ofRender(environment.namespace, targets);
      for (const [number, document] of [...documents, ...crds, ...ofDependencies].entries()) {
        const content = read(document.text);
        if (number < documents.length) ofPolicies.take(document, content);
        for (const target of targets) {
          if (content.unread !== undefined) tell({ document, fault: unread(content.unread) }, target);
          for (const { index, fault } of await faultsOf(document.text, content, target, set)) {
            tell({ document, fault, object: content.objects[index] }, target);
          }
        }
        // A definition that two dependencies bring is installed once, and is no fault.
        const isOwn = number < documents.length + crds.length;
        if (isOwn) objects.push(...content.objects.map((object) => identified(document, content, object)));
        await rest(document.text.length);
      }
      for (const target of targets) {
        if (target.schemas === undefined) findings.push(withoutSchemas(target, staged, environment));
      }
      for (const each of duplicates(objects, environment.namespace, targets, set.custom)) {
        for (const target of targets) tell(each, target);
      }
      for (const { minor, ...each } of await ofPolicies.told()) {
        for (const target of targets) if (minor === undefined || minor === target.minor) tell(each, target);
      }
      const own = await asked;
      for (const each of own === undefined ? [] : documents.flatMap((document) => own.of(document))) {
        for (const target of targets) tell(each, target);
      }
      for (const { times, first, version } of counts.values()) {
        if (times <= MOST_TOLD) continue;
        const message = `this is told ${MOST_TOLD} times; there are ${times - MOST_TOLD} more such faults in this template`;
        const { rule, severity } = first.fault;
        const fault: ObjectFault = { rule, severity, message, path: '' };
        told.push({ document: first.document, fault, rendered, version });
      }
    }
    findings.push(...((await asked)?.findings ?? []));
    const others = told.flatMap((each) => (each.other === undefined ? [] : [{ ...each, ...each.other }]));
    const origins = await originsOf([...told, ...others], (rendered, questions) =>
      locate(environment, rendered, questions),
    );
    const placesOfOthers = others.map(({ document }, index) =>
      placed('', document.template, origins[told.length + index], staged),
    );
    return [
      ...findings,
      ...told.map((each, index) => {
        const other = each.other && placesOfOthers.shift();
        return objectFinding(each, origins[index], other, staged, environment);
      }),
    ];
  };
}

/** An object is hardly ever larger than its text: most need no measuring. */
function sizeFaults(data: RenderedObject['data'], text: string): ObjectFault[] {
  const fault = text.length < REQUEST_BYTES / 2 ? undefined : objectSizeFault(data);
  return fault === undefined ? [] : [tooLarge(fault)];
}

/** Evaluates none, and says whether there was one. */
function metPatterns(): Patterns {
  const leftOut: string[] = [];
  const meet = (): undefined => void leftOut.push('');
  return { leftOut, matches: meet, refusal: meet };
}

/** What tells an object from others: the rest of a large render needn't be kept. */
function identified(
  document: RenderedDocument,
  { annotations }: DocumentContent,
  object: RenderedObject,
): PlacedObject {
  const { apiVersion, kind, metadata } = object.data;
  return { document, annotations, object: { within: object.within, data: { apiVersion, kind, metadata } } };
}

/** What is rendered for the first version is what there is for all that need no render of their own. */
function versionsOf(
  rendered: KubeVersion,
  environment: Environment,
  renders: readonly Rendered[],
): readonly KubeVersion[] {
  if (rendered !== environment.kubeVersions[0]) return [rendered];
  const own = new Set(renders.map(({ kubeVersion }) => kubeVersion));
  return environment.kubeVersions.filter((version) => version === rendered || !own.has(version));
}

/** A fault of an object as it is told. */
function objectFinding(
  { document, fault, object, version }: ToldFault,
  origin: Origin | undefined,
  other: Pick<Finding, 'file' | 'line'> | undefined,
  staged: StagedChart,
  environment: Environment,
): Finding {
  const { rule, severity, message, hint, path, ofKind } = fault;
  const { apiVersion, kind, metadata } = (object?.data ?? {}) as Record<string, unknown>;
  const name = ofKind !== undefined ? undefined : (metadata as { name?: unknown } | null | undefined)?.name;
  const where =
    other?.file === undefined ? '' : ` (the other: ${other.file}${other.line === undefined ? '' : `:${other.line}`})`;
  const told = path === '' || ofKind !== undefined ? `${message}${where}` : `${fieldName(path)}: ${message}`;
  const { writtenKey } = origin ?? {};
  const toMend =
    writtenKey === undefined
      ? hint
      : `${writtenKey} is written, which YAML takes for the boolean ${path.slice(path.lastIndexOf('/') + 1)}. ${hintForMisread(writtenKey)}`;
  const parts = [apiVersion, kind, name].filter((part): part is string => typeof part === 'string' && part !== '');
  return {
    stage: 'validate',
    rule,
    severity,
    ...placed(told, document.template, origin, staged),
    ...(toMend !== undefined && { hint: toMend }),
    chart: staged.metadata.name,
    environments: [environment.name],
    kubeVersions: [version],
    ...(parts.length > 0 && {
      resource: parts.join('/'),
      // Names begin with the release's, which is another in each environment.
      sameAs: parts.join('/').replaceAll(environment.release, ' '),
    }),
    path,
  };
}

function kindOf(object: RenderedObject | undefined): readonly unknown[] {
  return [object?.data.apiVersion, object?.data.kind];
}

/** `/spec/containers/0/image` → `spec.containers[0].image` */
function fieldName(path: string): string {
  return parsePointer(path)
    .map((step, index) => (/^[0-9]+$/.test(step) && index > 0 ? `[${step}]` : `${index > 0 ? '.' : ''}${step}`))
    .join('');
}

function unread(reason: string): ObjectFault {
  return {
    rule: 'schema/unread',
    severity: 'warning',
    message: `a document is not checked: it ${reason}`,
    path: '',
  };
}

function withoutSchemas({ label, kubernetes }: TargetVersion, staged: StagedChart, environment: Environment): Finding {
  return {
    stage: 'validate',
    rule: 'schema/no-schemas',
    severity: 'warning',
    message: `there are no schemas of Kubernetes ${label}: for it, only removed and deprecated APIs are looked for`,
    hint: `There are schemas of ${kubernetes.minors.join(', ')}.`,
    chart: staged.metadata.name,
    environments: [environment.name],
    kubeVersions: [label],
  };
}

function lazily(make: () => CustomKinds): CustomKinds {
  let made: CustomKinds | undefined;
  const kinds = (): CustomKinds => (made ??= make());
  return {
    kind: (name) => kinds().kind(name),
    otherVersions: (name) => kinds().otherVersions(name),
    unserved: (name) => kinds().unserved(name),
  };
}

/** Signals and timers get their turn now and then: a render may have fifty megabytes. */
function restingTurns(): (work: number) => Promise<void> {
  let done = 0;
  return async (work) => {
    done += work;
    if (done < 1_000_000) return;
    done = 0;
    await new Promise((resolve) => setImmediate(resolve));
  };
}
