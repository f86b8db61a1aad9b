import type { Cause } from '../../domain/deployment.ts';
import { evidenceFiles, logFile, logsToKeep } from '../../domain/diagnosis/evidence.ts';
import { excerptOf } from '../../domain/diagnosis/log-excerpt.ts';
import { writeEvidence } from './evidence-file.ts';
import { maskSecrets } from './masking.ts';
import type { Session } from './session.ts';
import type { Sight } from './watching.ts';

const LOG_LINES = 20_000;
const LOG_BYTES = 4 * 1024 * 1024;
/** Containers whose logs are read. */
const MOST_LOGS = 30;

/**
 * Writes down what is seen before anything of it is undone, with the values of every Secret that the pods get taken
 * out; the cause with the log that shows it. `helmSaid` is helm's own word on it.
 */
export async function takeEvidence(cause: Cause, sight: Sight, helmSaid: string, session: Session): Promise<Cause> {
  const { host, tell, cluster, namespace, evidence } = session;
  const { troubles, seen, memory } = sight;
  const hidden = await maskSecrets([...seen.manifest, ...seen.objects], session);
  let unwritten: string | undefined;
  const write = async (name: string, text: string): Promise<void> => {
    const why = await writeEvidence(name, text, session);
    unwritten ??= why;
  };
  for (const { name, text } of evidenceFiles(seen, memory, troubles)) await write(name, text);
  if (helmSaid !== '') await write('helm.txt', `${helmSaid.trimEnd()}\n`);
  if (hidden.length > 0) {
    tell(`logs are left out: the Secrets ${hidden.join(', ')} can't be read, so their values can't be redacted`);
    return cause;
  }
  const logs = new Map<string, string>();
  await Promise.all(
    logsToKeep(seen, memory, troubles)
      .slice(0, MOST_LOGS)
      .map(async (source) => {
        const { pod, container, previous } = source;
        const options = { previous, lines: LOG_LINES, bytes: LOG_BYTES };
        const answer = await cluster.logs({ namespace, name: pod }, container, options);
        if (answer.ok && answer.value !== '') logs.set(logFile(source), answer.value);
      }),
  );
  for (const [name, log] of logs) await write(name, log);
  tell(unwritten === undefined ? `evidence is in ${evidence}` : `evidence is missing: ${unwritten}`);
  if (cause.log !== undefined) return cause;
  // Whose log it is: the same trouble's, as far as it is still seen.
  const trouble = troubles.find((one) => one.cause.code === cause.code && one.cause.resource === cause.resource);
  const telling = (trouble?.logs ?? []).map((source) => logs.get(logFile(source))).find((log) => log !== undefined);
  return telling === undefined ? cause : { ...cause, log: host.redact(excerptOf(telling)) };
}
