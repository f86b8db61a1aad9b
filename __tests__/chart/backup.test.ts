import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository } from '../support/scenario.ts';
import { all, containers, type Foreign, one, pods, refusal, render } from './rendering.ts';

describe('backups', () => {
  const script = (name: string) => readFileSync(join(repository, `chart/files/${name}.sh`), 'utf8');
  const backup = { enabled: true, existingClaim: 'backups' };

  test('to a volume: one container, and a suspended CronJob as the form for restores', async () => {
    const objects = await render({ values: { backup } });
    const made = one(objects, 'CronJob', 'agent-dev-backup').spec;
    expect(made).toMatchObject({ schedule: '0 3 * * *', timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid' });
    expect(made.startingDeadlineSeconds).toBe(3600);
    expect(made.suspend).toBeUndefined();
    expect(one(objects, 'CronJob', 'agent-dev-restore').spec.suspend).toBe(true);
    for (const mode of ['backup', 'restore'] as const) {
      const pod = pods(objects).find(({ of }) => of === `CronJob/agent-dev-${mode}`);
      expect(pod?.spec.initContainers).toBeUndefined();
      expect(pod?.spec.containers.map(({ args }: Foreign) => args)).toEqual([[script(mode)]]);
      expect(pod?.spec.volumes).toContainEqual({ name: 'backups', persistentVolumeClaim: { claimName: 'backups' } });
      expect(pod?.spec.restartPolicy).toBe('Never');
    }
    expect(all(objects, 'PersistentVolumeClaim')).toEqual([]);
  });

  test('a failed backup is tried again, a failed restore is not', async () => {
    const objects = await render({ values: { backup } });
    const limit = (name: string) => one(objects, 'CronJob', name).spec.jobTemplate.spec.backoffLimit;
    expect([limit('agent-dev-backup'), limit('agent-dev-restore')]).toEqual([2, 0]);
  });

  test('to S3: dump and transfer one after the other, the keys from a Secret', async () => {
    const s3 = { bucket: 'b', existingSecret: 'keys', endpoint: 'http://minio:9000', region: 'eu', provider: 'Minio' };
    const values = { backup: { enabled: true, s3, image: 'pg:16', retentionDays: 3 } };
    const objects = await render({ values });
    const steps = (mode: string) => {
      const pod = pods(objects).find(({ of }) => of === `CronJob/agent-dev-${mode}`);
      expect(pod?.spec.volumes).toContainEqual({ name: 'backups', emptyDir: { sizeLimit: '5Gi' } });
      return pod === undefined ? [] : containers(pod);
    };
    expect(steps('backup').map(({ name, image, args }) => [name, image, ...args])).toEqual([
      ['backup', 'pg:16', script('backup')],
      ['upload', 'docker.io/rclone/rclone:1.69.1', script('upload')],
    ]);
    expect(steps('restore').map(({ name, image, args }) => [name, image, ...args])).toEqual([
      ['download', 'docker.io/rclone/rclone:1.69.1', script('download')],
      ['restore', 'pg:16', script('restore')],
    ]);
    const [, upload] = steps('backup');
    const key = (name: string, key: string) => ({ name, valueFrom: { secretKeyRef: { name: 'keys', key } } });
    expect(upload.env).toEqual(
      expect.arrayContaining([
        { name: 'FOLDER', value: 'store:b/home/agent-dev' },
        { name: 'RCLONE_CONFIG_STORE_ENDPOINT', value: 'http://minio:9000' },
        { name: 'RCLONE_CONFIG_STORE_REGION', value: 'eu' },
        { name: 'RCLONE_CONFIG_STORE_PROVIDER', value: 'Minio' },
        { name: 'RETENTION_DAYS', value: '3' },
        key('RCLONE_CONFIG_STORE_ACCESS_KEY_ID', 'access-key-id'),
        key('RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY', 'secret-access-key'),
      ]),
    );
    // The keys of the one are none of the other's business.
    expect(JSON.stringify(upload.env)).not.toContain('PGPASSWORD');
    expect(JSON.stringify(steps('backup')[0].env)).not.toContain('SECRET_ACCESS_KEY');
  });

  test.each(['standalone', 'replication'])(
    'the dump is of the database that is written to (%s)',
    async (architecture) => {
      const objects = await render({ values: { backup, postgresql: { architecture } } });
      const [container] = pods(objects)
        .filter(({ labels }) => labels.job === 'backup')
        .flatMap(containers);
      const host = container.env.find(({ name }: Foreign) => name === 'PGHOST').value;
      expect(all(objects, 'Service', host)).toHaveLength(1);
      expect(one(objects, 'ConfigMap', /-config$/).data.POSTGRES_HOST).toBe(host);
      // As the agent's user, whose password has that key.
      expect(container.env).toContainEqual({ name: 'PGUSER', value: 'agent_user' });
      const key = { name: 'agent-dev-secret', key: 'password' };
      expect(container.env).toContainEqual({ name: 'PGPASSWORD', valueFrom: { secretKeyRef: key } });
    },
  );

  test.each([
    [{ enabled: true }, /set one of backup\.existingClaim and backup\.s3\.bucket/],
    [
      { ...backup, s3: { bucket: 'b', existingSecret: 's' } },
      /set one of backup\.existingClaim and backup\.s3\.bucket/,
    ],
    [{ enabled: true, s3: { bucket: 'b' } }, /set backup\.s3\.existingSecret/],
  ])('%j is refused', async (values, message) => {
    expect(await refusal({ values: { backup: values } })).toMatch(message);
  });
});
