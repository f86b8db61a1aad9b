// A program of its own, bundled as dist/ is: downloads a tool and prints where it is.
//
//   node download-tool.js MIRROR OS ARCHITECTURE WISH
import { createRunner } from '../../src/adapters/process.ts';
import { createTools } from '../../src/adapters/tools.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';

const [mirror = '', os = '', architecture = '', oras = ''] = process.argv.slice(2);
const cancel = new AbortController().signal;
const { run } = createRunner(DEFAULT_LIMITS, cancel, process.env, 2);
const tools = createTools({
  wishes: { oras },
  mirror,
  run,
  environment: process.env,
  platform: { os: os as NodeJS.Platform, architecture },
  note: (text) => process.stderr.write(`${text}\n`),
  limits: DEFAULT_LIMITS,
  cancel,
});
void tools.oras().then((tool) => process.stdout.write(JSON.stringify(tool)));
