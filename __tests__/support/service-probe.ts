import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Cluster, clusterScript } from './cluster.ts';

/** What a Service answered since it was first asked. */
export interface Answers {
  readonly answered: number;
  /** Of requests that were not answered: when, in seconds since the first, and why. */
  readonly failed: readonly { readonly at: number; readonly why: string }[];
  /** The bodies that came, in the order in which each came first. */
  readonly bodies: readonly string[];
}

export interface ServiceProbe {
  /** Asks no more. */
  stop(): Promise<Answers>;
}

/** Asks a Service ten times a second, over a new connection each time, in a node's network: as a pod there would. */
export async function probeService(cluster: Cluster, url: string): Promise<ServiceProbe> {
  const command = ['exec', '--name', cluster.name, '--in', 'node1', '--', process.execPath, '-e', ASKING, url];
  const child: ChildProcess = spawn(process.execPath, [clusterScript, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = once(child, 'close');
  while (!said.includes('\n')) {
    if (child.exitCode !== null) throw new Error(`no probe of ${url}: it ended with ${child.exitCode}`);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 20))]);
  }
  return {
    stop: async () => {
      child.stdin?.end();
      await closed;
      return JSON.parse(said.split('\n')[1] ?? '') as Answers;
    },
  };
}

/** Says a line when it begins, and what it saw when its standard input ends. */
const ASKING = `
const http = require('node:http');
const url = process.argv[1];
const started = performance.now();
const answers = { answered: 0, failed: [], bodies: [] };
const under = new Set();
function ask() {
  const at = (performance.now() - started) / 1000;
  const asked = new Promise((resolve) => {
    const fail = (why) => {
      answers.failed.push({ at, why });
      resolve();
    };
    const request = http.get(url, { agent: false }, (response) => {
      let body = '';
      response.on('data', (part) => (body += part));
      response.on('error', (error) => fail(error.code ?? error.message));
      response.on('end', () => {
        if (response.statusCode !== 200) return fail('status ' + response.statusCode);
        answers.answered += 1;
        body = body.trim();
        if (!answers.bodies.includes(body)) answers.bodies.push(body);
        resolve();
      });
    });
    request.setTimeout(10_000, () => request.destroy(new Error('no answer within 10 s')));
    request.on('error', (error) => fail(error.code ?? error.message));
  });
  under.add(asked);
  asked.then(() => under.delete(asked));
}
const timer = setInterval(ask, 100);
process.stdout.write('asking\\n');
process.stdin.resume().on('end', async () => {
  clearInterval(timer);
  await Promise.all(under);
  process.stdout.write(JSON.stringify(answers) + '\\n');
});
`;
