import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

const CONFIG_MAP =
  'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  greeting: {{ .Values.greeting | quote }}\n';

async function told(helm: 'helm' | 'helm3' = 'helm') {
  const { report, stderr } = await command(space, ['demo', '--until', 'validate'], { helm });
  if (report === undefined) throw new Error(stderr);
  return report.findings
    .map(({ rule, file, line, column, message, hint }) => [rule, `${file}:${line}:${column}`, message, hint])
    .sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

const why = (written: string, read: boolean): string =>
  `helm takes the key ${written} for the boolean ${read}, as YAML 1.1 has it, and knows it as ${read}`;
const quote = (written: string): string => `Write it in quotes: "${written}".`;

test.each(['helm', 'helm3'] as const)('keys that are booleans to %s are told where they are', async (helm) => {
  space.chart('demo', {
    'values.yaml': 'greeting: hello\nmap: { "on": 1, true: 2 }\n',
    'values-prod.yaml': 'y: 2\nmap:\n  inner:\n    - Off: 1\n<<: { no: 1 }\n',
    'templates/configmap.yaml': `${CONFIG_MAP}  y: {{ .Values.y | quote }}\n  map: {{ toYaml .Values.map | quote }}\n`,
  });
  expect(await told(helm)).toEqual(
    [
      ['4:7', 'map.inner[0].Off', 'Off', false] as const,
      ['1:1', 'y', 'y', true] as const,
      ['5:7', 'no', 'no', false] as const,
    ]
      .map(([place, name, written, read]) => [
        'validate/boolean-key',
        `demo/values-prod.yaml:${place}`,
        `${name}: ${why(written, read)}`,
        quote(written),
      ])
      .sort((a, b) => (String(a) < String(b) ? -1 : 1)),
  );
});

test('a schema that refuses such a key, and one that misses it', async () => {
  space.chart('demo', {
    'values-prod.yaml': 'on: 1\nmap:\n  y: 2\n',
    'values.schema.json': JSON.stringify({
      additionalProperties: false,
      properties: { greeting: {}, map: { required: ['y', 'n', 'z'], properties: { y: {}, z: {}, true: {} } } },
    }),
  });
  expect(await told()).toEqual([
    [
      'validate/values-schema',
      'demo/values-prod.yaml:1:1',
      `on: additional properties 'true' not allowed; ${why('on', true)}`,
      quote('on'),
    ],
    [
      'validate/values-schema',
      'demo/values-prod.yaml:3:3',
      `map.y: missing property 'y'; ${why('y', true)}`,
      quote('y'),
    ],
    ['validate/values-schema', 'demo/values-prod.yaml:3:3', "map: missing properties 'n', 'z'", undefined],
  ]);
});

test('a merged key that the schema refuses is told where it is', async () => {
  space.chart('demo', {
    'values.yaml': 'greeting: hello\n',
    'values-prod.yaml': '<<: { greeting: hi, q: 1 }\n',
    'values.schema.json': '{"additionalProperties": false, "properties": {"greeting": {}}}',
  });
  expect(await told()).toEqual([
    [
      'validate/values-schema',
      'demo/values-prod.yaml:1:21',
      "q: additional properties 'q' not allowed",
      'Take it out; if something beside the templates reads it, name it in values.schema.json.',
    ],
  ]);
});

test('a field of a template that is a boolean is told at its line, as it is written', async () => {
  space.chart('demo', {
    'templates/service.yaml':
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  n: "x"\n  clusterIP: None\n  ports:\n    - port: 80\n      y: {{ .Values.greeting }}\n',
  });
  const found = (await told()).filter(([rule]) => rule === 'schema/unknown-field');
  expect(found).toEqual([
    [
      'schema/unknown-field',
      'demo/templates/service.yaml:10:undefined',
      'spec.ports[0].true: unknown field "true"',
      `y is written, which YAML takes for the boolean true. ${quote('y')}`,
    ],
    [
      'schema/unknown-field',
      'demo/templates/service.yaml:6:undefined',
      'spec.false: unknown field "false"',
      `n is written, which YAML takes for the boolean false. ${quote('n')}`,
    ],
  ]);
});
