import type { Cause } from '../../domain/deployment.ts';

/** What a step came to: a failure is a cause, and the deployment ends there. */
export type Step<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly cause: Cause };

export function done<T>(value: T): Step<T> {
  return { ok: true, value };
}

export function failed<T>(cause: Cause): Step<T> {
  return { ok: false, cause };
}
