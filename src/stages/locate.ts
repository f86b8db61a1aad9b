import { mergedValues } from '../domain/merged-values.ts';
import { parsePointer } from '../domain/pointer.ts';
import { type Cause, causeOf, codeOf, type Evidence, isWritten } from '../domain/provenance/cause.ts';
import type { MarkedLine } from '../domain/provenance/line-marks.ts';
import { type Place, placeKey, textPlaces, valuePlaces } from '../domain/provenance/places.ts';
import { isSwitch } from '../domain/provenance/probe.ts';
import { type Question, textOf } from '../domain/provenance/question.ts';
import { type MarkedDocument, markedDocument, sameNode } from '../domain/provenance/rendered-object.ts';
import type { ValuesLayer } from '../domain/values.ts';
import type { Ports } from '../ports.ts';
import { type ChartCopy, type ChartTemplate, copyChart } from './locate/chart-copy.ts';
import { dependencyLayers } from './locate/dependency-layers.ts';
import { createExperiments, type Experiments, type ObjectPlace, type Setup, type Trial } from './locate/experiment.ts';
import { markedSources, WITH_HELPERS } from './locate/markings.ts';

/** A question about one of the objects of a rendering. */
export type ObjectQuestion = Question & ObjectPlace;

/** Where something in a rendered object comes from. */
export interface Origin {
  /** Which of the two is the cause; `unknown` where that isn't certain. */
  readonly cause: Cause['is'];
  /** The file relative to the chart's folder, as helm names it. */
  readonly template?: { readonly file: string; readonly line: number };
  /** The line of the values it came from, where it is known; the cause or not. */
  readonly values?: ValuesLine;
  /** The key as the template writes it, where YAML reads another: `n` is `false`. */
  readonly writtenKey?: string;
}

