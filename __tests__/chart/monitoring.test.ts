import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository } from '../support/scenario.ts';
import { all, type Foreign, one, render } from './rendering.ts';

describe('monitoring', () => {
  const metrics = {
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' }, interval: '15s' },
    prometheusRule: {
      enabled: true,
      labels: { release: 'prometheus' },
      runbookUrl: 'https://docs.example.test/runbooks/',
    },
    dashboard: { enabled: true },
  };
  const everything = { metrics, backup: { enabled: true, existingClaim: 'c' } };
  const rules = (objects: Awaited<ReturnType<typeof render>>) =>
    one(objects, 'PrometheusRule').spec.groups[0].rules as Foreign[];

  test('is rendered only where asked for', async () => {
    for (const kind of ['ServiceMonitor', 'PrometheusRule'])
      expect(all(await render({ environment: 'prod' }), kind)).toEqual([]);
    expect(all(await render({ environment: 'prod' }), 'ConfigMap', /dashboard/)).toEqual([]);
  });

  test("the ServiceMonitor finds the agent's Service and its port", async () => {
    const objects = await render({ values: everything });
    const { metadata, spec } = one(objects, 'ServiceMonitor');
    expect(metadata.labels.release).toBe('prometheus');
    const found = all(objects, 'Service').filter(({ metadata }) =>
      Object.entries(spec.selector.matchLabels).every(([key, value]) => metadata.labels[key] === value),
    );
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['agent-dev']);
    expect(spec.endpoints).toEqual([{ port: 'http', path: '/metrics', interval: '15s', scrapeTimeout: '10s' }]);
  });

  test('every alert has a runbook, and every runbook an alert', async () => {
    const pages = readdirSync(join(repository, 'chart/docs/runbooks')).map((name) => name.replace(/\.md$/, ''));
    const alerts = rules(await render({ environment: 'prod', values: everything }));
    expect(alerts.map(({ alert }) => alert).sort()).toEqual(pages.sort());
    for (const { alert, annotations, labels } of alerts) {
      expect(annotations.runbook_url).toBe(`https://docs.example.test/runbooks/${alert}.md`);
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(readFileSync(join(repository, `chart/docs/runbooks/${alert}.md`), 'utf8')).toMatch(
        new RegExp(`^# ${alert}\n\n[\\s\\S]+\n## Look\n[\\s\\S]+\n## Do\n`),
      );
    }
  });

  test('alerts carry the labels of the organization, under names that Prometheus has, each once', async () => {
    const organizationLabels = { 'cost-centre': '7', cost_centre: '8', severity: 'none', '1st': 'x' };
    const [alert] = rules(await render({ values: { ...everything, organizationLabels } }));
    expect(alert.labels).toEqual({
      severity: 'critical',
      team: 'ai-platform',
      environment: 'production',
      cost_centre: '8',
      _1st: 'x',
    });
  });

  test('alerts count restarts and hours', async () => {
    const found = rules(
      await render({ values: { ...everything, backup: { ...everything.backup, alertAfterHours: 30 } } }),
    );
    const expression = (name: string): string => found.find(({ alert }) => alert === name).expr;
    expect(expression('TaskApiRestarting')).toMatch(
      /^increase\(kube_pod_container_status_restarts_total\{.*\[15m\]\) > 2$/,
    );
    expect(expression('TaskApiBackupMissing')).toMatch(/> 108000$/);
  });

  test('alerts are about this release alone, and about what it has', async () => {
    const objects = await render({ environment: 'prod', release: 'r', values: everything });
    for (const { expr } of rules(objects)) {
      const selectors = expr.match(/\{[^}]*\}/g) ?? [];
      expect(selectors.length).toBeGreaterThan(0);
      for (const selector of selectors)
        expect(selector).toMatch(/^\{namespace="home",\w+=~?"(?:\(redis-\)\?data-\()?(?:r|agent)\b/);
    }
    const outside = {
      metrics,
      postgresql: { enabled: false, auth: { password: 'x' } },
      externalPostgresql: { host: 'db' },
      redis: { enabled: false, auth: { password: 'x' } },
      externalRedis: { host: 'cache' },
      migration: { enabled: false },
    };
    const names = rules(await render({ values: outside })).map(({ alert }) => alert);
    for (const alert of ['StoreDown', 'VolumeFull', 'ReplicaBehind', 'BackupMissing', 'MigrationFailed']) {
      expect(names).not.toContain(`TaskApi${alert}`);
    }
  });

  test('their regular expressions match the objects of the release', async () => {
    const objects = await render({ environment: 'prod', values: everything });
    const expr = (alert: string): string => rules(objects).find((rule) => rule.alert === alert)?.expr;
    const sets = new RegExp(`^(?:${/statefulset=~"([^"]+)"/.exec(expr('TaskApiStoreDown'))?.[1]})$`);
    expect(all(objects, 'StatefulSet').filter(({ metadata }) => !sets.test(metadata.name))).toEqual([]);
    const jobs = new RegExp(`^(?:${/job_name=~"([^"]+)"/.exec(expr('TaskApiMigrationFailed'))?.[1]})$`);
    for (const upgrade of [false, true]) {
      expect(one(await render({ environment: 'prod', upgrade }), 'Job').metadata.name).toMatch(jobs);
    }
    expect(expr('TaskApiBackupMissing')).toContain(`cronjob="${one(objects, 'CronJob', /-backup$/).metadata.name}"`);
  });

  test('each release has a dashboard of its own, found by its label', async () => {
    const dashboard = async (release: string) => {
      const { metadata, data } = one(await render({ release, values: everything }), 'ConfigMap', /-dashboard$/);
      expect(metadata.labels.grafana_dashboard).toBe('1');
      const [file] = Object.keys(data);
      expect(file).toBe(`home-${release}.json`);
      return JSON.parse(data[file ?? '']);
    };
    const [one_, other] = [await dashboard('one'), await dashboard('other')];
    expect(one_.uid).toMatch(/^[0-9a-f]{16}$/);
    expect(one_.uid).not.toBe(other.uid);
    expect(JSON.stringify(one_)).not.toMatch(/NAMESPACE|RELEASE/);
    expect(JSON.stringify(one_)).toContain('namespace=\\"home\\",service=\\"one\\"');
  });
});
