import type { CustomKinds } from '../domain/custom-kinds.ts';
import type { KyvernoPolicy } from '../domain/kyverno-policies.ts';

export type OwnVerdict =
  | {
      readonly ok: true;
      readonly results: readonly OwnResult[];
      /** Policies that the program doesn't take. */
      readonly refused: readonly OwnRefusal[];
    }
  /** Why the policies can't be run, a phrase to follow the folder's name. */
  | {
      readonly ok: false;
      readonly message: string;
      /** What of it has a place in a file of the folder, each to be told by itself. */
      readonly faults?: readonly FolderFault[];
    };

export interface FolderFault {
  readonly message: string;
  /** Relative to the folder. */
  readonly path: string;
  readonly line: number;
}

export interface OwnResult {
  /** The index of the document that it is said of. */
  readonly document: number;
  /** Which of its objects, where that is known. */
  readonly object?: number;
  /** A note is about what the program can't judge. */
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
  /** What said it: a query such as `main.deny`, a policy and its rule. */
  readonly query: string;
  /** A JSON pointer into the object, as far as the program told one. */
  readonly path?: string;
}

export interface OwnRefusal {
  readonly message: string;
  /** `undefined` where the program doesn't say which policy it means. */
  readonly policy?: KyvernoPolicy;
}

/** Policies in Rego, run by an installed conftest. */
export interface Conftest {
  /** What the policies of a folder say of documents, which hold no secret. Throws an `EnvironmentError` without a conftest. */
  check(folder: string, documents: readonly string[]): Promise<OwnVerdict>;
}

/** Kyverno's policies, run by its own command. */
export interface Kyverno {
  /** What policies say of documents, which hold no secret, installed in a namespace. Throws an `EnvironmentError` without the command. */
  check(
    policies: readonly KyvernoPolicy[],
    documents: readonly string[],
    namespace: string,
    kinds: CustomKinds,
  ): Promise<OwnVerdict>;
}
