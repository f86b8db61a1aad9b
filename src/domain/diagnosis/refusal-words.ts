import type { Cause } from '../deployment.ts';
import { hintFor } from './refused.ts';

/**
 * The API server's no, as helm passes it on, without what helm puts around it: which object, and why. Helm 4 and 3
 * word it differently. The caller knows that it is a refusal, and may know of which object.
 */
export function refusalIn(message: string, known?: string): Pick<Cause, 'resource' | 'message' | 'hint'> {
  const said = message.replace(/\s+/g, ' ').trim();
  const resource = known ?? objectIn(said);
  const why = reasonIn(said);
  const what =
    resource === undefined ? 'the API server refuses what helm applies' : `the API server refuses ${resource}`;
  return { ...(resource !== undefined && { resource }), message: `${what}: ${why}`, ...hint(said) };
}

function objectIn(said: string): string | undefined {
  const applied = /apply failed for object (?:\S+\/)?(\S+) \S*, Kind=(\w+)/.exec(said);
  if (applied !== null) return `${applied[2]}/${applied[1]}`;
  const patched = /cannot patch "([^"]+)" with kind (\w+)/.exec(said);
  if (patched !== null) return `${patched[2]}/${patched[1]}`;
  const invalid = /\b([A-Z]\w*)(?:\.[\w.-]+)? "([^"]+)" is invalid: /.exec(said);
  if (invalid !== null) return `${invalid[1]}/${invalid[2]}`;
  const imported = /: (\w+) "([^"]+)" in namespace "[^"]*" exists and cannot be imported/.exec(said);
  if (imported !== null) return `${imported[1]}/${imported[2]}`;
  const unmapped = /resource mapping not found for name: "([^"]+)".* no matches for kind "(\w+)"/.exec(said);
  if (unmapped !== null) return `${unmapped[2]}/${unmapped[1]}`;
  // Only the plural is told.
  const forbidden = /\b([a-z]\w*)(?:\.[\w.-]+)? "([^"]+)" is forbidden: /.exec(said);
  return forbidden === null ? undefined : `${forbidden[1]}/${forbidden[2]}`;
}

function reasonIn(said: string): string {
  const parts = [
    /failed to create typed patch object \([^)]*\): (.*)$/,
    /" is invalid: (.*)$/,
    /" is forbidden: (.*)$/,
    /(no matches for kind "\w+" in version "[^"]+")/,
    /(failed calling webhook .*)$/,
    /cannot be imported into the current release: (.*)$/,
  ];
  const found = parts.map((pattern) => pattern.exec(said)?.[1]).find((part) => part !== undefined) ?? said;
  const isForeign = /exists and cannot be imported/.test(said);
  return (isForeign ? foreign(found) : found)
    .replace(/: Invalid value: (\{.*\}|"[^"]*"): field is immutable/, ': field is immutable')
    .replace(/ \(e\.g\. '.*$/, '')
    .slice(0, 600);
}

/** Of an object that helm won't take over: whose it is. */
function foreign(found: string): string {
  const owner = ownerIn(found);
  return owner === undefined
    ? `it is there already and belongs to nobody's release: ${found}`
    : `it is there already and belongs to ${owner}`;
}

function ownerIn(said: string): string | undefined {
  const value = (of: string): string | undefined =>
    new RegExp(`meta\\.helm\\.sh/release-${of}" must equal "[^"]*": current value is "([^"]+)"`).exec(said)?.[1];
  const name = value('name');
  const namespace = value('namespace');
  if (name === undefined && namespace === undefined) return undefined;
  const release = name === undefined ? 'a release of this name' : `the release ${name}`;
  return namespace === undefined ? release : `${release} in the namespace ${namespace}`;
}

function hint(said: string): Pick<Cause, 'hint'> {
  if (/no matches for kind/.test(said))
    return { hint: 'Install the CustomResourceDefinition of this kind first; the cluster does not serve it.' };
  if (/cannot be imported/.test(said) && ownerIn(said) !== undefined)
    return {
      hint: 'One object has one release: give it another name in the chart, or take it out of the other release.',
    };
  if (/cannot be imported/.test(said))
    return { hint: 'Delete the object, or give it the labels and annotations of this release, as the message says.' };
  if (/failed calling webhook/.test(said))
    return { hint: 'The cluster asks this webhook before it takes the object: see why it does not answer.' };
  if (/updates to statefulset spec for fields other than/.test(said))
    return {
      hint: 'Delete the StatefulSet and keep its pods (kubectl delete statefulset NAME --cascade=orphan), then run again: the new one takes them over.',
    };
  if (/Too long: |request is too large|entity too large/i.test(said))
    return {
      hint: "Helm keeps a release in a Secret of at most 1 MiB: move large files out of the chart, or its dependencies' unused files.",
    };
  if (/not declared in schema|unknown field/.test(said))
    return { hint: "Correct the field's name in the template; the API server takes no field that it does not know." };
  return hintFor(said);
}
