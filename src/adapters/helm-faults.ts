import { satisfies } from '../domain/dependency-range.ts';
import type { HelmFault } from '../ports.ts';
import { schemaFaults } from './helm-schema-faults.ts';

/**
 * What helm says → faults. Helm 4 and 3 word the same fault differently (one line, or one a step), so the
 * text is reduced to where, what and why; the tests in __tests__/contract/helm.test.ts hold the wordings.
 */

/** The stderr of a failed `helm template`, `helm package` or `helm pull`. `chart` is the chart's name, which helm puts before paths. */
export function faultsOf(stderr: string, chart: string): HelmFault[] {
  const text = errorText(stderr);
  return schemaFaults(text) ?? [templateFault(text, chart)];
}

/** The stdout of `helm lint`: blocks of `[SEVERITY] PATH: message`, each up to an empty line or the next block. */
export function lintFaults(stdout: string, chart: string): HelmFault[] {
  const faults: HelmFault[] = [];
  for (const block of blocks(stdout)) {
    const match = /^\[(ERROR|WARNING|INFO)\] ([^\n]*?): ([\s\S]*)$/.exec(block);
    if (match?.[1] === undefined || match[1] === 'INFO') continue;
    const [, severity, path = '', message = ''] = match;
    const level = severity === 'ERROR' ? 'error' : 'warning';
    // The same trouble again, as seen by a later rule of lint.
    if (path === '' || message.startsWith('cannot load ')) continue;
    // Helm 4 alone looks at these; that they are YAML is seen to for both, with the line (stages/crds.ts).
    if (path.startsWith('crds/') && /YAML|yaml: /.test(message)) continue;
    if (/missing these dependencies/.test(message)) {
      faults.push({ kind: 'missing-dependency', severity: 'error', message: message.trim() });
    } else if (path === 'templates/' && OF_FOLDER.test(message)) {
      faults.push({ kind: 'lint', severity: level, message: `${path}: ${oneLine(message)}` });
    } else if (path === 'templates/' || path.startsWith('templates/')) {
      const fault =
        path === 'templates/' ? (schemaFaults(message) ?? [templateFault(message, chart)]) : [fileFault(path, message)];
      faults.push(...fault.map((each) => ({ ...each, severity: level }) as HelmFault));
    } else {
      const file = path.startsWith('/') || /^[A-Za-z]:/.test(path) ? {} : { file: path };
      faults.push({ kind: 'lint', severity: level, message: oneLine(message), ...file });
    }
  }
  return faults;
}

/** What is said of the folder of templates itself, not of one of them. */
const OF_FOLDER = /^(?:directory does not exist|not a directory)\s*$/;

function blocks(stdout: string): string[] {
  const found: string[] = [];
  let current: string[] | undefined;
  for (const line of stdout.split('\n')) {
    if (/^\[(ERROR|WARNING|INFO)\] /.test(line)) {
      if (current !== undefined) found.push(current.join('\n'));
      current = [line];
    } else if (line === '' || line.startsWith('==> Linting ')) {
      if (current !== undefined) found.push(current.join('\n'));
      current = undefined;
    } else current?.push(line);
  }
  if (current !== undefined) found.push(current.join('\n'));
  return found;
}

/** From the first `Error: ` on, without helm's advice and its log lines. */
function errorText(stderr: string): string {
  const start = stderr.search(/^Error: /m);
  const text = start === -1 ? stderr : stderr.slice(start + 'Error: '.length);
  return text.replace(/\n*Use --debug flag to render out invalid YAML\s*$/, '').trim();
}

/** Includes that a message lists, the innermost. */
const MOST_INCLUDES = 5;

/**
 * `PATH:LINE[:COLUMN]` as helm writes it; not in `gotpl` or inline text, whose lines are of no file. Paths begin with
 * the chart's name, and may have blanks.
 */
