import { describe, expect, test } from '@jest/globals';
import { all, one, refusal, render } from './rendering.ts';

describe('ways in', () => {
  test('Ingress', async () => {
    const ingress = {
      enabled: true,
      className: 'nginx',
      annotations: { a: 'b' },
      hosts: [{ host: 'agent.example.test' }, { host: 'x.example.test', paths: [{ path: '/api', pathType: 'Exact' }] }],
      tls: [{ secretName: 'tls', hosts: ['agent.example.test'] }],
    };
    const { metadata, spec } = one(await render({ values: { ingress } }), 'Ingress');
    const backend = { service: { name: 'agent-dev', port: { name: 'http' } } };
    expect(metadata.annotations).toEqual({ a: 'b' });
    expect(spec).toEqual({
      ingressClassName: 'nginx',
      tls: ingress.tls,
      rules: [
        { host: 'agent.example.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } },
        { host: 'x.example.test', http: { paths: [{ path: '/api', pathType: 'Exact', backend }] } },
      ],
    });
  });

  test('HTTPRoute', async () => {
    const httpRoute = {
      enabled: true,
      parentRefs: [{ name: 'gateway', namespace: 'edge' }],
      hostnames: ['a.example.test'],
      path: '/v1',
    };
    const values = { httpRoute, agent: { service: { port: 80 } } };
    expect(one(await render({ values }), 'HTTPRoute').spec).toEqual({
      parentRefs: httpRoute.parentRefs,
      hostnames: httpRoute.hostnames,
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/v1' } }],
          backendRefs: [{ name: 'agent-dev', port: 80 }],
        },
      ],
    });
  });

  test('are off by default, and refused when they lead nowhere', async () => {
    const objects = await render({ environment: 'prod' });
    expect([...all(objects, 'Ingress'), ...all(objects, 'HTTPRoute')]).toEqual([]);
    expect(await refusal({ values: { ingress: { enabled: true } } })).toMatch(/set ingress\.hosts/);
    expect(await refusal({ values: { httpRoute: { enabled: true } } })).toMatch(/set httpRoute\.parentRefs/);
  });
});
