import { join } from 'node:path';
import { EnvironmentError } from '../domain/errors.ts';
import type { Conftest, Files, FolderFault, OwnResult, OwnVerdict } from '../ports.ts';
import { aloneIn } from './own-policies-environment.ts';
import type { Ran, Run } from './process.ts';
import { firstOnPath } from './tools-installed.ts';

export interface ConftestOptions {
  readonly run: Run;
  readonly environment: NodeJS.ProcessEnv;
  readonly os: string;
  readonly files: Pick<Files, 'makeTemporary' | 'write' | 'remove'>;
}

const MILLISECONDS = 60_000;

/** Characters of what it says when it fails. */
const MOST_SAID = 4_000;

/** Users' own policies, by an installed conftest: documents as files of a private folder, the answer as JSON. */
export function createConftest({ run, environment, os, files }: ConftestOptions): Conftest {
  return {
    check: async (folder, documents) => {
      const file = firstOnPath(os === 'win32' ? 'conftest.exe' : 'conftest', environment);
      if (file === undefined) {
        throw new EnvironmentError('conftest, which runs your own policies, is not installed: it is not in PATH', {
          hint: 'Install it (https://www.conftest.dev), or leave the folder out of policies.',
        });
      }
      const own = await files.makeTemporary('conftest');
      try {
        await Promise.all(documents.map((text, index) => files.write(join(own, 'documents', `${index}.yaml`), text)));
        const ran = await run({
          file,
          args: [
            ...['test', '--no-fail', '--no-color', '--all-namespaces', '--output', 'json', '--parser', 'yaml'],
            ...['--policy', folder, 'documents'],
          ],
          env: aloneIn(own),
          // Not in the repository: a conftest.toml there would have a say in what is run, and fetch more.
          cwd: own,
          milliseconds: MILLISECONDS,
        });
        return verdict(ran, folder);
      } finally {
        await files.remove(own);
      }
    },
  };
}

function verdict({ ended, code, stdout, stderr }: Ran, folder: string): OwnVerdict {
  const failed = (message: string): OwnVerdict => ({ ok: false, message });
  if (ended === 'timeout') return failed(`took conftest more than ${MILLISECONDS / 1000} s`);
  if (ended !== 'exit') return failed(`can't be run by conftest (${ended})`);
  if (code !== 0) {
    const faults = placedFaults(stderr, folder);
    return {
      ...failed(`can't be run by conftest: ${reason(stderr.replaceAll(join(folder, '/'), ''))}`),
      ...(faults.length > 0 && { faults }),
    };
  }
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder().decode(stdout));
  } catch {
    return failed('gave an answer of conftest that is no JSON');
  }
  return { ok: true, results: Array.isArray(answer) ? answer.flatMap(resultsOf) : [], refused: [] };
}

/** `FOLDER/PATH:LINE: message`, at the start of a line or behind steps; below it may stand the line, which is shown anyhow. */
function placedFaults(stderr: string, folder: string): FolderFault[] {
  const begin = join(folder, '/');
  return stderr
    .slice(0, MOST_SAID)
    .split('\n')
    .flatMap((line) => {
      const at = line.indexOf(begin);
      const found = /^(.+?):([0-9]+): (.+)$/.exec(at === -1 ? '' : line.slice(at + begin.length));
      if (found === null || !/^(?:Error: .*: )?$/.test(line.slice(0, at))) return [];
      const [, path = '', number, message = ''] = found;
      // A file with nothing in it is told of its line 0.
      return [{ path: path.replaceAll('\\', '/'), line: Math.max(Number(number), 1), message: message.slice(0, 500) }];
    });
}

/** Of `Error: running test: load: loading policies: …` what is behind the steps. */
function reason(stderr: string): string {
  const said = stderr.trim().replace(/^Error: (?:(?:running test|load|loading policies|get policies): )*/, '');
  const line = said.slice(0, MOST_SAID).replace(/\s*\n\s*/g, ' ');
  return line === '' ? 'it says nothing' : line.slice(0, 500);
}

/** What is said of one document. */
function resultsOf(answer: unknown): OwnResult[] {
  const { filename, failures, warnings } = mapping(answer);
  const document = Number(/([0-9]+)\.yaml$/.exec(String(filename))?.[1]);
  if (Number.isNaN(document)) return [];
  const of = (list: unknown, severity: 'error' | 'warning'): OwnResult[] =>
    (Array.isArray(list) ? list : []).map((each) => {
      const { msg, metadata } = mapping(each);
      const query = String(mapping(metadata).query ?? '').replace(/^data\./, '');
      return { document, severity, message: String(msg ?? ''), query };
    });
  return [...of(failures, 'error'), ...of(warnings, 'warning')];
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
