import type { Environment } from '../../domain/environment.ts';
import type { KubeVersion } from '../../domain/kubernetes.ts';
import { documentsOf, type RenderedDocument } from '../../domain/manifest.ts';
import type { MergedValue } from '../../domain/merged-values.ts';
import type { Place } from '../../domain/provenance/places.ts';
import { arrivals, changedTemplate, changedValues, probes } from '../../domain/provenance/probe.ts';
import type { Question } from '../../domain/provenance/question.ts';
import { createDocumentReader } from '../../domain/rendered-objects.ts';
import type { StagedChart } from '../../domain/staged.ts';
import type { Ports } from '../../ports.ts';
import { helmCall } from '../helm-calls.ts';
import type { ChartCopy } from './chart-copy.ts';

/** A rendering whose objects are asked about. */
export interface Rendering {
  readonly kubeVersion: KubeVersion;
  readonly upgrade: boolean;
  readonly documents: readonly RenderedDocument[];
  readonly apiVersions: readonly string[];
  readonly secretValues: string | undefined;
}

/** An object of the rendering: the number of its document in `documentsOf`, and where it stands in that. */
export interface ObjectPlace {
  readonly document: number;
  /** A JSON pointer: empty, or `/items/0` in a list. */
  readonly within: string;
}

export interface Trial {
  readonly question: Question & ObjectPlace;
  /** The object as it was rendered. */
  readonly object: unknown;
  readonly places: readonly Place[];
}

/** Renders a chart again with something changed. */
export interface Experiments {
  /** The documents as they are rendered with other sources of the templates; `undefined` where there are not the same. */
  withTemplates(sources: readonly string[]): Promise<readonly string[] | undefined>;
  object(documents: readonly string[] | undefined, place: ObjectPlace): unknown;
  /**
   * Changes all the places and says for each trial from which of its own the change came out; `undefined` where
   * something else became of the object, so that nothing can be said.
   */
  attempt(trials: readonly Trial[], places: readonly Place[]): Promise<(readonly Place[] | undefined)[]>;
}

/** Seconds after which no more is tried: what isn't known by then is said to be unknown. */
const MOST_SECONDS = 15;

export function createExperiments(
  { staged, environment, rendering }: Setup,
  copy: ChartCopy,
  values: readonly MergedValue[],
  ports: Pick<Ports, 'helm' | 'clock'>,
): Experiments {
  const end = ports.clock.now() + MOST_SECONDS;
  const read = createDocumentReader();
  const templatesOf = (documents: readonly RenderedDocument[]): string =>
    documents.map(({ template }) => template).join('\n');
  const before = templatesOf(rendering.documents);

  const render = async (
    sources: readonly string[] | undefined,
    changes: Record<string, unknown> | undefined,
  ): Promise<readonly string[] | undefined> => {
    if (ports.clock.now() > end) return undefined;
    const call = helmCall(staged, environment, rendering.kubeVersion, rendering.secretValues, true);
    if (sources !== undefined) await copy.write(sources);
    const answer = await ports.helm.template({
      ...call,
      chart: sources === undefined ? staged.directory : copy.directory,
      values: changes === undefined ? call.values : [...call.values, await copy.writeValues(changes)],
      apiVersions: rendering.apiVersions,
      upgrade: rendering.upgrade,
    });
    // By its number a document is the same only if there are as many, of the same templates in the same order.
    const documents = answer.ok ? documentsOf(answer.value, staged.metadata.name) : [];
    return templatesOf(documents) === before ? documents.map(({ text }) => text) : undefined;
  };
  const object = (documents: readonly string[] | undefined, { document, within }: ObjectPlace): unknown =>
    read(documents?.[document] ?? '').objects.find((each) => each.within === within)?.data;

  return {
    withTemplates: (sources) => render(sources, undefined),
    object,
    attempt: async (trials, places) => {
      if (places.length === 0) return trials.map(() => []);
      const given = probes(places);
      const inTemplates = places.some(({ kind }) => kind === 'text');
      const inValues = places.some(({ kind }) => kind === 'value');
      const documents = await render(
        inTemplates ? copy.templates.map(({ source }, index) => changedTemplate(source, index, given)) : undefined,
        inValues ? changedValues(given, values) : undefined,
      );
      return trials.map((trial) => {
        if (trial.places.length === 0) return [];
        const own = given.filter(({ place }) => trial.places.includes(place));
        const seen = arrivals(trial.question, trial.object, object(documents, trial.question), own);
        return seen.kind === 'lost' ? undefined : seen.arrived.map(({ place }) => place);
      });
    },
  };
}

/** What is rendered. */
export interface Setup {
  readonly staged: StagedChart;
  readonly environment: Environment;
  readonly rendering: Rendering;
}
