import { helpText, readCommandLine, secretsOfEnvironment } from './adapters/command-line.ts';
import { cancelOnSignals, clock, compose } from './adapters/compose.ts';
import { createRedaction } from './adapters/redaction.ts';
import { repositoryRoot } from './adapters/repository-root.ts';
import { runToItsEnd } from './adapters/run-to-its-end.ts';
import { secretSources } from './adapters/secret-sources.ts';
import { secretsOf } from './adapters/secrets.ts';
import { createTerminal } from './adapters/terminal.ts';
import { workflowOf } from './adapters/workflow.ts';
import { Cancelled } from './domain/errors.ts';
import { exitCode } from './domain/outcome.ts';
import { run } from './main.ts';
import { VERSION } from './version.ts';

/** The composition root of the command. */
async function main(): Promise<number> {
  const { env: environment, stdout, stderr } = process;
  const line = await readCommandLine(
    process.argv.slice(2),
    secretSources(() => process.stdin),
  );
  if (line.kind === 'explain') {
    const { explain } = await import('./adapters/rule-pages.ts');
    const { known, text } = explain(line.rule);
    (known ? stdout : stderr).write(text);
    return known ? 0 : 2;
  }
  if (line.kind !== 'run') {
    stdout.write(line.kind === 'help' ? helpText(VERSION) : `${VERSION}\n`);
    return 0;
  }
  const inputs = [...line.inputs, ...secretsOfEnvironment(environment, line.inputs)];
  const redaction = createRedaction();
  for (const secret of secretsOf(inputs)) redaction.mask(secret);
  const host = createTerminal({ stdout, stderr, environment, redaction });
  const cancel = cancelOnSignals((signal) => new Cancelled(signal));
  const cwd = process.cwd();
  const { files, connect, openForge, rulePages, close } = await compose({
    root: repositoryRoot(cwd),
    environment,
    host,
    cancel: cancel.signal,
  });
  try {
    const ending = await run(
      { inputs, faults: line.faults, cwd, workflow: workflowOf(environment) },
      { files, host, clock, openForge, rulePages },
      connect,
    );
    if (ending.crash !== undefined) host.bug(ending.crash);
    return exitCode(ending.report, cancel.received());
  } finally {
    await close();
  }
}

runToItsEnd(main);