function positionsOf(chart: string): RegExp {
  const name = chart.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?:^|[\\s(])(${name}/[^\\n:"<>]{0,500}\\.[A-Za-z0-9_]+):(\\d+)(?::(\\d+))?(?=[\\s:)]|$)`, 'gm');
}

function templateFault(text: string, chart: string): HelmFault {
  const version = /chart requires kubeVersion: (.*?) which is incompatible with Kubernetes \S+/.exec(text);
  if (version?.[1] !== undefined) {
    const isRange = satisfies('1.0.0', version[1]) !== undefined;
    const message = isRange ? version[0] : `kubeVersion is no range of versions: ${JSON.stringify(version[1])}`;
    return { kind: 'kube-version', severity: 'error', message, file: 'Chart.yaml' };
  }
  const missing = /found in Chart\.yaml, but missing in charts\/ directory: (.+)/.exec(text);
  if (missing !== null) {
    return {
      kind: 'missing-dependency',
      severity: 'error',
      message: `dependencies are not in charts/: ${missing[1]}`,
      file: 'Chart.yaml',
    };
  }
  const yaml = /YAML parse error on ([^\n:]+): ([\s\S]*)/.exec(text);
  if (yaml?.[1] !== undefined) return fileFault(inChart(yaml[1], chart), yaml[2] ?? '');
  // Of `required` and `fail` there is one place; what follows is the chart's own text.
  const where = /(?:execution|parse) error at \((.*?:\d+(?::\d+)?)\): /.exec(text)?.[1] ?? text;
  const places = [...where.matchAll(positionsOf(chart))];
  const last = places.at(-1);
  if (last?.[1] === undefined) {
    const source = /^(?:error unpacking subchart (\S+) in \S+: )?cannot load ([\w.-]+): ([\s\S]*)/.exec(text);
    if (source?.[2] !== undefined) {
      const file = source[1] === undefined ? source[2] : `charts/${source[1]}/${source[2]}`;
      return { kind: 'yaml', severity: 'error', message: sourceReason(source[3] ?? ''), file };
    }
    if (text.startsWith('validation: ')) {
      return {
        kind: 'other',
        severity: 'error',
        message: oneLine(text.slice('validation: '.length)),
        file: 'Chart.yaml',
      };
    }
    return { kind: 'other', severity: 'error', message: oneLine(text) };
  }
  // A template that includes itself comes a thousand times.
  const from = [...new Set(places.slice(0, -1).map((match) => `${inChart(match[1] ?? '', chart)}:${match[2]}`))].slice(
    -MOST_INCLUDES,
  );
  return {
    kind: 'template',
    severity: 'error',
    message: `${templateReason(text)}${from.length > 0 ? ` (included from ${from.reverse().join(', ')})` : ''}`,
    file: inChart(last[1], chart),
    line: Number(last[2]),
    // Go's templates count lines from 1, columns from 0.
    ...(last[3] !== undefined && { column: Number(last[3]) + 1 }),
  };
}

/** `…<.Values.a.b>: nil pointer …` → `nil pointer … at <.Values.a.b>`; the words of a `required` or `fail` as they are. */
function templateReason(text: string): string {
  const plain = /(?:execution|parse) error at \(.*?:\d+(?::\d+)?\): ([\s\S]*)$/.exec(text);
  if (plain?.[1] !== undefined) return oneLine(plain[1]);
  const steps = [...text.matchAll(/at (<[^\n]*?>):\s/g)];
  const last = steps.at(-1);
  const reason = last === undefined ? text : text.slice(last.index + last[0].length);
  return `${oneLine(reason)}${last?.[1] === undefined ? '' : ` at ${last[1]}`}`;
}

/** A fault of one template's output. Helm's line is one of the rendered text, not of the file: it is left out. */
function fileFault(file: string, message: string): HelmFault {
  const isYaml = /YAML|yaml: |json: /.test(message);
  return {
    kind: isYaml ? 'yaml' : 'lint',
    severity: 'error',
    message: isYaml ? yamlReason(message) : oneLine(message),
    file,
  };
}

/** Of a source file that is no YAML, or whose values are of another type than helm needs. */
function sourceReason(message: string): string {
  const type = /json: (cannot unmarshal .*)/.exec(message)?.[1];
  if (type !== undefined) return oneLine(type).replace(/\b(?:v2|chart)\.(?=[A-Z])/g, '');
  return `is no valid YAML: ${oneLine(message.replace(/^.*?yaml: (?:line \d+: )?/s, ''))}`;
}

function yamlReason(message: string): string {
  const kind = /cannot unmarshal (\w+) into Go value of type/.exec(message)?.[1];
  if (kind !== undefined) return `renders to ${kind === 'array' ? 'a list' : `a ${kind}`} where an object is needed`;
  const reason = message.replace(/^.*?yaml: (?:line \d+: )?/s, '').replace(/\bline \d+: /g, '');
  return `renders to no valid YAML: ${oneLine(reason)}`;
}

/** Helm begins paths with the chart's name; ours are relative to the chart's folder. */
function inChart(path: string, chart: string): string {
  return path.startsWith(`${chart}/`) ? path.slice(chart.length + 1) : path;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
