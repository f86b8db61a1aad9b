import { createHash } from 'node:crypto';

/** A dependency with every field that Helm's lock digest covers. Repository as it is written. */
export interface Requirement {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
  readonly condition: string;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  readonly importValues: readonly unknown[];
  readonly alias: string;
}

/** Chart.lock (or requirements.lock). */
export interface ChartLock {
  readonly digest: string;
  readonly dependencies: readonly Requirement[];
}

/**
 * The digest that Helm 3 and 4 write into Chart.lock (`resolver.HashReq`): the sha256 of Go's JSON of
 * `[requirements, lock dependencies]`. Prefixed `sha256:`.
 */
export function lockDigest(requirements: readonly Requirement[], locked: readonly Requirement[]): string {
  return sha256(`[${goArray(requirements.map(sanitized))},${goArray(locked)}]`);
}

/** The digest of Helm 2 (`resolver.HashV2Req`), which Helm still accepts in a requirements.lock. */
export function helm2Digest(requirements: readonly Requirement[]): string {
  return sha256(`{"dependencies":${goArray(requirements.map(sanitized))}}`);
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Helm cleans these fields of Chart.yaml when it loads a chart; those of a lock it takes as they are. */
function sanitized(requirement: Requirement): Requirement {
  return {
    ...requirement,
    name: printable(requirement.name),
    version: printable(requirement.version),
    repository: printable(requirement.repository),
    condition: printable(requirement.condition),
    tags: requirement.tags.map(printable),
  };
}

/** Go's unicode.IsSpace becomes a blank; what unicode.IsPrint refuses is dropped. */
function printable(text: string): string {
  // Most are ASCII, all of which Go prints; \p takes a millisecond to be compiled.
  if (/^[ -~]*$/.test(text)) return text;
  return text
    .replace(/[\t-\r\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/gu, ' ')
    .replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '');
}

function goArray(dependencies: readonly Requirement[]): string {
  // Go writes a slice that was never set as null.
  if (dependencies.length === 0) return 'null';
  return `[${dependencies.map(goDependency).join(',')}]`;
}

/** In the order of the fields of Helm's struct, with its `omitempty`s. */
function goDependency(dependency: Requirement): string {
  const fields: [string, unknown][] = [['name', dependency.name]];
  if (dependency.version !== '') fields.push(['version', dependency.version]);
  fields.push(['repository', dependency.repository]);
  if (dependency.condition !== '') fields.push(['condition', dependency.condition]);
  if (dependency.tags.length > 0) fields.push(['tags', dependency.tags]);
  if (dependency.enabled) fields.push(['enabled', true]);
  if (dependency.importValues.length > 0) fields.push(['import-values', dependency.importValues]);
  if (dependency.alias !== '') fields.push(['alias', dependency.alias]);
  return `{${fields.map(([name, value]) => `"${name}":${goJson(value)}`).join(',')}}`;
}

/** Go's json.Marshal: `<`, `>`, `&` and the two line separators escaped, the keys of maps sorted. */
function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return `{${entries.map(([key, item]) => `${goJson(key)}:${goJson(item)}`).join(',')}}`;
  }
  return (JSON.stringify(value) ?? 'null').replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** How Chart.lock and Chart.yaml differ. */
export interface LockDifference {
  /** Which of Chart.yaml's dependencies it is about, from 0; `undefined` when it is about the list as a whole. */
  readonly index: number | undefined;
  readonly message: string;
}

/** Which entry of a lock is whose: for each of Chart.yaml's dependencies its entry, and what is left over. */
export interface LockPairs {
  readonly locked: readonly (Requirement | undefined)[];
  readonly left: readonly Requirement[];
}

type Satisfies = (version: string, range: string) => boolean | undefined;

/** Pairs by name, and where there are several of one name, by the version that is admitted. */
export function pairLock(requirements: readonly Requirement[], lock: ChartLock, satisfies: Satisfies): LockPairs {
  const left = [...lock.dependencies];
  const take = (test: (locked: Requirement) => boolean): Requirement | undefined => {
    const index = left.findIndex(test);
    return index < 0 ? undefined : left.splice(index, 1)[0];
  };
  const fitting = requirements.map((wanted) => take((locked) => fits(wanted, locked, satisfies)));
  const locked = requirements.map((wanted, index) => fitting[index] ?? take((other) => other.name === wanted.name));
  return { locked, left };
}

/** Whether a lock's entry is one that a dependency admits. */
export function fits(wanted: Requirement, locked: Requirement, satisfies: Satisfies): boolean {
  if (locked.name !== wanted.name) return false;
  return locked.version === wanted.version || satisfies(locked.version, wanted.version) === true;
}

/**
 * Why a lock whose digest is not what it should be is out of date. Never empty: where nothing that can be
 * seen differs, the lock as a whole is named.
 */
export function lockDifferences(
  requirements: readonly Requirement[],
  pairs: LockPairs,
  lockName: string,
  satisfies: Satisfies,
): LockDifference[] {
  const differences: LockDifference[] = [];
  for (const [index, wanted] of requirements.entries()) {
    const message = differenceOf(wanted, pairs.locked[index], lockName, satisfies);
    if (message !== undefined) differences.push({ index, message });
  }
  for (const left of pairs.left) {
    const message = `${lockName} still lists ${left.name} ${left.version}, which is no dependency any more`;
    differences.push({ index: undefined, message });
  }
  if (differences.length > 0) return differences;
  const message = `${lockName} was made for other dependencies: a range, an alias, a condition, tags, import-values or their order was changed since`;
  return [{ index: undefined, message }];
}

function differenceOf(
  wanted: Requirement,
  locked: Requirement | undefined,
  lockName: string,
  satisfies: Satisfies,
): string | undefined {
  if (locked === undefined) return `${wanted.name} ${wanted.version} is not in ${lockName}`;
  if (!fits(wanted, locked, satisfies)) {
    return `${lockName} has ${wanted.name} ${locked.version}, which ${wanted.version} does not admit`;
  }
  if (locked.repository !== wanted.repository) {
    return `${lockName} has ${wanted.name} from ${locked.repository || 'no repository'}, not from ${wanted.repository || 'charts/'}`;
  }
  return undefined;
}
