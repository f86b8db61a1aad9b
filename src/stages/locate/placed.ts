import type { Finding } from '../../domain/finding.ts';
import type { StagedChart } from '../../domain/staged.ts';
import { placeOf } from '../helm-calls.ts';
import type { Origin } from '../locate.ts';

/**
 * What is said of a rendered object, at the line that is the cause: of the values where it is theirs, else of the
 * template; the message names the other one. Where the cause isn't known it is said at the template's file, with what
 * is known.
 */
export function placed(
  message: string,
  template: string,
  origin: Origin | undefined,
  staged: StagedChart,
): Pick<Finding, 'message' | 'file' | 'line' | 'column'> {
  const file = template === '' ? undefined : template;
  if (origin === undefined) return placeOf({ message, file }, staged);
  const { cause, values } = origin;
  const writer = origin.template && shown(origin.template, staged);
  const source = values && (values.ofDependency ? shown(values, staged) : `${values.file}:${values.line}`);
  if (cause === 'values' && values !== undefined) {
    const { ofDependency, ...place } = values;
    const told = writer === undefined ? message : `${message} (written out by ${writer})`;
    return ofDependency ? placeOf({ message: told, ...place }, staged) : { message: told, ...place };
  }
  if (cause === 'template' && origin.template !== undefined) {
    const told = source === undefined ? message : `${message} (made of ${source})`;
    return placeOf({ message: told, ...origin.template }, staged);
  }
  const known = [
    ...(writer === undefined ? [] : [`written out by ${writer}`]),
    ...(source === undefined ? [] : [`made of ${source}`]),
  ].join(', ');
  return placeOf(
    { message: known === '' ? message : `${message} (${known}; the cause may lie elsewhere)`, file },
    staged,
  );
}

/** A line as it is named in a message: a dependency's file that isn't in the repository as helm names it. */
function shown(place: { readonly file: string; readonly line: number }, staged: StagedChart): string {
  const found = placeOf({ message: '', file: place.file, line: place.line }, staged);
  return found.line === undefined ? `${place.file}:${place.line}` : `${found.file}:${found.line}`;
}
