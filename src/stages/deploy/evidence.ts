import { join } from 'node:path';
import type { Cause } from '../../domain/deployment.ts';
import type { LogSource, Trouble } from '../../domain/diagnosis/trouble.ts';
import { maskSecrets } from './masking.ts';
import type { Session } from './session.ts';
import type { Sight } from './watching.ts';

const LOG_LINES = 5_000;
const LOG_BYTES = 1024 * 1024;
/** Containers whose logs are read. */
const MOST_LOGS = 20;
/** Lines of the log that stand beside the cause. */
const SHOWN_LINES = 20;

/** Writes down what is seen before anything of it is undone; the cause with the log that shows it. */
export async function takeEvidence(cause: Cause, sight: Sight, helmSaid: string, session: Session): Promise<Cause> {
  const { host, files, tell } = session;
  const { troubles, seen } = sight;
  const hidden = await maskSecrets([...seen.manifest, ...seen.objects], session);
  const logs: { readonly source: LogSource; readonly log: string }[] = [];
  const sources = [...new Map(troubles.flatMap(({ logs }) => logs).map((one) => [JSON.stringify(one), one])).values()];
  if (hidden.length === 0) {
    for (const source of sources.slice(0, MOST_LOGS)) {
      const { pod, container, previous } = source;
      const answer = await session.cluster.logs({ namespace: session.namespace, name: pod }, container, {
        previous,
        lines: LOG_LINES,
        bytes: LOG_BYTES,
      });
      if (answer.ok && answer.value !== '') logs.push({ source, log: host.redact(answer.value) });
    }
  } else tell(`logs are left out: the Secrets ${hidden.join(', ')} can't be read, so their values can't be redacted`);
  for (const { source, log } of logs) {
    const name = `${source.pod}.${source.container}${source.previous ? '.previous' : ''}.log`;
    await files.write(join(session.evidence, name), log);
  }
  await files.write(join(session.evidence, 'causes.txt'), host.redact(causesText(troubles, helmSaid)));
  const telling = logs.find(({ source }) => troubleOf(cause, troubles)?.logs.some((one) => same(one, source)) === true);
  if (cause.log !== undefined || telling === undefined) return cause;
  return { ...cause, log: telling.log.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n') };
}

function troubleOf(cause: Cause, troubles: readonly Trouble[]): Trouble | undefined {
  return troubles.find((trouble) => trouble.cause.code === cause.code && trouble.cause.resource === cause.resource);
}

function same(one: LogSource, other: LogSource): boolean {
  return one.pod === other.pod && one.container === other.container && one.previous === other.previous;
}

function causesText(troubles: readonly Trouble[], helmSaid: string): string {
  const lines = troubles.map(
    ({ cause, terminal }) => `${cause.code}${terminal ? ' (terminal)' : ''}: ${cause.message}`,
  );
  return `${[...lines, '', 'helm said:', helmSaid].join('\n')}\n`;
}