export interface ValuesLine {
  /** As findings name it; of a dependency's own values.yaml as helm names it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly ofDependency: boolean;
}

/** Who has more faults than that won't mend them by reading where each comes from. */
const MOST_QUESTIONS = 100;
/** Characters of what is rendered: more is no chart's that a person wrote, and would be rendered some more times. */
const MOST_TEXT = 5_000_000;
/** Yes and no are tried one at a time, so many for each question. */
const MOST_SWITCHES = 12;
/** Renders for one question alone: where the place is found it takes three in most charts, and two dozen in odd ones. */
const MOST_TRIES = 32;
/** And for all of those that take more than the renders for all. */
const MOST_TRIES_OF_ALL = 64;

const UNKNOWN: Origin = { cause: 'unknown' };

interface Asked extends Evidence {
  readonly question: ObjectQuestion;
  line?: MarkedLine;
  inner?: MarkedLine;
  arrived: readonly Place[];
}

/**
 * Where values of rendered objects come from, found by experiment: helm renders the chart again, once with marks in its
 * templates that say which line wrote what, and then with one thing or another changed in the values or in the
 * templates, to see whether the change comes out at the place in question. Nothing is concluded from how things look.
 * The origins are in the order of the questions.
 */
export async function locate(
  setup: Setup,
  questions: readonly ObjectQuestion[],
  ports: Pick<Ports, 'helm' | 'files' | 'clock'>,
): Promise<Origin[]> {
  const { staged, environment, rendering } = setup;
  const texts = rendering.documents.map(({ text }) => text);
  if (texts.reduce((sum, { length }) => sum + length, 0) > MOST_TEXT) return questions.map(() => UNKNOWN);
  const copy = await copyChart(staged, ports.files);
  try {
    // What secret values and --set set isn't written anywhere: nothing is found to come from a file that they overrule.
    const files = environment.layers.filter(({ kind }) => kind === 'file');
    const defaults = dependencyLayers(staged);
    const values = mergedValues([...defaults, ...files]);
    const experiments = createExperiments(setup, copy, values, ports);
    const asked = questions.slice(0, MOST_QUESTIONS).map((question): Asked => {
      const object = experiments.object(texts, question);
      return { question, object, text: textOf(question, object), arrived: [] };
    });
    await findLines(asked, copy.templates, experiments);
    const open = asked.filter((each) => !isWritten(each, copy.templates));
    await findPlaces(open, copy.templates, experiments, ({ question, object, line }) =>
      valuePlaces(question, object, values, line === undefined ? '' : codeOf(line, copy.templates)),
    );
    const parts = copy.templates.map((each) => each.parts);
    await findPlaces(
      open.filter(({ arrived }) => arrived.length === 0),
      copy.templates,
      experiments,
      ({ text, line }) => (text === undefined || text === '' ? [] : textPlaces(text, parts, line?.template ?? -1)),
    );
    const origins = asked.map((each) => originOf(each, copy, defaults));
    return questions.map((_, index) => origins[index] ?? UNKNOWN);
  } finally {
    await copy.remove();
  }
}

/** Which lines of the templates wrote what is asked for, by marks in all templates or, where those change what is rendered, in some. */
async function findLines(
  asked: readonly Asked[],
  templates: readonly ChartTemplate[],
  experiments: Experiments,
): Promise<void> {
  for (const withHelpers of WITH_HELPERS) {
    const open = asked.filter(({ line }) => line === undefined);
    if (open.length === 0) return;
    const documents = await experiments.withTemplates(markedSources(templates, withHelpers));
    const read = new Map<number, MarkedDocument>();
    for (const each of open) {
      const { question, object } = each;
      if (!sameNode(question, object, experiments.object(documents, question))) continue;
      const document = read.get(question.document) ?? markedDocument(documents?.[question.document] ?? '');
      read.set(question.document, document);
      Object.assign(each, document.linesOf(question, object, parsePointer(question.within)));
    }
  }
}

/** Tries places: those of all questions at once, then those of each that is still open. */
async function findPlaces(
  asked: readonly Asked[],
  templates: readonly ChartTemplate[],
  experiments: Experiments,
  placesOf: (asked: Asked) => readonly Place[],
): Promise<void> {
  // Questions may have places in common.
  const known = new Map<string, Place>();
  const trials = asked.map((each) => {
    const places = placesOf(each).map((place) => known.get(placeKey(place)) ?? place);
    for (const place of places) known.set(placeKey(place), place);
    const isOne = (place: Place): boolean => isSwitch(place, (template) => templates[template]?.source ?? '');
    const switches = places.filter(isOne).slice(0, MOST_SWITCHES);
    return { each, switches, trial: { ...each, places: places.filter((place) => !isOne(place)) } };
  });
  const together = new Set(trials.flatMap(({ trial }) => trial.places));
  const seen = await experiments.attempt(
    trials.map(({ trial }) => trial),
    [...together],
  );
  const all = { left: MOST_TRIES_OF_ALL };
  for (const [index, { each, trial }] of trials.entries()) {
    const tries = { left: MOST_TRIES, all };
    each.arrived = seen[index] ?? (await narrow(trial, experiments, tries, trial.places.length < together.size));
  }
  // One that is turned round answers all that have it among theirs.
  for (const place of new Set(trials.flatMap(({ switches }) => switches))) {
    const open = trials.filter(({ each, switches }) => each.arrived.length === 0 && switches.includes(place));
    if (open.length === 0) continue;
    const turned = open.map(({ trial }) => ({ ...trial, places: [place] }));
    const arrived = await experiments.attempt(turned, [place]);
    for (const [index, { each }] of open.entries()) each.arrived = arrived[index] ?? [];
  }
}

/** Those of a question's places from which something arrives; where all together change too much, of half of them. */
async function narrow(
  trial: Trial,
  experiments: Experiments,
  tries: { left: number; readonly all: { left: number } },
  isNew = true,
): Promise<readonly Place[]> {
  const { places } = trial;
  if (isNew && (tries.left-- <= 0 || tries.all.left-- <= 0)) return [];
  const [seen] = isNew ? await experiments.attempt([trial], places) : [];
  if (seen !== undefined || places.length < 2) return seen ?? [];
  const middle = places.length >> 1;
  const likelier = await narrow({ ...trial, places: places.slice(0, middle) }, experiments, tries);
  return likelier.length > 0 ? likelier : narrow({ ...trial, places: places.slice(middle) }, experiments, tries);
}

function originOf(asked: Asked, { templates }: ChartCopy, defaults: readonly ValuesLayer[]): Origin {
  const { question, object, text } = asked;
  const { is, line, value } = causeOf(asked, asked.arrived, templates);
  const file = line === undefined ? undefined : templates[line.template]?.file;
  const layer = value?.value.layer;
  const position = value && layer?.source?.position(value.path, value.what);
  return {
    // A line that can't be named is of no use as the cause.
    cause: is === 'values' && position === undefined ? 'unknown' : is,
    ...(question.what === 'key' && text !== undefined && text !== textOf(question, object) && { writtenKey: text }),
    ...(file !== undefined && line !== undefined && { template: { file, line: line.line } }),
    ...(layer !== undefined &&
      position !== undefined && {
        values: { file: layer.shown, ...position, ofDependency: defaults.includes(layer) },
      }),
  };
}
