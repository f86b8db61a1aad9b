import { suggestion } from './nearest.ts';

/** Who signed, as the certificate says it; of a key nothing is known but that it was that one. */
export type SignerIdentity =
  | {
      readonly kind: 'workflow';
      /** Who vouches for it. */
      readonly issuer: string;
      /** `https://github.com/acme/pipelines/.github/workflows/pipeline.yml@refs/tags/v1`: the workflow the job stands in. */
      readonly workflow: string;
      /** `https://github.com/acme/task-api`: whose workflow was started. */
      readonly repository: string;
      readonly ref: string;
    }
  | { readonly kind: 'key' };

/** Who must have signed. Texts may hold `*` for anything but a slash, and `**` for anything. */
export type ExpectedSigner = SignerIdentity &
  ({ readonly kind: 'workflow' } | { readonly kind: 'key'; readonly file: string });

const GITHUB = 'https://github.com/';
const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
const KEYS = ['workflow', 'repository', 'ref', 'issuer', 'key'] as const;
type Key = (typeof KEYS)[number];

/**
 * `KEY=VALUE` lines → who must have signed, or what is wrong with them. Workflow, repository and ref are all wanted:
 * whoever calls a reusable workflow signs as that workflow, and in a repository anybody's branch may run one.
 */
export function readExpectedSigner(
  lines: readonly string[],
):
  | { readonly ok: true; readonly expected: ExpectedSigner }
  | { readonly ok: false; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const given = new Map<Key, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(line)?.map((part) => part.trim()) ?? [];
    const key = KEYS.find((each) => each === name);
    if (key === undefined || value === '') {
      const hint = name === '' ? undefined : suggestion(name, KEYS);
      faults.push({
        message: `has a line that is not one of ${KEYS.map((each) => `${each}=…`).join(', ')}: ${line}`,
        hint,
      });
    } else if (given.has(key)) faults.push({ message: `has ${key} twice` });
    else given.set(key, value);
  }
  if (faults.length > 0) return { ok: false, faults };
  const file = given.get('key');
  if (file !== undefined) {
    if (given.size === 1) return { ok: true, expected: { kind: 'key', file } };
    return { ok: false, faults: [{ message: 'has key beside others: what a key signed says nothing of a workflow' }] };
  }
  const missing = (['workflow', 'repository', 'ref'] as const).filter((key) => !given.has(key));
  if (missing.length > 0) return { ok: false, faults: [{ message: `lacks ${missing.join(' and ')}`, hint: EXAMPLE }] };
  const workflow = given.get('workflow') ?? '';
  if (!workflow.includes('@')) {
    const message = `has a workflow without its ref: ${workflow}`;
    return { ok: false, faults: [{ message, hint: `Write ${workflow}@refs/tags/v1, or ${workflow}@** for any.` }] };
  }
  return {
    ok: true,
    expected: {
      kind: 'workflow',
      issuer: given.get('issuer') ?? GITHUB_ISSUER,
      workflow: onGitHub(workflow),
      repository: onGitHub(given.get('repository') ?? ''),
      ref: given.get('ref') ?? '',
    },
  };
}

interface Fault {
  /** To follow the input's name. */
  readonly message: string;
  readonly hint?: string | undefined;
}

const EXAMPLE =
  'Write, a line each: workflow=acme/pipelines/.github/workflows/pipeline.yml@refs/tags/v1, repository=acme/task-api, ref=refs/heads/main.';

function onGitHub(text: string): string {
  return text.startsWith('https://') ? text : `${GITHUB}${text}`;
}

/** In what a signer is not the one who is expected: a clause each, to follow "its provenance". */
export function strangeness(found: SignerIdentity, expected: ExpectedSigner): string[] {
  if (expected.kind === 'key') return found.kind === 'key' ? [] : ['was signed by a workflow, not by the key'];
  if (found.kind === 'key') return ['was signed by a key, not by a workflow'];
  const clauses = {
    issuer: 'is vouched for by',
    workflow: 'was signed by the workflow',
    repository: 'is of the source repository',
    ref: 'is of the source ref',
  } as const;
  return (Object.keys(clauses) as (keyof typeof clauses)[])
    .filter((key) => !matches(found[key], expected[key]))
    .map((key) => `${clauses[key]} ${shown(found[key])}, not ${shown(expected[key])}`);
}

/** Who signed, to follow "by". */
export function signerText(signer: SignerIdentity): string {
  if (signer.kind === 'key') return 'whoever has the key';
  const { workflow, repository, ref } = signer;
  return `the workflow ${shown(workflow)} for ${shown(repository)} at ${shown(ref)}`;
}

function matches(text: string, pattern: string): boolean {
  const source = pattern
    .split(/(\*\*?)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')));
  return new RegExp(`^${source.join('')}$`, 's').test(text);
}

function shown(text: string): string {
  return text === '' ? 'nothing' : text.replace(GITHUB, '').replace(/[\x00-\x1f\x7f-\x9f]/g, '?');
}
