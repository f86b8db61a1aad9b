import type { RenderedDocument } from '../../domain/manifest.ts';
import type { ObjectFault } from '../../domain/object-faults.ts';
import { parsePointer } from '../../domain/pointer.ts';
import { createFilePlaces } from '../../domain/provenance/place-in-file.ts';
import type { ObjectQuestion, Origin } from '../locate.ts';
import type { Rendered } from '../render.ts';

/** A fault of a rendered object. */
interface SeenFault {
  readonly document: RenderedDocument;
  readonly fault: ObjectFault;
  /** `within`: where it stands in its document. */
  readonly object?: { readonly within: string } | undefined;
  readonly rendered: Rendered;
}

/** Of a chart; nobody reads more findings. */
const MOST_QUESTIONS = 1_000;

/**
 * The origins of faults, in their order; of what has no path there are none. What isn't rendered is where it is. The same fault of one
 * text is asked about once, however many versions and renders have it.
 */
export async function originsOf(
  faults: readonly SeenFault[],
  locate: (rendered: Rendered, questions: readonly ObjectQuestion[]) => Promise<readonly Origin[]>,
): Promise<(Origin | undefined)[]> {
  const texts = new Map<string, number>();
  const numbers = new Map<Rendered, Map<RenderedDocument, number>>();
  const questions = new Map<Rendered, ObjectQuestion[]>();
  const asked = new Map<string, { readonly rendered: Rendered; readonly index: number }>();
  const keys = faults.map(({ document, fault, object, rendered }) => {
    const documents = numbers.get(rendered) ?? new Map(rendered.documents.map((each, index) => [each, index]));
    numbers.set(rendered, documents);
    const number = documents.get(document);
    const { wanted } = fault;
    const { path, what } = askedFor(fault);
    if (number === undefined || object === undefined || path === '') return undefined;
    const text = texts.get(document.text) ?? texts.size;
    texts.set(document.text, text);
    const key = JSON.stringify([text, object.within, path, what]);
    if (asked.has(key) || asked.size >= MOST_QUESTIONS) return key;
    const ofRender = questions.get(rendered) ?? [];
    questions.set(rendered, ofRender);
    asked.set(key, { rendered, index: ofRender.length });
    const question: ObjectQuestion = { document: number, within: object.within, path: parsePointer(path), what };
    ofRender.push(wanted === undefined ? question : { ...question, wanted });
    return key;
  });
  const answers = new Map<Rendered, readonly Origin[]>();
  for (const [rendered, some] of questions) answers.set(rendered, await locate(rendered, some));
  const lineOf = createFilePlaces();
  return keys.map((key, index) => {
    const place = key === undefined ? undefined : asked.get(key);
    if (place !== undefined) return answers.get(place.rendered)?.[place.index];
    const { document, fault, object } = faults[index] as SeenFault;
    const { path, what } = askedFor(fault);
    if (object === undefined || path === '') return undefined;
    const line = lineOf(document, parsePointer(`${object.within}${path}`), what);
    return line === undefined ? undefined : { cause: 'template', template: { file: document.template, line } };
  });
}

/** Where nothing is, the line of something near it is asked for. */
function askedFor({ path, what, standsFor }: ObjectFault): Pick<ObjectQuestion, 'what'> & { readonly path: string } {
  return standsFor === undefined ? { path, what: what ?? 'value' } : { path: standsFor, what: 'key' };
}
