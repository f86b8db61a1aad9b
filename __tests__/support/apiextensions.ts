import { spawn } from 'node:child_process';
import { pinned } from './scenario.ts';

/** A custom resource, the schema of its definition, and the minor (`1.35`) of the server. */
export interface ResourceQuestion {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly value: Readonly<Record<string, unknown>>;
  readonly minor: string;
}

export interface ServerAnswer {
  /** Why the definition itself is refused. */
  readonly definition?: string;
  readonly errors: readonly string[];
}

/** What the API server's own code (apiextensions-apiserver, built from tools/apiextensions) says of custom resources. */
export async function askServer(questions: readonly ResourceQuestion[]): Promise<readonly ServerAnswer[]> {
  const child = spawn(pinned('apiextensions'), { stdio: ['pipe', 'pipe', 'inherit'], env: {} });
  child.stdin.end(questions.map((each) => `${JSON.stringify(each)}\n`).join(''));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`apiextensions ended with ${code}`);
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ServerAnswer);
}
