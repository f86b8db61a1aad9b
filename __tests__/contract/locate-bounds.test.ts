import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { type Laboratory, laboratory, type Setup } from '../support/origins.ts';
import { repository } from '../support/scenario.ts';

const WAYS = {
  folder: join(repository, '__tests__/fixtures/ways'),
  values: ['values-live.yaml'],
  alias: { store: 'cache' },
};

let open: Laboratory | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function ways(options: Partial<Setup> = {}, helm: 'helm' | 'helm3' = 'helm'): Promise<Laboratory> {
  open = await laboratory({ ...WAYS, ...options }, helm);
  return open;
}

test('what --set and secret values set is not said to come from a file that they overrule', async () => {
  const secret = 'secret-8fz3';
  for (const options of [
    { set: ['plain.replicas=many', 'plain.grace=soon'] },
    { secretValues: `plain: {replicas: many, grace: ${secret}}` },
  ]) {
    const chart = await ways(options);
    const found = await chart.faults(5);
    expect(found.map(({ origin }) => origin)).toEqual([
      { cause: 'unknown', template: { file: 'templates/deployment.yaml', line: 6 } },
      { cause: 'unknown', template: { file: 'templates/deployment.yaml', line: 22 } },
    ]);
    expect(chart.written.length).toBeGreaterThan(10);
    expect(chart.written.filter((text) => text.includes(secret))).toEqual([]);
    expect(chart.left()).toEqual([]);
    await chart.close();
  }
  open = undefined;
});

test('a file below them is found all the same', async () => {
  const chart = await ways({ secretValues: 'plain: {tag: "9"}', set: ['named.probe.path=/x'] }, 'helm3');
  chart.write('values-live.yaml', chart.read('values-live.yaml').replace('replicas: 3', 'replicas: many'));
  const [found] = await chart.faults(5);
  expect(found?.origin).toEqual({
    cause: 'values',
    template: { file: 'templates/deployment.yaml', line: 6 },
    values: { file: 'ways/values-live.yaml', line: 2, column: 13, ofDependency: false },
  });
});

test('a dependency is named as helm names it, with its own defaults', async () => {
  const chart = await ways();
  chart.write('charts/store/values.yaml', chart.read('charts/store/values.yaml').replace('grace: 10', 'grace: soon'));
  const file = 'charts/store/templates/statefulset.yaml';
  chart.write(file, chart.read(file).replace('protocol: TCP', 'protocole: TCP'));
  expect((await chart.faults(5)).map(({ origin }) => origin)).toEqual([
    {
      cause: 'values',
      template: { file: 'charts/cache/templates/statefulset.yaml', line: 17 },
      values: { file: 'charts/cache/values.yaml', line: 5, column: 8, ofDependency: true },
    },
    { cause: 'template', template: { file: 'charts/cache/templates/statefulset.yaml', line: 25 } },
  ]);
});

test('a dependency whose folder has another name than it', async () => {
  const chart = await ways();
  chart.rename('charts/store', 'charts/vendored');
  const file = 'charts/vendored/templates/statefulset.yaml';
  chart.write(file, chart.read(file).replace('protocol: TCP', 'protocole: TCP'));
  chart.write('values-live.yaml', chart.read('values-live.yaml').replace('  replicas: 2', '  replicas: many'));
  const found = (await chart.faults(5)).map(({ told: { file: told, line } }) => [told, line]);
  expect(found).toEqual([
    ['ways/values-live.yaml', 42],
    ['ways/charts/vendored/templates/statefulset.yaml', 25],
  ]);
});

test('an object of a list', async () => {
  const chart = await ways();
  const item = (name: string): string =>
    `- apiVersion: v1\n  kind: Service\n  metadata:\n    name: ${name}\n  spec:\n    typ: a\n    ports:\n      - port: {{ .Values.plain.grace }}\n`;
  chart.write('templates/list.yaml', `apiVersion: v1\nkind: List\nitems:\n${item('a')}${item('b')}`);
  chart.write('values.yaml', chart.read('values.yaml').replace('grace: 30', 'grace: soon'));
  const found = (await chart.faults(10)).map(({ told: { file, line } }) => `${file}:${line}`);
  expect(found.sort()).toEqual([
    'ways/templates/list.yaml:17',
    'ways/templates/list.yaml:9',
    'ways/values.yaml:7',
    'ways/values.yaml:7',
    'ways/values.yaml:7',
  ]);
});

