import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

async function told(helm: 'helm' | 'helm3') {
  const { report, stderr } = await command(space, ['demo', '--until', 'validate'], { helm });
  if (report === undefined) throw new Error(stderr);
  return report.findings
    .filter(({ rule }) => rule === 'validate/values-schema')
    .map(({ file, line, column, message, environments }) => `${file}:${line}:${column} ${message} (${environments})`)
    .sort();
}

test.each(['helm', 'helm3'] as const)(
  'a value that is asked for and left empty is told where it is, by %s',
  async (helm) => {
    space.chart('demo', {
      'values.yaml': 'greeting: hello\nmode:\nstore:\n  size: 1\n',
      'values-dev.yaml': 'mode: fast\nstore:\n  size: null\n',
      'values-prod.yaml': 'mode: slow\n',
      'values.schema.json': JSON.stringify({
        required: ['mode'],
        properties: { mode: { type: 'string' }, store: { required: ['size', 'kind'] } },
      }),
    });
    const empty = 'it is empty here, which is the same to helm';
    expect(await told(helm)).toEqual([
      "demo/values-dev.yaml:3:3 store: missing property 'kind' (dev)",
      `demo/values-dev.yaml:3:3 store: missing property 'size'; ${empty} (dev)`,
      "demo/values.yaml:4:3 store: missing property 'kind' (prod)",
    ]);
    space.write('demo/values-prod.yaml', 'store: { kind: a }\n');
    space.write('demo/values-dev.yaml', 'mode: fast\nstore: { kind: a }\n');
    const [only, ...others] = await told(helm);
    expect(others).toEqual([]);
    // Helm 3 knows it as null, and Helm 4 doesn't know it any more.
    expect(only).toMatch(
      /^demo\/values\.yaml:2:(?:1|6) (?:the values: missing property 'mode'; it is empty here|mode: got null, want string)/,
    );
  },
);
