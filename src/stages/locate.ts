import type { Environment } from '../domain/environment.ts';
import type { KubeVersion } from '../domain/kubernetes.ts';
import { documentsOf } from '../domain/manifest.ts';
import { type MergedValue, mergedValues } from '../domain/merged-values.ts';
import { type Cause, causeOf, isWritten } from '../domain/provenance/cause.ts';
import { type MarkedLine, marked } from '../domain/provenance/line-marks.ts';
import { type Place, textPlaces, valuePlaces } from '../domain/provenance/places.ts';
import { arrivals, changedTemplate, changedValues, isSwitch, type Probe, probes } from '../domain/provenance/probe.ts';
import { type Question, textOf } from '../domain/provenance/question.ts';
import { lineOfNode, objectOf, sameNode } from '../domain/provenance/rendered-object.ts';
import type { StagedChart } from '../domain/staged.ts';
import type { Ports } from '../ports.ts';
import { helmCall } from './helm-calls.ts';
import { type ChartCopy, copyChart } from './locate/chart-copy.ts';
import { dependencyLayers } from './locate/dependency-layers.ts';

/** A rendering whose objects are asked about. */
export interface Rendering {
  readonly kubeVersion: KubeVersion;
  readonly upgrade: boolean;
  readonly manifest: string;
  readonly apiVersions: readonly string[];
  readonly secretValues: string | undefined;
}

/** A question about one of the rendering's documents, by its number in `documentsOf`. */
export interface DocumentQuestion extends Question {
  readonly document: number;
}

/** A line of a chart's own file; of a dependency by its path in `charts/`, under the dependency's own name. */
export interface TemplatePlace {
  readonly file: string;
  readonly line?: number;
}

/** Where something in a rendered object comes from. */
export interface Origin {
  /** Which of the two is the cause; `unknown` where that isn't certain. */
  readonly cause: Cause['is'];
  readonly template: TemplatePlace;
  /** The line of the values it came from, where it is known; the cause or not. */
  readonly values?: { readonly file: string; readonly line: number; readonly column: number };
}

/** Seconds after which no more is tried: what isn't known by then is said to be unknown. */
const MOST_SECONDS = 8;

/** Places that are tried one by one for a question, where all together change too much. */
const MOST_SINGLY = 12;

interface Asked extends DocumentQuestion {
  readonly object: unknown;
  line?: MarkedLine;
  arrived: readonly Place[];
  /** Nothing more is to be learned by what was being tried. */
  settled: boolean;
}

/**
 * Where values of rendered objects come from, found by experiment: helm renders the chart again, once with marks in its
 * templates that say which line wrote what, and then with one thing or another changed in the values or in the
 * templates, to see whether the change comes out at the place in question. Nothing is concluded from how things look.
 */
export async function locate(
  staged: StagedChart,
  environment: Environment,
  rendering: Rendering,
  questions: readonly DocumentQuestion[],
  ports: Pick<Ports, 'helm' | 'files' | 'clock'>,
): Promise<Origin[]> {
  const end = ports.clock.now() + MOST_SECONDS;
  const documents = documentsOf(rendering.manifest, staged.metadata.name);
  const objects = new Map<number, unknown>();
  for (const { document } of questions)
    if (!objects.has(document)) objects.set(document, await objectOf(documents[document]?.text ?? ''));
  const asked = questions.map(
    (question): Asked => ({
      ...question,
      object: objects.get(question.document),
      arrived: [],
      settled: false,
    }),
  );
  const files = environment.layers.filter(({ kind }) => kind === 'file');
  const values = mergedValues([...dependencyLayers(staged), ...files]);
  const copy = await copyChart(staged, ports.files);
  try {
    const laboratory: Laboratory = {
      staged,
      environment,
      rendering,
      copy,
      values,
      ports,
      isOver: () => ports.clock.now() > end,
    };
    await findLines(laboratory, asked, documents.length);
    await findPlaces(laboratory, asked, ({ path, what, object }) => valuePlaces({ path, what }, object, values));
    await findPlaces(laboratory, asked, (each) => {
      const text = textOf(each, each.object);
      if (each.arrived.length > 0 || text === undefined || text === '') return [];
      return textPlaces(
        text,
        copy.templates.map(({ parts }) => parts),
        each.line?.template ?? -1,
      );
    });
    return asked.map((each) => originOf(each, copy, documents[each.document]?.template ?? ''));
  } finally {
    await copy.remove();
  }
}

interface Laboratory {
  readonly staged: StagedChart;
  readonly environment: Environment;
  readonly rendering: Rendering;
  readonly copy: ChartCopy;
  readonly values: readonly MergedValue[];
  readonly ports: Pick<Ports, 'helm' | 'files'>;
  readonly isOver: () => boolean;
}

