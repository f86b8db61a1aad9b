// Volumes are folders that exist beforehand: every pod may write in them, whoever it runs as, and each is on every
// node, as a network disk would be. Kubernetes doesn't wipe such folders; `recycle` makes released ones new.
import fs from 'node:fs';
import path from 'node:path';

const count = 40;
const volumesPath = '/api/v1/persistentvolumes';

export async function makeVolumes(api, folder) {
  await api.call('POST', '/apis/storage.k8s.io/v1/storageclasses', {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const names = Array.from({ length: count }, (_, index) => `volume-${String(index + 1).padStart(2, '0')}`);
  await Promise.all(
    names.map((name) => {
      const place = path.join(folder, name);
      empty(place);
      return api.call('POST', volumesPath, {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name },
        spec: {
          capacity: { storage: '100Gi' },
          accessModes: ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Retain',
          storageClassName: 'standard',
          hostPath: { path: place },
        },
      });
    }),
  );
}

/** Empties the volumes whose claims are gone and offers them again; returns their names. */
export async function recycle(api) {
  const { items } = await api.call('GET', volumesPath);
  const released = items.filter(({ status }) => status.phase === 'Released');
  for (const { metadata, spec } of released) {
    empty(spec.hostPath.path);
    const free = [{ op: 'remove', path: '/spec/claimRef' }];
    await api.call('PATCH', `${volumesPath}/${metadata.name}`, free, 'application/json-patch+json');
  }
  return released.map(({ metadata }) => metadata.name);
}

function empty(place) {
  fs.rmSync(place, { recursive: true, force: true });
  fs.mkdirSync(place, { recursive: true });
  fs.chmodSync(place, 0o777); // whatever the umask
}
