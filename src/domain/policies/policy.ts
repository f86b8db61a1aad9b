import type { RuleSeverity } from '../rule-severities.ts';
import type { Release } from './release.ts';
import type { ReleaseObject } from './release-object.ts';

/** What a policy says of an object. */
export interface PolicyFault {
  readonly message: string;
  readonly hint?: string;
  /** A JSON pointer into the object, of something that is there. */
  readonly path: string;
  /** It is the key at the end of the path that is wrong, and not what is there. */
  readonly what?: 'key';
  /** Where it is milder than the policy's faults are by default; a configured severity is for all of them. */
  readonly severity?: 'warning';
}

export type PolicySeverity = RuleSeverity;

/** A rule about objects that Kubernetes takes. `NAME` is `policy/NAME` in findings, and docs/rules/policy/NAME.md. */
export interface Policy {
  readonly name: string;
  /** What it looks at: what has pods, hooks, or objects of these kinds. */
  readonly of: 'pods' | 'hooks' | readonly string[];
  /** It looks at other objects of the release, too. What isn't so is found once for an object that renders share. */
  readonly across?: true;
  /** By default: what surely breaks is an error, what is risky a warning, and what is a matter of taste is off. */
  readonly severity: PolicySeverity;
  /** Another Kubernetes version may have another verdict. */
  readonly byVersion?: true;
  /** Pure; called for each of these objects of a release. */
  readonly check: (object: ReleaseObject, release: Release) => readonly PolicyFault[];
}