test('when the time is over, what is not known is unknown', async () => {
  const chart = await ways({ secondsALook: 1_000 });
  chart.write('values-live.yaml', chart.read('values-live.yaml').replace('replicas: 3', 'replicas: many'));
  expect((await chart.faults(5)).map(({ origin }) => origin)).toEqual([{ cause: 'unknown' }]);
});

test('marks that would change what is rendered are left out, and of thousands of faults not all are looked at', async () => {
  const chart = await ways();
  // The marks of a partial get into a text that is compared.
  chart.write(
    'templates/_odd.tpl',
    '{{- define "odd" }}\nis: odd\n{{ end }}\n{{- define "fit" }}{{ if eq (include "odd" . | trim) "is: odd" }}TCP{{ else }}{{ fail "marked" }}{{ end }}{{ end }}',
  );
  const service =
    'apiVersion: v1\nkind: Service\nmetadata:\n  name: odd-{{ . }}\nspec:\n  typ: {{ include "fit" $ }}\n  ports:\n{{- range until 200 }}\n    - porte: 1\n{{- end }}';
  chart.write('templates/odd.yaml', `{{- range until 4 }}\n---\n${service}\n{{- end }}\n`);
  const found = (await chart.faults(5_000)).map(({ origin }) => origin);
  expect(found[0]).toEqual({ cause: 'template', template: { file: 'templates/odd.yaml', line: 8 } });
  expect(found[99]).toEqual({ cause: 'template', template: { file: 'templates/odd.yaml', line: 11 } });
  expect(found[100]).toEqual({ cause: 'unknown' });
  expect(found.length).toBeGreaterThan(150);
});

test('a yes that is turned round is turned round for all objects that may have it from there', async () => {
  const chart = await ways();
  const yes = Array.from({ length: 10 }, (_, index) => `  yes${index}: true\n`).join('');
  chart.write('values.yaml', `${chart.read('values.yaml')}\nflags:\n${yes}`);
  const service = (name: string, value: string): string =>
    `---\napiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  ports:\n    - port: 80\n      protocol: ${value}\n`;
  const computed = ['a', 'b', 'c', 'd'].map((name) => service(name, '{{ eq (len .Release.Name) 3 }}'));
  chart.write('templates/flags.yaml', [...computed, service('e', '{{ .Values.flags.yes7 }}')].join(''));
  const found = (await chart.faults(10)).map(({ told: { file, line } }) => `${file}:${line ?? '-'}`);
  expect(found.filter((each) => each.startsWith('ways/templates/flags.yaml'))).toHaveLength(4);
  expect(found.filter((each) => each.startsWith('ways/values.yaml'))).toHaveLength(1);
  // Ten values and what the templates themselves say, each once; four objects that are asked about one by one took 47.
  expect(chart.renders()).toBeLessThan(25);
});

test('one object of a chart that refuses nearly every change is not asked about for long', async () => {
  const chart = await ways();
  const names = Array.from({ length: 64 }, (_, index) => `name${index}`);
  const values = names.map((name) => `  ${name}: seventeen\n`).join('');
  chart.write('values.yaml', `${chart.read('values.yaml')}\nmany:\n${values}`);
  const refuses = `{{- range $key, $value := .Values.many }}{{ if ne $value "seventeen" }}{{ fail $key }}{{ end }}{{ end }}`;
  const service =
    'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  ports:\n    - port: 80\n      protocol: {{ print "seven" "teen" }}\n';
  chart.write('templates/refuses.yaml', `${refuses}\n${service}`);
  const found = await chart.faults(10);
  expect(found).toHaveLength(1);
  // 65 without a bound.
  expect(chart.renders()).toBeLessThan(40);
  expect(chart.renders()).toBeGreaterThan(10);
});
