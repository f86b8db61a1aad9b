import { describe, expect, test } from '@jest/globals';
import { proxyFor } from '../../src/adapters/kubernetes-proxy.ts';

const PROXY = 'http://proxy.example:3128';

describe('the proxy for an API server', () => {
  test.each([
    ['https://api.example:6443', { HTTPS_PROXY: PROXY }, PROXY],
    ['https://api.example:6443', { https_proxy: PROXY }, PROXY],
    ['https://api.example:6443', { HTTPS_PROXY: 'proxy.example:3128' }, PROXY],
    ['https://api.example:6443', { HTTP_PROXY: PROXY }, undefined],
    ['http://api.example:8080', { HTTP_PROXY: PROXY }, PROXY],
    ['https://127.0.0.1:6443', { HTTPS_PROXY: PROXY }, undefined],
    ['https://localhost:6443', { HTTPS_PROXY: PROXY }, undefined],
    ['https://api.example', {}, undefined],
    ['https://api.example', { HTTPS_PROXY: '' }, undefined],
  ])('of %s with %j', (server, environment, proxy) => {
    expect(proxyFor(new URL(server), environment)).toBe(proxy);
  });

  test.each([
    ['api.example', '*', true],
    ['api.example', 'example', true],
    ['api.example', '.example', true],
    ['api.example', '*.example', true],
    ['example', '.example', false],
    ['api.example', 'other, api.example', true],
    ['API.Example', 'api.EXAMPLE', true],
    ['api.example', 'pi.example', false],
    ['api.example:6443', 'api.example:6443', true],
    ['api.example:6443', 'api.example:443', false],
    ['api.example', 'api.example:443', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['10.1.2.3', '10.0.0.0/99', false],
    ['[fd00::1]:6443', 'fd00::/8', true],
    ['[fd00::1]:6443', '10.0.0.0/8', false],
    ['api.example', '10.0.0.0/8,,', false],
  ])('%s with NO_PROXY=%s', (host, NO_PROXY, excepted) => {
    const proxy = proxyFor(new URL(`https://${host}`), { HTTPS_PROXY: PROXY, NO_PROXY });
    expect(proxy).toBe(excepted ? undefined : PROXY);
  });
});
