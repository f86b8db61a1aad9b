import type { Finding } from './finding.ts';

/**
 * The request itself is wrong (exit code 2): an unknown or ill-typed input, a malformed configuration,
 * a chart, environment or values file that is named and not there. Carries every fault found, so that
 * one run shows them all.
 */
export class RequestError extends Error {
  readonly findings: readonly Finding[];
  constructor(findings: readonly Finding[]) {
    super(findings.map((finding) => finding.message).join('\n'));
    this.name = 'RequestError';
    this.findings = findings;
  }
}

/** Chartship can't work here (exit code 3) though nothing is wrong with the chart: a tool that can't be had, say. */
export class EnvironmentError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'EnvironmentError';
    this.hint = options.hint;
  }
}

/** The run was interrupted by a signal (exit codes 130 and 143). */
export class Cancelled extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM';
  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`);
    this.name = 'Cancelled';
    this.signal = signal;
  }
}

/** What to print of an error that ends the process: what a person can act on without a stack, a bug with it. */
export function lastWords(error: unknown): string {
  if (error instanceof EnvironmentError)
    return [error.message, ...(error.hint === undefined ? [] : [error.hint])].join('\n');
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** A `RequestError` of one fault. */
export function invalid(rule: string, message: string, rest: Partial<Finding> = {}): RequestError {
  return new RequestError([{ stage: 'request', rule, severity: 'error', message, ...rest }]);
}
