import type { Cause } from '../deployment.ts';

/** A container whose log may show more. */
export interface LogSource {
  readonly pod: string;
  readonly container: string;
  /** The run before the present one. */
  readonly previous: boolean;
}

/** The value of an object that is at fault, by which the line of a values file can be found. */
export type Blame = (
  | { readonly kind: 'image'; readonly image: string }
  /** `path` leads to it in the container's `resources`, such as `requests.memory`. */
  | {
      readonly kind: 'quantity';
      readonly path: readonly [string, string];
      readonly resources: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'mapping'; readonly key: string; readonly mapping: Readonly<Record<string, unknown>> }
  | { readonly kind: 'replicas'; readonly replicas: number }
) & {
  /** The chart whose object it is, as the label helm.sh/chart says; it may be a dependency. */
  readonly chart?: string;
};

/** Something that keeps a release from becoming healthy. */
export interface Trouble {
  readonly cause: Cause;
  /** Waiting longer won't help: the contract's table of terminal causes. */
  readonly terminal: boolean;
  /** Where to look for more, the most telling first. */
  readonly logs: readonly LogSource[];
  readonly blame?: Blame;
  /** The object of the release that has it, `Deployment/agent`; troubles of its pods are told once. */
  readonly of: string;
  /** Other objects of the release that it waits for and that are not ready yet. */
  readonly waitsFor: readonly string[];
  /** Of a crash loop: how many runs have ended. */
  readonly exits?: number;
}
