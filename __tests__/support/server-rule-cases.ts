import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { KUBERNETES_YAML } from '../../src/domain/kubernetes-yaml.ts';
import { repository } from './scenario.ts';

type Data = Record<string, unknown>;

/** An object, and what is said of it: `RULE PATH`, in order. What is said of nothing a server takes. */
export interface ServerRuleCase {
  readonly what: string;
  readonly object: Data;
  readonly told: readonly string[];
}

interface Written {
  readonly what: string;
  /** One of the sound objects of the file, changed at a path: to what it is then, or without it. */
  readonly of?: string;
  readonly at?: string;
  readonly is?: unknown;
  readonly without?: string;
  readonly object?: Data;
  readonly told?: readonly string[];
}

/** The tables of `__tests__/fixtures/server-rules`; each was asked of a real API server (validation-oracle.test.ts). */
export function serverRuleCases(): ServerRuleCase[] {
  const folder = join(repository, '__tests__/fixtures/server-rules');
  return readdirSync(folder).flatMap((file) => {
    const { sound, cases } = load(readFileSync(join(folder, file), 'utf8'), { schema: KUBERNETES_YAML }) as {
      readonly sound: Readonly<Record<string, Data>>;
      readonly cases: readonly Written[];
    };
    return cases.map(({ what, of = '', at, is, without, object = sound[of], told = [] }) => {
      if (object === undefined) throw new Error(`${file}: ${what} is of no object`);
      const changed = structuredClone(object);
      if (at !== undefined) change(changed, at.split('.'), (node, key) => void Object.assign(node, { [key]: is }));
      if (without !== undefined) change(changed, without.split('.'), (node, key) => void delete node[key]);
      return { what: `${changed.kind}: ${what}`, object: changed, told };
    });
  });
}

function change(object: Data, path: readonly string[], by: (node: Data, key: string) => void): void {
  let node = object;
  for (const key of path.slice(0, -1)) {
    node[key] ??= {};
    node = node[key] as Data;
  }
  by(node, path.at(-1) ?? '');
}
