import { expect, test } from '@jest/globals';
import { saidOfPods } from '../support/said-of-pods.ts';

type Data = Record<string, unknown>;
type Row = [Data, string];

function said(volume: Data, minor = '1.35'): string[] {
  const spec = { volumes: [{ name: 'v', ...volume }], containers: [{ name: 'a' }] };
  return saidOfPods(spec, 'apps/v1 Deployment', minor).map((each) => each.replace('volumes.0.', ''));
}

const item = (more: Data): Data => ({ configMap: { name: 'a', items: [{ key: 'k', path: 'p', ...more }] } });
const file = (more: Data): Data => ({ downwardAPI: { items: [{ path: 'p', ...more }] } });
const name = { fieldRef: { fieldPath: 'metadata.name' } };
const sources = (...list: readonly Data[]): Data => ({ projected: { sources: list } });
const token = (more: Data): Data => sources({ serviceAccountToken: { path: 't', ...more } });

test.each<Row>([
  [{ secret: {} }, 'required secret'],
  [{ secret: { secretName: '' } }, 'required secret.secretName'],
  [{ secret: { secretName: 'a', defaultMode: 512 } }, 'range secret.defaultMode'],
  [{ configMap: { name: null } }, 'required configMap'],
  [{ configMap: { name: 'a', defaultMode: -1 } }, 'range configMap.defaultMode'],
  [item({ key: '' }), 'required configMap.items.0.key'],
  [item({ path: '' }), 'required configMap.items.0.path'],
  [item({ path: '/a' }), 'value configMap.items.0.path'],
  [item({ path: 'a/../b' }), 'value configMap.items.0.path'],
  [item({ path: '..a' }), 'value configMap.items.0.path'],
  [item({ mode: 1000 }), 'range configMap.items.0.mode'],
  [{ emptyDir: { sizeLimit: '-1' } }, 'range emptyDir.sizeLimit'],
  [{ hostPath: { path: '' } }, 'required hostPath.path'],
  [{ hostPath: { path: '/a/../b' } }, 'value hostPath.path'],
  [{ persistentVolumeClaim: { claimName: '' } }, 'required persistentVolumeClaim.claimName'],
  [{ nfs: { server: '', path: '/p' } }, 'required nfs.server'],
  [{ nfs: { server: 's', path: '' } }, 'required nfs.path'],
  [{ nfs: { server: 's', path: 'p' } }, 'value nfs.path'],
  [{ csi: { driver: '' } }, 'required csi.driver'],
  [{ csi: { driver: 'a b' } }, 'name csi.driver'],
  [{ csi: { driver: 'a', nodePublishSecretRef: {} } }, 'required csi.nodePublishSecretRef'],
  [{ ephemeral: {} }, 'required ephemeral'],
  [{ secret: { secretName: 'a' }, emptyDir: {} }, 'value emptyDir'],
  [{ cephfs: {}, rbd: {} }, 'value rbd'],
  [{ downwardAPI: { defaultMode: 999 } }, 'range downwardAPI.defaultMode'],
  [file({}), 'required downwardAPI.items.0'],
  [file({ ...name, path: '/p' }), 'value downwardAPI.items.0.path'],
  [file({ ...name, mode: 512 }), 'range downwardAPI.items.0.mode'],
  [file({ fieldRef: { fieldPath: 'spec.nodeName' } }), 'enum downwardAPI.items.0.fieldRef.fieldPath'],
  [file({ fieldRef: { fieldPath: 'spec.host' } }), 'enum downwardAPI.items.0.fieldRef.fieldPath'],
  [file({ resourceFieldRef: { resource: 'limits.cpu' } }), 'required downwardAPI.items.0.resourceFieldRef'],
  [
    file({ ...name, resourceFieldRef: { resource: 'limits.cpu', containerName: 'a' } }),
    'value downwardAPI.items.0.resourceFieldRef',
  ],
  [{ projected: { defaultMode: 512 } }, 'range projected.defaultMode'],
  [sources({ secret: {} }), 'required projected.sources.0.secret'],
  [sources({ configMap: { name: '' } }), 'required projected.sources.0.configMap.name'],
  [sources({ configMap: { name: 'a' }, secret: { name: 'a' } }), 'value projected.sources.0.secret'],
  [
    sources({ secret: { name: 'a', items: [{ key: 'k', path: '/p' }] } }),
    'value projected.sources.0.secret.items.0.path',
  ],
  [sources({ downwardAPI: { items: [{ path: 'p' }] } }), 'required projected.sources.0.downwardAPI.items.0'],
  [
    sources(...['a', 'b'].map((each) => ({ secret: { name: each, items: [{ key: 'k', path: 'p' }] } }))),
    'duplicate-entry projected.sources.1.secret.items.0.path',
  ],
  [token({ path: '' }), 'required projected.sources.0.serviceAccountToken.path'],
  [token({ path: '/t' }), 'value projected.sources.0.serviceAccountToken.path'],
  [token({ expirationSeconds: 599 }), 'range projected.sources.0.serviceAccountToken.expirationSeconds'],
  [token({ expirationSeconds: 2 ** 32 + 1 }), 'range projected.sources.0.serviceAccountToken.expirationSeconds'],
])('%j', (volume, expected) => {
  expect(said(volume)).toEqual([expected]);
});

test.each<Data>([
  {},
  { emptyDir: null },
  { emptyDir: { sizeLimit: 0 }, secret: null },
  { emptyDir: { sizeLimit: null } },
  { secret: { secretName: 'A_b', defaultMode: 511, items: null } },
  { configMap: { name: 'a', defaultMode: 0 } },
  item({ path: 'a/..b', mode: null }),
  item({ path: '.a' }),
  { configMap: { name: 'a', items: ['a', 'b'].map((key) => ({ key, path: 'p' })) } },
  { hostPath: { path: 'a/..b', type: '' } },
  { csi: { driver: 'A.b', nodePublishSecretRef: null } },
  { ephemeral: { volumeClaimTemplate: {} } },
  file(name),
  file({ fieldRef: { fieldPath: 'metadata.labels' } }),
  file({ resourceFieldRef: { resource: 'limits.cpu', containerName: 'a' } }),
  sources({}, { secret: null }, { configMap: { name: 'a' } }),
  { nfs: { server: 's', path: '/p' }, downwardAPI: null },
  token({ expirationSeconds: 600 }),
  token({ expirationSeconds: 2 ** 32 }),
  token({ expirationSeconds: null }),
])('%j is no fault', (volume) => {
  expect(said(volume)).toEqual([]);
});

test('an image is a volume from 1.35 on', () => {
  const volume = { emptyDir: {}, image: { reference: 'a' } };
  expect(said(volume)).toEqual(['value image']);
  expect(said(volume, '1.34')).toEqual([]);
});
