import { secretsOfEnvironment } from './adapters/command-line.ts';
import { cancelOnSignals, clock, compose } from './adapters/compose.ts';
import { createGitHub } from './adapters/github.ts';
import { createRedaction } from './adapters/redaction.ts';
import { runToItsEnd } from './adapters/run-to-its-end.ts';
import { secretsOf } from './adapters/secrets.ts';
import { workflowOf } from './adapters/workflow.ts';
import { workflowInputs } from './adapters/workflow-inputs.ts';
import { Cancelled } from './domain/errors.ts';
import { exitCode } from './domain/outcome.ts';
import { run } from './main.ts';

/** The composition root of the Action's main step; the post step is post.ts. */
async function main(): Promise<number> {
  const { env: environment, stdout } = process;
  const redaction = createRedaction();
  const host = createGitHub({ stdout, environment, redaction });
  const given = workflowInputs(environment);
  const inputs = [...given, ...secretsOfEnvironment(environment, given)];
  for (const secret of secretsOf(inputs)) host.mask(secret);
  const cancel = cancelOnSignals((signal) => new Cancelled(signal));
  const cwd = environment.GITHUB_WORKSPACE || process.cwd();
  const { files, connect, openForge, rulePages, close } = await compose({
    root: cwd,
    environment,
    host,
    cancel: cancel.signal,
  });
  try {
    await host.saveState('temporary', files.temporary);
    const actor = environment.GITHUB_ACTOR;
    const workflow = { ...workflowOf(environment), ...(actor !== undefined && { actor }) };
    const ending = await run(
      { inputs, faults: [], cwd, workflow },
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
