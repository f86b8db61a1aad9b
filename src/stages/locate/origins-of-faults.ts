import { isDeepStrictEqual } from 'node:util';
import type { RenderedDocument } from '../../domain/manifest.ts';
import type { ObjectFault } from '../../domain/object-faults.ts';
import { formatPointer, parsePointer } from '../../domain/pointer.ts';
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
 * text is asked about once, however many versions and renders have it. Where a template writes an entry of a list, the
 * cause may yet be the values of the fields by which it is at fault.
 */
export async function originsOf(
  faults: readonly SeenFault[],
  locate: (rendered: Rendered, questions: readonly ObjectQuestion[]) => Promise<readonly Origin[]>,
): Promise<(Origin | undefined)[]> {
  const texts = new Map<string, number>();
  const numbers = new Map<Rendered, Map<RenderedDocument, number>>();
  const questions = new Map<Rendered, ObjectQuestion[]>();
  const asked = new Map<string, { readonly rendered: Rendered; readonly index: number }>();
  const ask = ({ document, fault, object, rendered }: SeenFault): string | undefined => {
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
  };
  const keys = faults.map(ask);
  const ofFields = faults.map((each) =>
    repeatedFields(each.fault).map((pair) => pair.map((fault) => ask({ ...each, fault }))),
  );
  const answers = new Map<Rendered, readonly Origin[]>();
  for (const [rendered, some] of questions) answers.set(rendered, await locate(rendered, some));
  const answerTo = (key: string | undefined): Origin | undefined => {
    const place = key === undefined ? undefined : asked.get(key);
    return place && answers.get(place.rendered)?.[place.index];
  };
  const lineOf = createFilePlaces();
  return keys.map((key, index) => {
    if (key !== undefined && asked.has(key)) {
      const own = answerTo(key);
      return own?.cause === 'values'
        ? own
        : (causeInFields((ofFields[index] ?? []).map((pair) => pair.map(answerTo))) ?? own);
    }
    const { document, fault, object } = faults[index] as SeenFault;
    const { path, what } = askedFor(fault);
    if (object === undefined || path === '') return undefined;
    const line = lineOf(document, parsePointer(`${object.within}${path}`), what);
    return line === undefined ? undefined : { cause: 'template', template: { file: document.template, line } };
  });
}

/** Of an entry that is in a list before: each field by which it is, and the same of that which it repeats. */
function repeatedFields(fault: ObjectFault): ObjectFault[][] {
  const { path, repeats } = fault;
  const list = parsePointer(path).slice(0, -1);
  return (repeats?.keys ?? []).map((field) =>
    [path, formatPointer([...list, String(repeats?.first)])].map((entry) => ({
      ...fault,
      path: `${entry}${formatPointer([field])}`,
      wanted: 'scalar',
    })),
  );
}

/** Values are the cause where they say again what they or a template said; where a template writes twice what they say once, it is. */
function causeInFields(fields: readonly (readonly (Origin | undefined)[])[]): Origin | undefined {
  const found = fields.find(
    ([own, first]) =>
      own?.cause === 'values' &&
      (first?.cause === 'template' || (first?.cause === 'values' && !isDeepStrictEqual(own.values, first.values))),
  );
  return found?.[0];
}

/** Where nothing is, the line of something near it is asked for. */
function askedFor({ path, what, standsFor }: ObjectFault): Pick<ObjectQuestion, 'what'> & { readonly path: string } {
  return standsFor === undefined ? { path, what: what ?? 'value' } : { path: standsFor, what: 'key' };
}
