import { stripVTControlCharacters } from 'node:util';
import { type Fields, fields, list, text } from '../domain/diagnosis/reading.ts';
import { asksForNamespace, type KyvernoPolicy, severityOfPolicy } from '../domain/kyverno-policies.ts';
import type { OwnRefusal, OwnResult } from '../ports.ts';
import { type InstalledObject, placeOfId } from './kyverno-objects.ts';
import type { Ran } from './process.ts';

/** Characters of what a policy, or the command, says of one thing. */
const MOST_SAID = 4_000;

/** A phrase why nothing is known of the objects; `undefined` where the command did its work, whatever it found. */
export function failureOf({ ended, code, stderr }: Ran, milliseconds: number): string | undefined {
  if (ended === 'timeout') return `took kyverno more than ${milliseconds / 1000} s`;
  if (ended !== 'exit') return `can't be run by kyverno (${ended})`;
  // 1 is for what was found, too; then it says nothing of an error.
  const said = /^(?:Error: |panic: |fatal error: ).*(?:\n(?!\d{4}-|goroutine ).+)*/m.exec(plain(stderr))?.[0];
  if (code === 0 || (code === 1 && said === undefined)) return undefined;
  return `can't be run by kyverno: ${shortened((said ?? plain(stderr)).replace(/^Error: /, ''))}`;
}

/**
 * Policies that the command passes over: it says so in its log (`-v 3`) and in a list before the report, and succeeds.
 * `stops`: it applied none because of it.
 */
export function refusalsOf(
  { stdout, stderr }: Ran,
  policies: readonly KyvernoPolicy[],
): (OwnRefusal & { readonly stops: boolean })[] {
  const refused: (OwnRefusal & { stops: boolean })[] = [];
  const refuse = (message: string, policy: KyvernoPolicy | undefined, stops = false): void => {
    refused.push({ message: shortened(message), stops, ...(policy !== undefined && { policy }) });
  };
  const named = (name: string | undefined): KyvernoPolicy | undefined =>
    policies.find((policy) => policy.name === name);
  const log = plain(stderr);
  for (const line of log.split('\n')) {
    const error = / error=("(?:[^"\\]|\\.)*"|\S+)/.exec(line)?.[1] ?? '';
    if (line.includes(' skipping invalid YAML file ')) {
      const index = Number(/ path=policies\/([0-9]+)\.yaml/.exec(line)?.[1]);
      const unquoted = unquote(error).replace(/^failed to load file \S+: failed to parse document /, '');
      refuse(unquoted.replace(/^\((.*)\)$/s, '$1'), policies[index]);
    } else if (line.includes(' Non-fatal parsing error ')) refuse(unquote(error), undefined);
  }
  for (const entry of passedOver(new TextDecoder().decode(stdout))) {
    const [, name, reason] = /^[0-9]+\. ([^:\s]+)(?:: ([\s\S]*))?/.exec(entry) ?? [];
    if (name !== undefined) refuse(reason ?? 'it is passed over, and no reason is given', named(name));
  }
  const compiler = /failed to compile policy ([^\s(]+) \((?:\[<nil>: )?([\s\S]*?)\]?\)*\s*$/.exec(failureText(log));
  if (compiler !== null) refuse(compiler[2] ?? '', named(compiler[1]?.replace(/^.*\//, '')), true);
  return refused;
}

/** The entries of the lists before the report; one may have several lines. */
function passedOver(output: string): string[] {
  const entries: string[] = [];
  let inside = false;
  for (const line of output.split('\n')) {
    if (/^(?:Policies Skipped|Invalid Policies)\b.*:$/.test(line)) inside = true;
    else if (/^-{20,}$/.test(line)) inside = false;
    else if (inside && /^[0-9]+\. /.test(line)) entries.push(line);
    else if (inside && entries.length > 0) entries.push(`${entries.pop()}\n${line}`);
  }
  return entries;
}

/** What the reports say of the objects. Each report is JSON in a line of its own, between lines that aren't. */
export function resultsOf(
  { stdout }: Ran,
  policies: readonly KyvernoPolicy[],
  objects: readonly InstalledObject[],
): OwnResult[] {
  const namespaces = new Map(objects.map(({ id, namespace }) => [id, namespace]));
  return new TextDecoder()
    .decode(stdout)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => list(fields(parsed(line)).results))
    .flatMap((result) => resultOf(result, policies, namespaces) ?? []);
}

function resultOf(
  result: Fields,
  policies: readonly KyvernoPolicy[],
  namespaces: ReadonlyMap<string, string>,
): OwnResult | undefined {
  const outcome = text(result.result);
  const { uid, namespace: taken } = list(result.resources)[0] ?? {};
  const place = placeOfId(uid);
  const namespace = namespaces.get(text(uid)) ?? text(taken);
  if (place === undefined || !['fail', 'warn', 'error'].includes(outcome)) return undefined;
  const [policyName, rule] = [text(result.policy), text(result.rule)];
  const inCel = text(result.source).endsWith('ValidatingPolicy');
  const said = text(result.message).slice(0, MOST_SAID);
  const query = rule === '' ? policyName : `${policyName}/${rule}`;
  if (namespace === '' && text(taken) !== '') {
    // A policy of a namespace is for none of the cluster's.
    if (policyName.includes('/')) return undefined;
    if (policies.some((policy) => isMeant(policy) && asksForNamespace(policy, rule))) {
      const message =
        "can't be judged: it asks for a namespace, and kyverno's command takes this object of the cluster to be in one";
      return { ...place, severity: 'note', message, query };
    }
  }
  const path = / failed at path (\/\S*)/.exec(said)?.[1]?.replace(/\/+$/, '');
  return {
    ...place,
    severity: severity(),
    message: outcome === 'error' ? `can't be judged: ${said}` : said,
    query,
    ...(path !== undefined && path !== '' && { path }),
  };

  function severity(): OwnResult['severity'] {
    // `policies.kyverno.io/scored: "false"`
    if (result.scored !== true) return 'warning';
    // Its own word is the one of the policy's first rule for all of them, and with --audit-warn "warn" for all in CEL.
    const own = new Set(
      policies.flatMap((policy) => (isMeant(policy) && severityOfPolicy(policy, rule, namespace)) || []),
    );
    const [only] = own;
    // Two policies of one name that differ: which one it was isn't said.
    if (own.size === 1 && only !== undefined) return only;
    return outcome === 'warn' ? 'warning' : 'error';
  }

  function isMeant({ name, kind, data }: KyvernoPolicy): boolean {
    const [, within, meant] = /^(?:(.*)\/)?(.*)$/.exec(policyName) ?? [];
    if (name !== meant || kind.endsWith('ValidatingPolicy') !== inCel) return false;
    if (inCel) return true;
    const { namespace = within } = fields(data.metadata);
    return within === undefined ? kind === 'ClusterPolicy' : kind === 'Policy' && namespace === within;
  }
}

function failureText(log: string): string {
  return (/^Error: [\s\S]*/m.exec(log)?.[0] ?? '').slice(0, MOST_SAID);
}

/** It is coloured, whatever is asked for. */
function plain(log: string): string {
  return stripVTControlCharacters(log);
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value.slice(1, -1);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function shortened(said: string): string {
  const line = said
    .trim()
    .slice(0, MOST_SAID)
    .replace(/\s*\n\s*/g, ' ');
  return line === '' ? 'it says nothing' : line.slice(0, 500);
}
