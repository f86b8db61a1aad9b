import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describeGitHub, type Operation } from './github-description.ts';
import { type GitHubState, handlers, PATHS, STORED } from './github-state.ts';

/** A request as it came. */
export interface Asked {
  /** `POST /repos/{owner}/{repo}/issues/{issue_number}/comments`. */
  readonly route: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What happens instead of the answer. */
export type Trouble =
  | { readonly status: number; readonly message?: string; readonly headers?: Record<string, string> }
  /** The connection is cut before anything is done, or after it was. */
  | 'cut'
  | 'lost'
  | 'silence';

/** The trouble of a request; `undefined` lets it through. */
export type Troubles = (asked: Asked) => Trouble | undefined;

export interface GitHubServer {
  /** GITHUB_API_URL. */
  readonly url: string;
  readonly asked: Asked[];
  /** What was wrong with requests, and with our own answers, by the description: must be empty at a test's end. */
  readonly faults: string[];
  readonly state: GitHubState;
  trouble: Troubles;
  stop(): Promise<void>;
}

export const TOKEN = 'ghs_0123456789abcdefghij';

/**
 * GitHub's API on loopback, as far as Chartship uses it: it remembers, and it takes and gives only what GitHub's own
 * description of it allows.
 */
export async function startGitHub(): Promise<GitHubServer> {
  const description = describeGitHub(PATHS);
  const sockets = new Set<Socket>();
  const here: { -readonly [K in keyof Omit<GitHubServer, 'url' | 'stop'>]: GitHubServer[K] } = {
    asked: [],
    faults: [],
    state: { comments: [], deployments: [], releases: [], nextId: 1, url: '' },
    trouble: () => undefined,
  };

  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const bytes = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', 'http://x');
    const method = request.method ?? '';
    const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      const text = body === undefined ? '' : JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
      response.end(text);
    };
    if (url.pathname.startsWith(STORED)) {
      if (request.headers.authorization !== undefined) here.faults.push('a token was sent to where files are stored');
      const id = Number(url.pathname.slice(STORED.length));
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      return response.end(
        here.state.releases.flatMap(({ assets }) => assets).find((asset) => asset.id === id)?.content,
      );
    }
    const operation = description.find(method, url.pathname);
    if (operation === undefined) {
      here.faults.push(`no such operation: ${method} ${url.pathname}`);
      return send(404, { message: 'Not Found' });
    }
    const type = request.headers['content-type'];
    const body = bodyOf(bytes, operation.takesFile ? undefined : type);
    const asked = { route: operation.route, path: operation.path, query: Object.fromEntries(url.searchParams), body };
    here.asked.push(asked);
    const wrong = operation.check(url.searchParams, type, body);
    here.faults.push(...wrong.map((error) => `${operation.route}: ${error}`));
    if (request.headers.authorization !== `token ${TOKEN}`) return send(401, { message: 'Bad credentials' });
    const trouble = here.trouble(asked);
    if (trouble === 'cut') return void request.socket.destroy();
    if (trouble === 'silence') return;
    if (trouble !== undefined && trouble !== 'lost')
      return send(trouble.status, { message: trouble.message ?? `Trouble ${trouble.status}` }, trouble.headers);
    if (wrong.length > 0)
      return send(422, { message: 'Validation Failed', errors: wrong.map((message) => ({ message })) });
    const answer = answerTo(operation, asked);
    if (trouble === 'lost') return void request.socket.destroy();
    send(answer.status, answer.body, answer.headers);
  });

  function answerTo(operation: Operation, asked: Asked): ReturnType<(typeof handlers)[string]> {
    const handle = handlers[asked.route];
    if (handle === undefined) throw new Error(`nothing answers ${asked.route}`);
    const answer = handle(here.state, asked);
    here.faults.push(
      ...operation.checkAnswer(answer.status, answer.body).map((error) => `our own ${asked.route}: ${error}`),
    );
    return answer;
  }

  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  here.state.url = url;
  return Object.assign(here, {
    url,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function bodyOf(bytes: Buffer, type: string | undefined): unknown {
  if (bytes.length === 0) return undefined;
  if (type?.startsWith('application/json') !== true) return new Uint8Array(bytes);
  return JSON.parse(bytes.toString('utf8'));
}

/** What a runner sets for a step of a run of a workflow. */
export function workflowEnvironment(
  server: Pick<GitHubServer, 'url'>,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    GITHUB_API_URL: server.url,
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_REPOSITORY: 'acme/charts',
    GITHUB_WORKFLOW: 'chart',
    GITHUB_WORKFLOW_REF: 'acme/charts/.github/workflows/chart.yml@refs/heads/main',
    GITHUB_RUN_ID: '1001',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_SHA: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00',
    ...more,
  };
}
