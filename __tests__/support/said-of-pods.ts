import { serverFaults } from '../../src/domain/server-rules.ts';

type Data = Record<string, unknown>;

const WITHIN = 'spec.template.spec';

/** What is said of pods with such a spec, of a Deployment where nothing else is named: `rule path`. */
export function saidOfPods(spec: unknown, id = 'apps/v1 Deployment', minor = '1.35'): string[] {
  const [apiVersion = '', kind = ''] = id.split(' ');
  const name = { apiVersion, kind };
  const pods = { template: { spec } };
  const own = kind === 'Pod' ? spec : kind === 'CronJob' ? { jobTemplate: { spec: pods } } : pods;
  return serverFaults({ ...name, spec: own }, name, minor).map(({ rule, severity, path }) => {
    const steps = path.join('.');
    const within = steps.startsWith(`${WITHIN}.`) ? steps.slice(WITHIN.length + 1) : steps;
    return `${severity === 'error' ? '' : `${severity} `}${rule.slice('schema/'.length)} ${within}`;
  });
}

/** What is said of a container that has something more; its volumes are `data` and `claim`. */
export function saidOfContainer(more: Data, minor = '1.35', kind = 'containers'): string[] {
  const spec = {
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'claim', persistentVolumeClaim: { claimName: 'a' } },
    ],
    containers: [{ name: 'main', image: 'i' }],
    [kind]: [{ name: 'one', image: 'i', ...more }],
  };
  return saidOfPods(spec, 'apps/v1 Deployment', minor).map((each) =>
    each.replace(`${kind}.0.`, '').replace(`${kind}.0`, ''),
  );
}
