import { describe, expect, test } from '@jest/globals';
import { notes } from './rendering.ts';

describe('NOTES.txt', () => {
  test('say what was installed, how to reach, watch and test it, and what is risky', async () => {
    const said = await notes({ environment: 'dev' });
    expect(said).toContain('installed as agent-dev in home, for dev');
    expect(said).toContain('kubectl logs -n home -l app=task-api,job=migration --tail=100');
    expect(said).toContain('helm test agent-dev -n home --logs');
    expect(said).toContain('kubectl port-forward -n home service/agent-dev 8000');
    expect(said).toMatch(/There is one agent: .*\n {2}- backup\.enabled is false/);
    expect(said).not.toContain('networkPolicy');
  });

  test('of values without risk name none', async () => {
    const said = await notes({ environment: 'prod', values: { backup: { enabled: true, existingClaim: 'c' } } });
    expect(said).not.toContain('Take care');
    expect(said).toContain('kubectl create job -n home --from=cronjob/agent-prod-restore restore-now');
  });

  test('name each risk', async () => {
    const values = {
      agent: { service: { type: 'LoadBalancer' }, preStopSeconds: 0 },
      migration: { enabled: false },
      secret: { keep: false },
      postgresql: { primary: { persistence: { enabled: false } } },
      redis: { auth: { enabled: false } },
      ingress: { enabled: true, hosts: [{ host: 'agent.example.test' }] },
      networkPolicy: { enabled: true },
    };
    const said = await notes({ values });
    expect(said).toContain('http://agent.example.test/');
    expect(said.slice(said.indexOf('Take care')).match(/^ {2}- /gm)).toHaveLength(10);
  });
});
