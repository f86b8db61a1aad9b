import { describe, expect, test } from '@jest/globals';
import { kubeconform } from '../support/kubeconform.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';

const minors = kubernetesSchemas().minors;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  creationTimestamp: null
  annotations:
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 25% } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web:1
          ports: [{ containerPort: 8080, protocol: TCP }]
          resources: { requests: { cpu: 0.5, memory: 64Mi }, limits: { memory: "1e8" } }
          livenessProbe: { httpGet: { path: /, port: http } }
`;

/** The document with one of its places changed; the place must be there. */
function deployment(from: string, to: string): string {
  if (!DEPLOYMENT.includes(from)) throw new Error(`No ${from}`);
  return DEPLOYMENT.replace(from, to);
}

async function verdict(manifest: string, minor = '1.35'): Promise<{ status: string; message: string }> {
  const { resources } = await kubeconform(manifest, minor);
  expect(resources).toHaveLength(1);
  const [{ status, msg } = { status: '', msg: '' }] = resources;
  return { status, message: msg };
}

test.each(minors)('a good Deployment passes (%s)', async (minor) => {
  expect(await verdict(DEPLOYMENT, minor)).toEqual({ status: 'statusValid', message: '' });
});

describe('what a strict API server refuses', () => {
  test.each([
    ['an unknown field', 'replicas: 2', 'replicass: 2', 'replicass'],
    ['an unknown field, deep', 'protocol: TCP', 'portocol: TCP', 'portocol'],
    ['a wrong type', 'replicas: 2', 'replicas: two', 'want integer'],
    ['a text where a number belongs', 'containerPort: 8080', 'containerPort: "8080"', 'want integer'],
    ['a number too big', 'containerPort: 8080', 'containerPort: 8080000000', 'maximum'],
    ['a missing field that is required', 'containerPort: 8080, ', '', 'containerPort'],
    ['a required field that is null', 'containerPort: 8080', 'containerPort: null', 'want integer'],
    ['a value that is none of an enum', 'type: RollingUpdate', 'type: Rolling', 'value must be one of'],
    ['a bad quantity', 'memory: 64Mi', 'memory: 64MB', 'pattern'],
    ['neither a number nor a text', 'maxSurge: 1', 'maxSurge: 1.5', 'maxSurge'],
    ['a label that is no text', 'labels: { app: web }', 'labels: { app: 1 }', 'want string'],
  ])('%s', async (_what, from, to, message) => {
    const found = await verdict(deployment(from, to));
    expect(found.status).toBe('statusInvalid');
    expect(found.message).toContain(message);
  });

  test('a key twice', async () => {
    const found = await verdict(deployment('replicas: 2', 'replicas: 2\n  replicas: 3'));
    expect(found.status).toBe('statusError');
    expect(found.message).toContain('already set in map');
  });

  test('an API version that is gone, and one that is not there yet', async () => {
    const servicecidr = (version: string): string =>
      `apiVersion: networking.k8s.io/${version}\nkind: ServiceCIDR\nmetadata: { name: a }\nspec: { cidrs: [10.0.0.0/8] }\n`;
    expect((await verdict(servicecidr('v1beta1'), '1.36')).status).toBe('statusValid');
    expect((await verdict(servicecidr('v1beta1'), '1.37')).status).toBe('statusError');
    expect((await verdict(servicecidr('v1'), '1.32')).status).toBe('statusError');
    expect((await verdict(servicecidr('v1'), '1.33')).status).toBe('statusValid');
  });
});

test('a schema that holds itself, and free-form fields', async () => {
  const crd = (extra: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.example.com }
spec:
  group: example.com
  names: { plural: things, kind: Thing }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, default: { a: [1] }${extra} } } } }
`;
  expect(await verdict(crd(''))).toEqual({ status: 'statusValid', message: '' });
  expect((await verdict(crd(', minLenght: 1'))).status).toBe('statusInvalid');
});

test('several documents, each with its verdict', async () => {
  const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: b }\n';
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\ndata: { a: "%" }\n';
  const { resources, summary } = await kubeconform([map, secret, map].join('---\n'), '1.35');
  expect(resources.map(({ kind, status }) => [kind, status])).toEqual([
    ['ConfigMap', 'statusValid'],
    ['Secret', 'statusInvalid'],
    ['ConfigMap', 'statusValid'],
  ]);
  expect(summary).toEqual({ valid: 2, invalid: 1, errors: 0, skipped: 0 });
});
