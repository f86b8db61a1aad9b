import { aliasOf, placeholdersOf } from './domain/chart-version.ts';
import type { Finding } from './domain/finding.ts';
import { suggestion } from './domain/nearest.ts';
import type { RawRequest } from './request.ts';
import { fault, quote } from './settings.ts';

type Place = () => Partial<Finding>;

export function readPreRelease(workflow: RawRequest['workflow'], faults: Finding[]): string | undefined {
  if (workflow.preRelease === undefined && workflow.tag === undefined) {
    faults.push(
      fault('pre-release', 'pre-release needs a commit to name, and this runs in no workflow that says for which', {
        hint: 'Give a version such as 1.2.3-rc.1 instead.',
      }),
    );
  }
  return workflow.preRelease;
}

const TAG_FORMATS = ['v{{version}}', '{{version}}', '{{name}}-{{version}}', '{{name}}-v{{version}}'];

export function readTagFormats(
  given: readonly string[] | undefined,
  place: Place,
  faults: Finding[],
): readonly string[] {
  if (given === undefined) return TAG_FORMATS;
  for (const format of given) {
    const placeholders = placeholdersOf(format);
    const wrong =
      unknown('tag-format', format, ['version', 'name']) ??
      (placeholders.filter((name) => name === 'version').length === 1
        ? undefined
        : { message: `tag-format ${quote(format)} must have {{version}} once`, hint: 'Write it as v{{version}}.' });
    if (wrong !== undefined) faults.push(fault('tag-format', wrong.message, { hint: wrong.hint, ...place() }));
  }
  return given;
}

export function readAliasTags(given: readonly string[], place: Place, faults: Finding[]): readonly string[] {
  for (const pattern of given) {
    const wrong = unknown('alias-tags', pattern, ['major', 'minor']) ?? unfitAlias(pattern);
    if (wrong !== undefined) faults.push(fault('alias-tags', wrong.message, { hint: wrong.hint, ...place() }));
  }
  return [...new Set(given)];
}

interface Wrong {
  readonly message: string;
  readonly hint: string;
}

function unknown(input: string, pattern: string, known: readonly string[]): Wrong | undefined {
  const name = placeholdersOf(pattern).find((each) => !known.includes(each));
  return name === undefined
    ? undefined
    : {
        message: `${input} ${quote(pattern)} has {{${name}}}, which says nothing there`,
        hint: suggestion(name, known),
      };
}

/** What it makes must be a tag of a registry, and none that could be a version's. */
function unfitAlias(pattern: string): Wrong | undefined {
  const hint = 'Write it as {{major}}, {{major}}.{{minor}} or latest.';
  const alias = aliasOf(pattern, '1.2.3');
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(alias))
    return { message: `alias-tags ${quote(pattern)} makes ${quote(alias)}, which can't be a tag`, hint };
  if (/^v?\d+\.\d+\.\d/.test(alias))
    return { message: `alias-tags ${quote(pattern)} makes ${quote(alias)}, which is a version`, hint };
  return undefined;
}
