import type { Finding } from './finding.ts';
import { parsePointer } from './pointer.ts';

/**
 * Findings without those that are another one seen again from lint, so that one fault is one finding:
 *
 * - `required` and `fail` don't stop a template in lint but give an empty text, so that there an object without a
 *   name, say, is an echo of the value that is missing, and so is what the same template trips over further on. Such a
 *   failure is one that the render met and lint did not.
 * - A template that fails in lint and in the render at one place, in different words, since lint fills in less.
 * - A template that trips over a value which the schema refuses: the render stops before, lint doesn't.
 * - A key that nothing uses and that the schema refuses; what it may have been meant to be is told with the refusal.
 * - A key that is a boolean to helm, and that a schema asks for or refuses: it says so itself.
 * - An API version that is deprecated and a name that is none: lint looks at one version, validate at all.
 */
export function withoutEchoes(findings: readonly Finding[]): Finding[] {
  const failures = findings.filter(({ rule }) => rule === 'render/template');
  const linted = new Set(failures.filter(({ stage }) => stage === 'lint').map(placeAndText));
  const rendered = failures.filter(({ stage }) => stage === 'render');
  const stops = rendered.filter((each) => !linted.has(placeAndText(each)));
  const stopped = new Set(stops.flatMap(scopes));
  const stoppedIn = new Set(stops.flatMap(scopesOfFile));
  const places = new Set(rendered.flatMap(placesIn));
  const refused = findings.filter(({ rule }) => rule === 'validate/values-schema');
  const objects = findings.filter(({ rule }) => rule.startsWith('schema/'));
  const isEcho = (each: Finding): boolean => {
    if (each.rule === 'validate/unused-value') return refused.some((violation) => refuses(violation, each));
    if (each.rule === 'validate/boolean-key')
      return refused.some((violation) => isOnSameLine(violation, each) && violation.column === each.column);
    if (each.stage !== 'lint') return false;
    if (each.rule === 'render/template') {
      if (scopesOfFile(each).some((scope) => stoppedIn.has(scope))) return true;
      return placesIn(each).some((place) => places.has(place)) || refused.some((violation) => causes(violation, each));
    }
    const told = each.rule === 'lint/helm' ? objects.filter((other) => tellsOf(other, each)).flatMap(scopes) : [];
    if (told.length > 0 && scopes(each).every((scope) => told.includes(scope))) return true;
    const isOfOutput = each.rule === 'lint/helm' || each.rule === 'render/invalid-yaml';
    return isOfOutput && /(^|\/)templates\//.test(each.file ?? '') && scopes(each).some((scope) => stopped.has(scope));
  };
  const unused = findings.filter(({ rule }) => rule === 'validate/unused-value');
  return findings
    .filter((each) => !isEcho(each))
    .map((each) => {
      const meant = each.rule === 'validate/values-schema' && unused.find((other) => isAtSameKey(each, other))?.hint;
      return meant && each.hint === undefined ? { ...each, hint: meant } : each;
    });
}

function isAtSameKey(a: Finding, b: Finding): boolean {
  return isOnSameLine(a, b) && a.path === b.path;
}

function isOnSameLine(a: Finding, b: Finding): boolean {
  return a.chart === b.chart && a.file === b.file && a.line !== undefined && a.line === b.line;
}

/** Whether a key is one that a schema doesn't allow, in this file or in one that is merged over it. */
function refuses(violation: Finding, unused: Finding): boolean {
  if (isAtSameKey(violation, unused)) return true;
  const isOfKey = / additional properties '.*' not allowed/s.test(violation.message);
  return isOfKey && violation.chart === unused.chart && violation.path === unused.path;
}

/** Where it was seen: the chart in each of its environments. */
function scopes({ chart, environments = [] }: Finding): string[] {
  return environments.map((name) => JSON.stringify([chart, name]));
}

function scopesOfFile(finding: Finding): string[] {
  const { file } = finding;
  return file === undefined ? [] : scopes(finding).map((scope) => JSON.stringify([scope, file]));
}

function placesIn(finding: Finding): string[] {
  const { file, line, column } = finding;
  return line === undefined ? [] : scopes(finding).map((scope) => JSON.stringify([scope, file, line, column]));
}

function placeAndText({ chart, file, line, message }: Finding): string {
  return JSON.stringify([chart, file, line, message]);
}

/** Whether what was found in an object, which is told where its cause is, is what lint says of a template. */
function tellsOf(object: Finding, linted: Finding): boolean {
  if (object.chart !== linted.chart) return false;
  const kind = /^(\S+ \S+) is deprecated in v/.exec(linted.message)?.[1];
  if (kind !== undefined) return /-api$/.test(object.rule) && object.message.startsWith(`${kind} `);
  const name = /^object name does not conform to Kubernetes naming requirements: "(.*?)": /s.exec(linted.message)?.[1];
  if (name === undefined) return false;
  // Where there is no name the file alone says which object it is.
  if (name === '') return object.rule === 'schema/no-name' && isOf(object, linted);
  const shown = name.length > 80 ? `${name.slice(0, 79)}…` : name;
  return object.rule === 'schema/name' && object.message.startsWith(`metadata.name: "${shown}" `);
}

function isOf(object: Finding, { file }: Finding): boolean {
  return object.file === file || (file !== undefined && object.message.includes(`(written out by ${file}:`));
}

/** Whether a template failed at the very value that a schema refuses, or at one within it. */
function causes(violation: Finding, failure: Finding): boolean {
  const value = /at <\$?\.Values\.([\w.]+)>/.exec(failure.message)?.[1]?.split('.');
  const missing = /missing property '([^']+)'/.exec(violation.message)?.[1];
  const path = [...parsePointer(violation.path ?? ''), ...(missing === undefined ? [] : [missing])];
  if (value === undefined || path.length === 0) return false;
  const where = scopes(violation);
  return path.every((step, index) => value[index] === step) && scopes(failure).every((scope) => where.includes(scope));
}
