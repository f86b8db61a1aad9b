import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createFiles } from '../../src/adapters/files.ts';
import { createHelm } from '../../src/adapters/helm.ts';
import type { Environment } from '../../src/domain/environment.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import { readSource } from '../../src/domain/source.ts';
import { withoutEffect } from '../../src/stages/unused-values/effect.ts';
import { testRun, tool } from '../support/registry.ts';
import { stagedChart } from '../support/staged-chart.ts';

const root = mkdtempSync(join(tmpdir(), 'chartship-effect-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const FILES: Record<string, string> = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
  'chart/values.yaml': 'used: 1\nunused: 2\nmapping: {used: 1, unused: 2}\nlist: [{used: 1, unused: 2}]\nneeded: x\n',
  'chart/values-dev.yaml': 'dev: 1\nlist: [{used: 1, unused: 2, extra: 3}]\n',
  'chart/templates/a.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: "{{ .Values.used }}{{ .Values.mapping.used }}{{ (first .Values.list).used }}{{ required "no" .Values.needed }}"\n',
  'chart/templates/random.yaml':
    'apiVersion: v1\nkind: Secret\nmetadata:\n  name: r\nstringData:\n  r: "{{ randAlphaNum 20 }}"\n',
};

test.each(['helm', 'helm3'] as const)(
  'keys without which something else is rendered are left out, by %s',
  async (program) => {
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(root, program, path)), { recursive: true });
      writeFileSync(join(root, program, path), text);
    }
    const folder = join(root, program, 'chart');
    const files = await createFiles({ root: join(root, program), temporaryBase: join(root, `${program}-temporary`) });
    let renders = 0;
    const real = createHelm({
      tool: async () => ({ path: tool(program), version: program === 'helm' ? '4.3.1' : '3.22.0' }),
      run: testRun(),
      temporary: files.temporary,
      limits: DEFAULT_LIMITS,
      credentials: { registryConfig: async () => undefined, basic: () => undefined },
      plainHttp: false,
      caFile: undefined,
      note: () => {},
    });
    const helm: typeof real = {
      ...real,
      template: (call) => {
        renders += 1;
        return real.template(call);
      },
    };
    const layer = (file: string): Environment['layers'][number] => {
      const read = readSource(new TextEncoder().encode(FILES[`chart/${file}`]));
      return { kind: 'file', shown: file, source: read.ok ? read.source : undefined };
    };
    const environment = (name: string, values: readonly string[]): Environment => ({
      name,
      namespace: name,
      release: 'rel',
      values: values.map((file) => ({ named: file, path: join(folder, file), shown: file, inChart: file })),
      set: [],
      kubeVersions: [{ label: '1.35', full: '1.35.3' }],
      timeout: 300,
      requiredValues: [],
      layers: ['values.yaml', ...values].map(layer),
    });
    const chart = {
      staged: stagedChart(folder),
      environments: [environment('dev', ['values-dev.yaml']), environment('prod', [])],
      isComplete: true,
      secretValues: undefined,
    };
    const key = (file: string, ...path: (string | number)[]) => ({ file, path });
    const unused = [
      key('values.yaml', 'unused'),
      key('values.yaml', 'mapping', 'unused'),
      key('values.yaml', 'list', 0, 'unused'),
      key('values-dev.yaml', 'list', 0, 'extra'),
      key('values-dev.yaml', 'dev'),
    ];
    const used = [
      key('values.yaml', 'used'),
      key('values.yaml', 'mapping', 'used'),
      key('values-dev.yaml', 'list', 0, 'used'),
      // Without it nothing is rendered.
      key('values.yaml', 'needed'),
    ];
    expect(await withoutEffect(unused, chart, { helm, files })).toEqual(unused);
    // Two of the same, and one without all of the keys, in each environment.
    expect(renders).toBe(6);
    expect(await withoutEffect([], chart, { helm, files })).toEqual([]);
    expect(renders).toBe(6);
    for (const each of used) expect(await withoutEffect([each], chart, { helm, files })).toEqual([]);
    expect(await withoutEffect([...unused, ...used].slice(2, 7), chart, { helm, files })).toEqual(unused.slice(2));
    // What one environment renders is enough; what none does says nothing.
    const failing = { ...environment('failing', []), set: ['needed='] };
    const some = { ...chart, environments: [failing, ...chart.environments] };
    expect(await withoutEffect(unused, some, { helm, files })).toEqual(unused);
    expect(await withoutEffect(unused, { ...chart, environments: [failing] }, { helm, files })).toEqual([]);
    // With too many to try each alone, none is told that may have an effect.
    renders = 0;
    const many = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? used[0] : unused[0])).flatMap(
      (each) => each ?? [],
    );
    expect(await withoutEffect(many, chart, { helm, files })).not.toContain(used[0]);
    expect(renders).toBeLessThan(30);
    expect(readdirSync(files.temporary).filter((name) => name.startsWith('unused-values'))).toEqual([]);
  },
  60_000,
);
