import { describe, expect, test } from '@jest/globals';
import { codeFrame } from '../../src/domain/code-frame.ts';
import { mayBeSecret, mayNameSecret } from '../../src/domain/secret-lines.ts';
import { annotationsOf } from '../../src/report/annotations.ts';
import { cleaned } from '../../src/report/cleaned.ts';
import { frameLines } from '../../src/report/frame-lines.ts';
import { jsonText } from '../../src/report/json.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { summaryText } from '../../src/report/summary.ts';
import { terminalText } from '../../src/report/terminal-text.ts';
import { HOSTILE, reportOf, SAMPLES } from '../support/sample-report.ts';

const asIs = (text: string): string => text;

function frame(text: string, line: number, column?: number): string[] | undefined {
  const found = codeFrame(text, line, column);
  return found && frameLines(found, asIs, asIs);
}

const VALUES = 'image: demo\nreplicas: "3"\nservice:\n\tport: 80\n';

describe('a frame', () => {
  test('is the line with the one before and the one after, and a caret', () => {
    expect(frame(VALUES, 2, 11)).toEqual([
      '  1 │ image: demo',
      '> 2 │ replicas: "3"',
      '    │           ^',
      '  3 │ service:',
    ]);
  });

  test('has no caret where no column is known, or there is none in that line', () => {
    const expected = ['  1 │ image: demo', '> 2 │ replicas: "3"', '  3 │ service:'];
    expect(frame(VALUES, 2)).toEqual(expected);
    expect(frame(VALUES, 2, 99)).toEqual(expected);
  });

  test('at the ends of a file, with tabs, and with numbers of different length', () => {
    expect(frame(VALUES, 1, 1)).toEqual(['> 1 │ image: demo', '    │ ^', '  2 │ replicas: "3"']);
    expect(frame(VALUES, 4, 8)).toEqual(['  3 │ service:', '> 4 │     port: 80', '    │           ^']);
    expect(frame(`${'a: 1\n'.repeat(9)}b: 2`, 10, 1)).toEqual(['   9 │ a: 1', '> 10 │ b: 2', '     │ ^']);
    expect(frame('a: 1\r\nb: 2\r\nc: 3', 2)).toEqual(['  1 │ a: 1', '> 2 │ b: 2', '  3 │ c: 3']);
  });

  test('of a line that is not there, or is empty, is none', () => {
    expect(frame(VALUES, 9)).toBeUndefined();
    expect(frame('a: 1\n\nb: 2\n', 2)).toBeUndefined();
  });

  test('of a long line shows what is around the place, of one without measure nothing', () => {
    const long = `${'x'.repeat(5_000)}HERE${'y'.repeat(5_000)}`;
    const [line = '', caret = ''] = frame(`${long}\nshort`, 1, 5_001) ?? [];
    expect(line.length).toBeLessThan(140);
    expect(line.slice(caret.indexOf('^'), caret.indexOf('^') + 4)).toBe('HERE');
    expect(frame(long, 1, 1)?.[0]).toMatch(/^> 1 │ x{100,}…$/);
    expect(frame(long.repeat(100), 1, 1)).toBeUndefined();
  });
});

