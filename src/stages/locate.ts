import type { Environment } from '../domain/environment.ts';
import type { KubeVersion } from '../domain/kubernetes.ts';
import { documentsOf } from '../domain/manifest.ts';
import { type MergedValue, mergedValues } from '../domain/merged-values.ts';
import { type Cause, causeOf, codeOf, type Evidence, isWritten } from '../domain/provenance/cause.ts';
import { type MarkedLine, marked } from '../domain/provenance/line-marks.ts';
import { type Place, textPlaces, valuePlaces } from '../domain/provenance/places.ts';
import { arrivals, changedTemplate, changedValues, isSwitch, type Probe, probes } from '../domain/provenance/probe.ts';
import { type Question, textOf } from '../domain/provenance/question.ts';
import { linesOfNode, objectOf, sameNode } from '../domain/provenance/rendered-object.ts';
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

/** Yes and no are tried one at a time. */
const MOST_SWITCHES = 12;

interface Asked extends Evidence {
  readonly question: DocumentQuestion;
  line?: MarkedLine;
  inner?: MarkedLine;
  arrived: readonly Place[];
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
      question,
      object: objects.get(question.document),
      text: textOf(question, objects.get(question.document)),
      arrived: [],
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
    await findPlaces(laboratory, asked, (each) =>
      valuePlaces(each.question, each.object, values, each.line === undefined ? '' : codeOf(each.line, copy.templates)),
    );
    const open = asked.filter(({ arrived }) => arrived.length === 0);
    await findPlaces(laboratory, open, (each) => {
      if (each.text === undefined || each.text === '') return [];
      return textPlaces(
        each.text,
        copy.templates.map(({ parts }) => parts),
        each.line?.template ?? -1,
      );
    });
    return asked.map((each) => originOf(each, copy, documents[each.question.document]?.template ?? ''));
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
      const text = texts[each.question.document] ?? '';
      if (!sameNode(each.question, each.object, await objectOf(text))) continue;
      const { line, inner } = linesOfNode(each.question, each.object, text);
      if (line !== undefined) each.line = line;
      if (inner !== undefined) each.inner = inner;
    }
  }
}

/** Tries places: those of all questions at once, then those of each that is still open. */
async function findPlaces(
  laboratory: Laboratory,
  asked: readonly Asked[],
  placesOf: (question: Asked) => readonly Place[],
): Promise<void> {
  const { templates } = laboratory.copy;
  const source = (template: number): string => templates[template]?.source ?? '';
  const trials = asked
    .filter((each) => !isWritten(each, templates))
    .map((each) => {
      const places = placesOf(each);
      const isOne = (place: Place): boolean => isSwitch(place, source);
      return {
        each,
        switches: places.filter(isOne).slice(0, MOST_SWITCHES),
        others: places.filter((place) => !isOne(place)),
      };
    });
  const all = [...new Set(trials.flatMap(({ others }) => others))];
  const seen = await attempt(
    laboratory,
    trials.map(({ each, others }) => ({ each, places: others })),
    all,
  );
  for (const [index, { each, others, switches }] of trials.entries()) {
    each.arrived =
      seen[index] ??
      (trials.length > 1 || others.length > 1 ? await narrow(laboratory, each, others, trials.length > 1) : []);
    for (const place of switches)
      if (each.arrived.length === 0) each.arrived = await narrow(laboratory, each, [place], true);
  }
}

/** Those of a question's places from which something arrives; where all together change too much, half of them. */
async function narrow(
  laboratory: Laboratory,
  each: Asked,
  places: readonly Place[],
  isNew: boolean,
): Promise<readonly Place[]> {
  const [seen] = isNew ? await attempt(laboratory, [{ each, places }], places) : [];
  if (seen !== undefined || places.length < 2) return seen ?? [];
  const middle = places.length >> 1;
  const likelier = await narrow(laboratory, each, places.slice(0, middle), true);
  return likelier.length > 0 ? likelier : narrow(laboratory, each, places.slice(middle), true);
}

/** Changes places and says for each question from which of its own something arrived; `undefined` where nothing can be said. */
async function attempt(
  laboratory: Laboratory,
  trials: readonly { readonly each: Asked; readonly places: readonly Place[] }[],
  places: readonly Place[],
): Promise<(readonly Place[] | undefined)[]> {
  if (places.length === 0) return trials.map(() => []);
  const given = probes(places);
  const texts = await render(laboratory, given);
  return Promise.all(
    trials.map(async ({ each, places: own }) => {
      if (own.length === 0) return [];
      const object = await objectOf(texts?.[each.question.document] ?? '');
      const seen = arrivals(
        each.question,
        each.object,
        object,
        given.filter(({ place }) => own.includes(place)),
      );
      return seen.kind === 'lost' ? undefined : seen.arrived.map(({ place }) => place);
    }),
  );
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
  const cause = causeOf(asked, asked.arrived, copy.templates);
  const file = cause.line === undefined ? undefined : copy.templates[cause.line.template]?.file;
  const layer = cause.value?.value.layer;
  const position = cause.value && layer?.source?.position(cause.value.path, cause.value.what);
  return {
    cause: cause.is,
    template: file === undefined || cause.line === undefined ? { file: template } : { file, line: cause.line.line },
    ...(layer !== undefined && position !== undefined && { values: { file: layer.shown, ...position } }),
  };
}
