import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { type Ran, ran } from '../support/cluster.ts';
import { pinned, type Workspace, workspace } from '../support/scenario.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');

/** `LEVEL` is in the template, and again where values are added. */
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web:1
          env:
            - { name: LEVEL, value: info }
            - { name: OTHER, value: {{ .Values.other | quote }} }
            - { name: LEVEL, value: {{ .Values.level }} }
`;

/** What schema/duplicate-entry says of Helm 3 and Helm 4 (docs/decisions/0008-kubernetes-schemas.md). */
(whyNot() === undefined ? describe : describe.skip)('a variable that is there twice', () => {
  let server: ApiServer;
  let space: Workspace;

  beforeAll(async () => {
    server = await startApiServer();
    space = workspace();
    space.chart('web', {
      'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'templates/configmap.yaml': undefined,
      'templates/web.yaml': DEPLOYMENT,
      'values.yaml': 'level: warn\nother: a\n',
    });
  }, 600_000);
  afterAll(async () => {
    space?.remove();
    await server?.down();
  }, 60_000);

  const helm = (name: 'helm' | 'helm3', ...args: string[]): Promise<Ran> =>
    // A release of its own for each: a failed one is there, too.
    ran(pinned(name), [...args, name, `${space.root}/web`], {
      PATH: process.env.PATH,
      HOME: space.root,
      KUBECONFIG: server.kubeconfig,
    });
  const variables = async (): Promise<string[]> => {
    const { text } = await server.call('GET', '/apis/apps/v1/namespaces/default/deployments/web');
    const { env } = JSON.parse(text).spec.template.spec.containers[0];
    return env.map(({ name, value }: { name: string; value: string }) => `${name}=${value}`);
  };

  test('is refused for Helm 4', async () => {
    const { code, stderr } = await helm('helm', 'install');
    expect([code, stderr]).toEqual([1, expect.stringContaining('env: duplicate entries for key [name="LEVEL"]')]);
  });

  test('is taken from Helm 3, whose upgrade changes the one that does not count, and whose next one fails', async () => {
    expect((await helm('helm3', 'install')).code).toBe(0);
    expect(await variables()).toEqual(['LEVEL=info', 'OTHER=a', 'LEVEL=warn']);
    expect((await helm('helm3', 'upgrade', '--set', 'level=debug')).code).toBe(0);
    // Of two a container gets the last.
    expect((await variables()).filter((each) => each.startsWith('LEVEL'))).toEqual(['LEVEL=debug', 'LEVEL=warn']);
    const next = await helm('helm3', 'upgrade', '--set', 'level=debug,other=b');
    expect([next.code, next.stderr]).toEqual([1, expect.stringContaining('The order in patch list')]);
  });
});
