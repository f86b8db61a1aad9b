import type { HelmFault } from '../ports.ts';

interface Violation {
  readonly pointer: string;
  readonly message: string;
  readonly indent: number;
  readonly because: Violation[];
}

/**
 * `CHART:`, then `- at '/pointer': message` lines, deeper ones being the reasons of those above; where a schema itself is
 * no good, a line that says so before them. Helm's order varies between runs, so the faults are sorted. `undefined` for
 * a text that is about something else.
 */
export function schemaFaults(text: string): HelmFault[] | undefined {
  const head = /values don't meet the specifications of the schema\(s\) in the following chart\(s\):\n/.exec(text);
  if (head === null) return undefined;
  const faults: HelmFault[] = [];
  let chart = '';
  let unusable: string | undefined;
  let violations: Violation[] = [];
  const end = (): void => {
    // Of a schema that leads round in a circle helm says so at a value.
    const circle = violations.flatMap(leaves).find(({ message }) => message.endsWith('causing reference cycle'));
    if (circle !== undefined) faults.push(schemaFileFault(circle.message, [], chart));
    else if (unusable !== undefined) faults.push(schemaFileFault(unusable, violations.flatMap(leaves), chart));
    else
      for (const one of violations.flatMap(demands)) faults.push({ kind: 'schema', severity: 'error', ...one, chart });
    unusable = undefined;
    violations = [];
  };
  for (const line of text.slice(head.index + head[0].length).split('\n')) {
    const match = /^(\s*)- at '([^']*)': (.*)$/.exec(line);
    if (match !== null) {
      const violation = {
        pointer: match[2] ?? '',
        message: match[3] ?? '',
        indent: match[1]?.length ?? 0,
        because: [],
      };
      siblingsAt(violations, violation.indent).push(violation);
    } else if (/^\S+:$/.test(line)) {
      end();
      chart = line.slice(0, -1);
    } else if (line.trim() !== '') unusable ??= line.trim();
  }
  end();
  return faults.sort((a, b) => compare(`${a.chart} ${a.pointer} ${a.message}`, `${b.chart} ${b.pointer} ${b.message}`));
}

function siblingsAt(violations: Violation[], indent: number): Violation[] {
  const last = violations.at(-1);
  return last === undefined || last.indent >= indent ? violations : siblingsAt(last.because, indent);
}

/** What must each be mended: all reasons of an `allOf`, or a single one; of alternatives only that none of them fits. */
function demands(violation: Violation): { pointer: string; message: string }[] {
  const { pointer, message, because } = violation;
  if (because.length === 0) return [{ pointer, message }];
  if (because.length === 1 || /^('allOf' failed|validation failed)/.test(message)) return because.flatMap(demands);
  const reasons = because
    .flatMap(leaves)
    .map((leaf) => (leaf.pointer === pointer ? leaf.message : `${leaf.pointer}: ${leaf.message}`));
  return [{ pointer, message: `${message} (${[...new Set(reasons)].sort().join('; ')})` }];
}

function leaves(violation: Violation): Violation[] {
  return violation.because.length === 0 ? [violation] : violation.because.flatMap(leaves);
}

function schemaFileFault(said: string, reasons: readonly Violation[], chart: string): HelmFault {
  const [first] = reasons;
  const why =
    first === undefined
      ? said
      : reasons.map(({ pointer, message }) => `${pointer === '' ? '' : `${pointer}: `}${message}`).join('; ');
  return {
    kind: 'schema-file',
    severity: 'error',
    message: why.replace(/^"file:\/\/\/values\.schema\.json#" /, ''),
    ...(first !== undefined && { pointer: first.pointer }),
    chart,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
