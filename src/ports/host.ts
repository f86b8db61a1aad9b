import type { Report } from '../domain/outcome.ts';
import type { StageRun } from '../domain/stage.ts';

/** Progress as it happens. `key` names a piece of work; the same run starts and ends under one key. */
export type Progress =
  | { readonly kind: 'started'; readonly run: Omit<StageRun, 'status' | 'seconds'> }
  | { readonly kind: 'ended'; readonly run: StageRun }
  /** One line about what goes on, such as a request and its host. */
  | { readonly kind: 'note'; readonly text: string };

/** Terminal or runner: shows progress, then the report. Whatever it prints is redacted and can't be taken for a runner command. */
export interface Host {
  /** From now on this text is redacted wherever it would be shown or written. */
  mask(secret: string): void;
  /** The text without secrets. */
  redact(text: string): string;
  progress(event: Progress): void;
  /** The end of a run: findings, what was published, where the report lies. `reportFolder` is absolute; `undefined` when none was written. */
  finish(report: Report, reportFolder: string | undefined): Promise<void>;
}
