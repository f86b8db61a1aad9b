import type { Finding } from '../domain/finding.ts';
import { isKubeconfig } from '../domain/kubeconfig.ts';
import { SECRET_BYTES } from '../domain/limits.ts';
import { suggestion } from '../domain/nearest.ts';
import { isPrivateKey } from '../domain/private-key.ts';
import { INPUTS, type InputDeclaration, type RawInput } from '../inputs.ts';
import { declarationOf, fault } from '../settings.ts';

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** Without a rule all are listed. */
  | { readonly kind: 'explain'; readonly rule: string | undefined }
  | { readonly kind: 'run'; readonly inputs: readonly RawInput[]; readonly faults: readonly Finding[] };

/** Where secrets come from; asked only when an argument says so. Both throw a RangeError at more than `SECRET_BYTES`. */
export interface SecretSources {
  /** A file's text; `undefined` when it can't be read. */
  file(path: string): Promise<string | undefined>;
  standardInput(): Promise<string>;
}

/**
 * `[CHART …] [--input value …]` → inputs as they were given. `--input=value` is the same; a boolean needs
 * no value. A secret is `@FILE` or `-`: its literal would stand in the process list and in shell histories.
 */
export async function readCommandLine(args: readonly string[], secrets: SecretSources): Promise<CommandLine> {
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help' };
  // With a value it is the chart's version, so alone it is ours.
  if (args.length === 1 && args[0] === '--version') return { kind: 'version' };
  const [first = '', second] = args;
  if (first === '--explain') return { kind: 'explain', rule: second };
  if (first.startsWith('--explain=')) return { kind: 'explain', rule: first.slice('--explain='.length) };
  const inputs: RawInput[] = [];
  const faults: Finding[] = [];
  let standardInputOf: string | undefined;
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--') {
      inputs.push(...rest.splice(0).map(chart));
      continue;
    }
    if (!argument.startsWith('-') || argument === '-') {
      inputs.push(chart(argument));
      continue;
    }
    const cut = argument.indexOf('=');
    const option = cut === -1 ? argument : argument.slice(0, cut);
    const declaration = option.startsWith('--') ? declarationOf(option.slice(2)) : undefined;
    if (declaration === undefined) {
      const names = INPUTS.map((input) => `--${input.name}`);
      faults.push(
        fault('unknown-input', `${option} is no option of chartship`, {
          hint: `${suggestion(option, names)} chartship --help lists them.`,
        }),
      );
      // Its value would be taken for a chart.
      if (cut === -1 && rest[0] !== undefined && !rest[0].startsWith('-')) rest.shift();
      continue;
    }
    const value = cut !== -1 ? argument.slice(cut + 1) : valueFor(declaration, rest);
    if (value === undefined) {
      faults.push(fault('wrong-type', `${option} needs a value`));
      continue;
    }
    if (declaration.kind !== 'secret') {
      inputs.push({ name: declaration.name, text: value, origin: option });
      continue;
    }
    if (value === '-' && standardInputOf !== undefined) {
      faults.push(
        fault('secret', `${option} and ${standardInputOf} can't both be read from standard input`, {
          hint: 'Give one of them as @FILE.',
        }),
      );
      continue;
    }
    if (value === '-') standardInputOf = option;
    if (
      declaration.orPath === true &&
      value !== '-' &&
      !value.startsWith('@') &&
      !isKubeconfig(value) &&
      !isPrivateKey(value)
    ) {
      inputs.push({ name: declaration.name, text: value, origin: option });
      continue;
    }
    const secret = await readSecret(value, secrets);
    if ('wrong' in secret) faults.push(fault('secret', `${option} ${secret.wrong}`, { hint: secretHint(declaration) }));
    else inputs.push({ name: declaration.name, text: secret.text, origin: option });
  }
  return { kind: 'run', inputs, faults };
}

function chart(path: string): RawInput {
  return { name: 'chart', text: path, origin: 'CHART', whole: true };
}

function valueFor(declaration: InputDeclaration, rest: string[]): string | undefined {
  const [next] = rest;
  if (declaration.kind === 'boolean') {
    if (next !== 'true' && next !== 'false') return 'true';
  } else if (next === undefined || (next.startsWith('--') && next !== '--')) return undefined;
  return rest.shift();
}

async function readSecret(value: string, secrets: SecretSources): Promise<{ text: string } | { wrong: string }> {
  if (value !== '-' && (!value.startsWith('@') || value === '@'))
    return { wrong: 'is a secret and must not stand on the command line' };
  try {
    const text = await (value === '-' ? secrets.standardInput() : secrets.file(value.slice(1)));
    return text === undefined ? { wrong: `can't be read from ${value.slice(1)}` } : { text };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { wrong: `is larger than ${SECRET_BYTES / 1024 / 1024} MiB` };
  }
}

function secretHint(declaration: InputDeclaration): string {
  return `Give @FILE, - (standard input) or the environment variable ${environmentName(declaration.name)}.`;
}

/** `registry-password` → `CHARTSHIP_REGISTRY_PASSWORD`. */
export function environmentName(input: string): string {
  return `CHARTSHIP_${input.replaceAll('-', '_').toUpperCase()}`;
}

/** Secrets that were left in the environment, for inputs that weren't given otherwise. */
export function secretsOfEnvironment(environment: NodeJS.ProcessEnv, given: readonly RawInput[]): RawInput[] {
  return INPUTS.flatMap((input) => {
    const name = environmentName(input.name);
    const text = environment[name];
    if (
      input.kind !== 'secret' ||
      text === undefined ||
      text === '' ||
      given.some((each) => each.name === input.name && each.text !== '')
    )
      return [];
    return [{ name: input.name, text, origin: name }];
  });
}

/** What `--help` prints. */
export function helpText(version: string): string {
  const rows = (INPUTS as readonly InputDeclaration[]).map((input) => {
    const option = `  --${input.name}${input.kind === 'boolean' ? '' : ` ${input.choices?.join('|') ?? input.placeholder}`}`;
    const text = [input.description, ...(input.default === '' ? [] : [`Default: ${input.default}.`])].join(' ');
    return [option, ...wrap(text, 94).map((line) => `      ${line}`)].join('\n');
  });
  return [
    `chartship ${version}`,
    'Takes a Helm chart from source to a healthy, tested release: resolve, lint, render, validate, package, publish,',
    'deploy, test.',
    '',
    'Usage: chartship [CHART …] [--input value …]',
    '       chartship --explain RULE    what a rule of a finding is about, and how to mend or silence it',
    '',
    ...rows,
    '',
    'Most inputs can stand in chartship.yaml, too: see the table in README.md.',
    'Secrets are given as @FILE, as - (standard input) or in CHARTSHIP_… variables, never literally.',
    'Exit codes: 0 passed, 1 failed, 2 invalid request, 3 Chartship could not work, 130/143 interrupted.',
    '',
  ].join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 1 <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