/** The documents of the chart as it is rendered with other templates or values; `undefined` where it can't be. */
async function documentTexts(
  laboratory: Laboratory,
  templates: readonly string[] | undefined,
  values: Record<string, unknown> | undefined,
): Promise<string[] | undefined> {
  const { staged, environment, rendering, copy, ports } = laboratory;
  if (laboratory.isOver()) return undefined;
  const call = helmCall(staged, environment, rendering.kubeVersion, rendering.secretValues, true);
  if (templates !== undefined) await copy.write(templates);
  const answer = await ports.helm.template({
    ...call,
    chart: templates === undefined ? staged.directory : copy.directory,
    values: values === undefined ? call.values : [...call.values, await copy.writeValues(values)],
    apiVersions: rendering.apiVersions,
    upgrade: rendering.upgrade,
  });
  return answer.ok ? documentsOf(answer.value, staged.metadata.name).map(({ text }) => text) : undefined;
}

/** Which lines of the templates wrote what is asked for, by marks in all templates or, where those change what is rendered, in some. */
async function findLines(laboratory: Laboratory, asked: readonly Asked[], count: number): Promise<void> {
  const { templates } = laboratory.copy;
  const sets = [() => true, (file: string) => !/(^|\/)_[^/]*$/.test(file)];
  for (const isMarked of sets) {
    const open = asked.filter(({ line }) => line === undefined);
    if (open.length === 0) return;
    const sources = templates.map(({ file, source }, index) => (isMarked(file) ? marked(source, index) : source));
    const texts = await documentTexts(laboratory, sources, undefined);
    if (texts?.length !== count) continue;
    for (const each of open) {
      const text = texts[each.document] ?? '';
      if (sameNode(each, each.object, await objectOf(text))) {
        const line = lineOfNode(each, text);
        if (line !== undefined) each.line = line;
      }
    }
  }
}

/** Tries places: those of all questions at once, then those of each, then one by one what is still open. */
async function findPlaces(
  laboratory: Laboratory,
  asked: readonly Asked[],
  placesOf: (question: Asked) => readonly Place[],
): Promise<void> {
  const { copy } = laboratory;
  const open = asked.filter(
    (each) => each.line === undefined || !isWritten(each, textOf(each, each.object), each.line, copy.templates),
  );
  const source = (template: number): string => copy.templates[template]?.source ?? '';
  const trials = open.map((each) => {
    const places = placesOf(each);
    each.settled = places.length === 0;
    return { each, places, batch: places.filter((place) => !isSwitch(place, source)) };
  });
  const attempt = async (some: typeof trials, places: readonly Place[]): Promise<void> => {
    if (some.length === 0 || places.length === 0) return;
    const given = probes(places);
    const texts = await render(laboratory, given);
    for (const { each, places: own } of some) {
      const object = await objectOf(texts?.[each.document] ?? '');
      const tried = given.filter(({ place }) => own.includes(place));
      const seen = arrivals(each, each.object, object, tried);
      if (seen.kind === 'lost') continue;
      each.arrived = seen.arrived.map(({ place }) => place);
      each.settled = each.arrived.length > 0 || tried.length === own.length;
    }
  };
  const unsettled = (): typeof trials => trials.filter(({ each }) => !each.settled);
  await attempt(unsettled(), [...new Set(unsettled().flatMap(({ batch }) => batch))]);
  if (trials.length > 1) for (const trial of unsettled()) await attempt([trial], trial.batch);
  for (const trial of unsettled()) {
    for (const place of trial.places.slice(0, MOST_SINGLY)) if (!trial.each.settled) await attempt([trial], [place]);
  }
}

async function render(laboratory: Laboratory, given: readonly Probe[]): Promise<string[] | undefined> {
  const { copy, values } = laboratory;
  const inTemplates = given.some(({ place }) => place.kind === 'text');
  const templates = inTemplates
    ? copy.templates.map(({ source }, index) => changedTemplate(source, index, given))
    : undefined;
  const changed = given.some(({ place }) => place.kind === 'value') ? changedValues(given, values) : undefined;
  return documentTexts(laboratory, templates, changed);
}

function originOf(asked: Asked, copy: ChartCopy, template: string): Origin {
  const cause = causeOf(asked, textOf(asked, asked.object), asked.line, asked.arrived, copy.templates);
  const file = cause.line === undefined ? undefined : copy.templates[cause.line.template]?.file;
  const layer = cause.value?.value.layer;
  const position = cause.value && layer?.source?.position(cause.value.path, cause.value.what);
  return {
    cause: cause.is,
    template: file === undefined || cause.line === undefined ? { file: template } : { file, line: cause.line.line },
    ...(layer !== undefined && position !== undefined && { values: { file: layer.shown, ...position } }),
  };
}
