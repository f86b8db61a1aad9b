// Where the schemas come from: Go modules that the Kubernetes project publishes. Only `npm run schemas` needs them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The folder of a module's files, downloaded when it isn't there; Go compares it with its checksum database. */
export async function downloadModule(name, version) {
  const args = ['mod', 'download', '-json', `${name}@v${version}`];
  // Outside any module: what some go.mod replaces or requires must not change what is downloaded.
  const env = { ...process.env, GOWORK: 'off', GO111MODULE: 'on', GOFLAGS: '' };
  // When the download fails the answer says why.
  const { stdout, message } = await run('go', args, { env, cwd: '/' }).catch((error) => error);
  const answer = stdout ? JSON.parse(stdout) : { Error: message };
  if (answer.Error) throw new Error(`${name}@v${version} can't be had: ${answer.Error}`);
  return { folder: answer.Dir, sum: answer.Sum };
}
