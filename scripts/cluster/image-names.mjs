// What the images are called. Under names of their own, and under those that chart/values.yaml has: no node of the
// Docker-free cluster can reach a registry on the internet, so there they can mean nothing else, and the committed
// values work as they are.
export const pauseImage = 'chartship.test/pause:1';

export const agentImages = {
  '1.0.0': [
    'chartship.test/agent:1.0.0',
    'docker.io/my-company/task-api:1.0.0',
    'docker.io/my-company/task-api-migrations:1.0.0',
  ],
  // One more migration.
  '2.0.0': ['chartship.test/agent:2.0.0'],
  // One more again, which fails.
  '3.0.0-broken': ['chartship.test/agent:3.0.0-broken'],
};

/** The folders of __tests__/e2e/agent/variants that a version adds to the first. */
export const agentVariants = { '1.0.0': [], '2.0.0': ['2.0.0'], '3.0.0-broken': ['2.0.0', '3.0.0-broken'] };

export const storeImages = {
  postgresql: ['chartship.test/postgresql:15', 'docker.io/bitnamilegacy/postgresql:15.4.0-debian-11-r45'],
  redis: ['chartship.test/redis:7', 'docker.io/bitnamilegacy/redis:7.0.12-debian-11-r34'],
  'postgres-exporter': [
    'chartship.test/postgres-exporter:0',
    'docker.io/bitnamilegacy/postgres-exporter:0.14.0-debian-11-r5',
  ],
  'redis-exporter': ['chartship.test/redis-exporter:1', 'docker.io/bitnamilegacy/redis-exporter:1.52.0-debian-11-r17'],
};
