import { join } from 'node:path';
import { EnvironmentError } from '../domain/errors.ts';
import type { KyvernoPolicy } from '../domain/kyverno-policies.ts';
import type { Files, Kyverno, OwnRefusal, OwnResult } from '../ports.ts';
import { batches, type InstalledObject, installed } from './kyverno-objects.ts';
import { failureOf, refusalsOf, resultsOf } from './kyverno-report.ts';
import { monotonic } from './monotonic.ts';
import { aloneIn } from './own-policies-environment.ts';
import type { Ran, Run } from './process.ts';
import { firstOnPath } from './tools-installed.ts';

export interface KyvernoOptions {
  readonly run: Run;
  readonly environment: NodeJS.ProcessEnv;
  readonly os: string;
  readonly files: Pick<Files, 'makeTemporary' | 'write' | 'remove'>;
  /** For all calls of one check together. */
  readonly milliseconds?: number;
}

/** A policy in CEL is compiled anew for each object, which takes the command some 5 ms. */
const MILLISECONDS = 120_000;

/** For its version. */
const PROBE = 10_000;

/** The first of which it is known that it keeps to a list of servers, has JSON reports, and takes exceptions among policies. */
const OLDEST_MINOR = 18;

/** As it is called by itself, and as a plugin of kubectl. */
const NAMES = ['kyverno', 'kubectl-kyverno'];

/** Users' own policies, by an installed Kyverno command: policies and objects as files of a private folder, the answer as JSON. */
export function createKyverno({ run, environment, os, files, milliseconds = MILLISECONDS }: KyvernoOptions): Kyverno {
  /** What the command says of policies whatever they are applied to: asked once. */
  const loaded = new WeakMap<readonly KyvernoPolicy[], Promise<Loaded>>();

  return {
    check: async (policies, documents, namespace, kinds) => {
      const file = await program();
      const deadline = monotonic() + milliseconds;
      const own = await files.makeTemporary('kyverno');
      const apply: Apply = (objects, more = []) =>
        applied(file, own, policies.length, objects, deadline - monotonic(), more);
      try {
        await Promise.all(
          policies.map((policy, index) => files.write(join(own, policyFile(index)), inNamespace(policy, namespace))),
        );
        const asked = loaded.get(policies) ?? load(file, own, policies, apply);
        loaded.set(policies, asked);
        const { refused, failed: unusable, stops } = await asked;
        if (unusable !== undefined) return { ok: false, message: unusable };
        // It applies nothing where a policy in CEL can't be compiled.
        if (stops) return { ok: true, results: [], refused };
        const results: OwnResult[] = [];
        for (const objects of batches(await installed(documents, namespace, kinds))) {
          const ran = await apply(objects);
          const failed = failureOf(ran, milliseconds);
          if (failed !== undefined) return { ok: false, message: failed };
          for (const result of resultsOf(ran, policies, objects)) results.push(result);
        }
        return { ok: true, results: results.sort(inOrder), refused };
      } finally {
        await files.remove(own);
      }
    },
  };

  async function program(): Promise<string> {
    for (const name of NAMES) {
      const file = firstOnPath(os === 'win32' ? `${name}.exe` : name, environment);
      if (file !== undefined) return file;
    }
    throw new EnvironmentError('kyverno, which runs your own policies, is not installed: it is not in PATH', {
      hint: 'Install its command (https://kyverno.io/docs/kyverno-cli), or leave the folder out of policies.',
    });
  }

  /** Throws for one that has a version, and an old one. */
  async function checkVersion(file: string, own: string): Promise<void> {
    const { stdout } = await run({ file, args: ['version'], env: aloneIn(own), cwd: own, milliseconds: PROBE });
    const [, version, major, minor] =
      /^Version: *v?(([0-9]+)\.([0-9]+)\S*)/m.exec(new TextDecoder().decode(stdout)) ?? [];
    if (version === undefined || Number(major) > 1 || Number(minor) >= OLDEST_MINOR) return;
    throw new EnvironmentError(`${file} is kyverno ${version}, which lets policies ask servers`, {
      hint: `Install 1.${OLDEST_MINOR} or later (https://kyverno.io/docs/kyverno-cli), or leave the folder out of policies.`,
    });
  }

  async function applied(
    file: string,
    own: string,
    policies: number,
    objects: readonly InstalledObject[],
    remaining: number,
    more: readonly string[],
  ): Promise<Ran> {
    // Documents of JSON are documents of YAML.
    await files.write(join(own, 'objects.yaml'), objects.map(({ data }) => `---\n${JSON.stringify(data)}\n`).join(''));
    return await run({
      file,
      args: [
        ...['apply', ...Array.from({ length: policies }, (_, index) => policyFile(index))],
        ...['--resource', 'objects.yaml', '--policy-report', '--output-format', 'json', '--audit-warn'],
        ...['--exceptions-within-policies', '--remove-color', ...more],
      ],
      env: { ...aloneIn(own), ...OFFLINE },
      cwd: own,
      milliseconds: Math.max(remaining, 1),
    });
  }

  async function load(file: string, own: string, policies: readonly KyvernoPolicy[], apply: Apply): Promise<Loaded> {
    await checkVersion(file, own);
    const ran = await apply([ANY_OBJECT], ['-v', '3']);
    const refused = refusalsOf(ran, policies);
    const failed = failureOf(ran, milliseconds);
    if (failed === undefined) return { refused, stops: false };
    const isCompiler = refused.some(({ stops }) => stops);
    return isCompiler ? { refused, stops: true } : { refused, stops: false, failed };
  }
}

/** The report has them in no order. */
function inOrder(a: OwnResult, b: OwnResult): number {
  const differs = a.document - b.document || (a.object ?? 0) - (b.object ?? 0);
  return differs || (a.query < b.query ? -1 : Number(a.query > b.query));
}

type Apply = (objects: readonly InstalledObject[], more?: readonly string[]) => Promise<Ran>;

interface Loaded {
  readonly refused: readonly OwnRefusal[];
  readonly stops: boolean;
  readonly failed?: string;
}

/** A policy may ask servers, of which none is in this list. The registry's flag is left off, and no cluster is named. */
const OFFLINE = { FLAG_HTTP_ALLOWLIST: 'https://chartship.invalid/', FLAG_HTTP_BLOCKLIST: '0.0.0.0/0,::/0' };

/** The command wants one, and says only then what is wrong with the policies. */
const ANY_OBJECT: InstalledObject = {
  id: '',
  namespace: 'default',
  data: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'any' } },
};

/** One each: of a file with several documents none is applied where one can't be read. */
function policyFile(index: number): string {
  return `policies/${index}.yaml`;
}

/** What is for a namespace and names none is for the release's, as if it were applied there. */
function inNamespace({ data, kind }: KyvernoPolicy, namespace: string): string {
  const isNamespaced = kind === 'Policy' || kind.startsWith('Namespaced') || kind === 'PolicyException';
  const own = data.metadata as Readonly<Record<string, unknown>> | undefined;
  if (!isNamespaced || typeof own !== 'object' || own === null || own.namespace !== undefined)
    return JSON.stringify(data);
  return JSON.stringify({ ...data, metadata: { ...own, namespace } });
}