describe('what may be a secret', () => {
  test.each([
    [['kind: Secret', 'stringdata:', '  a: b'], 2],
    [['kind: Secret', 'datas:', '  a: b'], 2],
    [['kind: Secret', 'stringData: text'], 1],
    [['kind: Secret', 'stringData:', '  metadata: text'], 2],
    [['kind: !!str Secret', 'StringData:', '  a: b'], 2],
    [['"kind": "secret"', 'more:', '  # b'], 2],
    [['{ kind: Secret, metadata: { name: a }, datas: { a: b } }'], 0],
    [['headers:', '  authorization: "abc"'], 1],
    [['headers:', '  - Bearer abcdefgh12'], 1],
  ])('%j has one', (lines, index) => {
    expect(mayBeSecret(lines, index)).toBe(true);
  });

  test.each([
    [['kind: Secret', 'metadata:', '  labels:', '    a: b', 'datas:', '  c: d'], 3],
    [['{{- if .Values.a }}', 'kind: Secret', 'type: Opaque'], 0],
    [['kind: Secret', 'type: Opaque', 'datas: x'], 1],
    [['kind: Secret', 'stringdata:', '  a: b'], 1],
    [['kind: HelmRelease', 'spec:', '  valuesFrom:', '    - kind: Secret', '      name: a'], 4],
    [['kind: SecretStore', 'spec:', '  provider: b'], 2],
  ])('%j has none', (lines, index) => {
    expect(mayBeSecret(lines, index)).toBe(false);
  });

  test.each([
    ...[
      'password',
      'postgresPassword',
      'POSTGRES_PASSWORD',
      'rootPass',
      'token',
      'authToken',
      'clientSecret',
      'secretKey',
    ],
    ...[
      'apiKey',
      'api_key',
      'OPENAI_API_KEY',
      'accessKey',
      'secretAccessKey',
      'tls.key',
      'private-key',
      'credentials',
      'dsn',
    ],
    ...['connectionString', '.dockerconfigjson', 'webhookSecret', 'passphrase', 'AWS_SESSION_TOKEN', 'redis-password'],
  ])('%s', (key) => {
    expect(mayNameSecret(key)).toBe(true);
  });

  test.each([
    ...['existingSecret', 'secretName', 'passwordSecretRef', 'imagePullSecrets', 'automountServiceAccountToken', 'key'],
    ...['passwordKey', 'tokenPath', 'secretKeyRef', 'replicas', 'keyspace', 'passthrough', 'tokenEnabled', 'author'],
  ])('and not %s', (key) => {
    expect(mayNameSecret(key)).toBe(false);
  });

  const SECRETS = `replicas: 1
auth:
  user: ci
  password: hunter2
tokens:
- abc
- def
config:
  nested: { password: hunter2 }
  "apiKey": "abc"
env:
  - name: DB_PASSWORD
    value: hunter2
  - name: LEVEL
    value: debug
  - value: hunter2
    name: API_TOKEN
privateKey: |
  MIIE
  MIIF

  MIIG
url: postgres://ci:hunter2@db/x
plain: http://db:80/x
other: ghp_0123456789abcdef
args: [--password=hunter2]
last: 1
`.split('\n');
  const hidden = ['hunter2', 'abc', 'def', 'MII', 'ghp_'];

  test('is hidden with what stands under it, beside it, or looks like it', () => {
    const shown = SECRETS.filter((_, index) => !mayBeSecret(SECRETS, index)).join('\n');
    for (const text of hidden) expect(shown).not.toContain(text);
    for (const text of ['replicas: 1', 'value: debug', 'plain: http', 'last: 1', 'config:', 'name: LEVEL'])
      expect(shown).toContain(text);
  });

  test('in a template of a Secret is all of its data, and of a ConfigMap none', () => {
    const of = (kind: string): string[] =>
      `---\napiVersion: v1\nkind: ${kind}\nmetadata:\n  name: a\ndata:\n  {{- range .Values.x }}\n  a: Yg==\n  {{- end }}\n`.split(
        '\n',
      );
    expect(mayBeSecret(of('Secret'), 7)).toBe(true);
    expect(mayBeSecret(of('Secret'), 4)).toBe(false);
    expect(mayBeSecret(of('ConfigMap'), 7)).toBe(false);
    expect(mayBeSecret(['kind: Secret', 'stringData:', '  a: b'], 2)).toBe(true);
    expect(mayBeSecret(['kind: List', 'items:', '  - kind: secret', '    stringData: ab'], 3)).toBe(true);
  });

  test('is never in a frame', () => {
    const text = 'user: ci\npassword: hunter2\nreplicas: "3"\n';
    expect(frame(text, 2, 11)).toBeUndefined();
    expect(frame(text, 3, 11)).toEqual([
      '  2 │ (not shown: it may hold a secret)',
      '> 3 │ replicas: "3"',
      '    │           ^',
    ]);
  });

  test('is looked for in linear time', () => {
    const started = performance.now();
    const deep = Array.from({ length: 20_000 }, (_, index) => `${' '.repeat(index % 500)}a: ${index}`);
    codeFrame(deep.join('\n'), 19_999, 1);
    codeFrame(`${'a '.repeat(500_000)}\n${'- '.repeat(500_000)}\n${'x:'.repeat(500_000)}`, 2, 1);
    codeFrame(`${' '.repeat(1_000_000)}x: 1`, 1, 1_000_001);
    codeFrame(`://${'a:'.repeat(500_000)}`, 1, 1);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('in the faces', () => {
  const finding = { ...SAMPLES.findings.findings[0], frame: codeFrame(VALUES, 2, 11) };
  const report = reportOf({ status: 'failed', findings: [finding] as never });

  test('the terminal and the summary show it, report.json does not', () => {
    expect(terminalText(report, undefined, PLAIN)).toContain(
      'error: replicas: got string, want integer\n  1 │ image: demo\n> 2 │ replicas: "3"\n    │           ^\n  3 │ service:\n  validate/values-schema',
    );
    expect(summaryText(report)).toContain('\n\n  ```text\n    1 │ image: demo\n  > 2 │ replicas: "3"\n');
    expect(jsonText(report)).not.toContain('frame');
    expect(annotationsOf(report)[0]?.message).not.toContain('│');
  });

  test('a secret of the run is taken out of it, and then its caret, too', () => {
    const clean = cleaned(report, (text) => text.replaceAll('"3"', '***'));
    const lines = frameLines(clean.findings[0]?.frame as never, asIs, asIs);
    expect(lines).toEqual(['  1 │ image: demo', '> 2 │ replicas: ***', '  3 │ service:']);
  });

  test('nothing in it steers a terminal or ends the block', () => {
    for (const text of HOSTILE) {
      const hostile = { ...finding, frame: codeFrame(`a: 1\n${text.replaceAll('\n', ' ')}\nb: 2`, 2, 1) };
      const shown = cleaned(reportOf({ findings: [hostile] as never }), asIs);
      const terminal = terminalText(shown, undefined, PLAIN);
      expect(terminal).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\ufeff]/);
      const lines = terminal.split('\n');
      expect(lines.findIndex((line) => line.startsWith('>'))).toBeLessThan(6);
      const fences = summaryText(shown).match(/^ {2}`{3,}(?:text)?$/gm) ?? [];
      expect(fences).toHaveLength(2);
      expect(fences[0]).toBe(`${fences[1]}text`);
    }
  });
});
