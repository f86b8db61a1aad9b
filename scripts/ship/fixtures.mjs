// Stand-ins for the charts that chart/Chart.yaml depends on: the same names, versions and values.
import fs from 'node:fs';
import path from 'node:path';

const fixtures = ['postgresql', 'redis'].map((name) => path.join('__tests__', 'fixtures', 'charts', name));

/**
 * Puts them into a registry, under `bitnami`; their names and versions.
 * @param run starts a program in the repository's root with an environment
 */
export async function publishFixtures({ host, folder, helm, env, run }) {
  const packages = path.join(folder, 'fixtures');
  // With fixed times in the archives: what chart/ locks by content is the same on every machine.
  await run(helm, ['package', ...fixtures, '--destination', packages], { ...env, SOURCE_DATE_EPOCH: '315532800' });
  const archives = fs.readdirSync(packages).sort();
  for (const archive of archives) {
    await run(helm, ['push', path.join(packages, archive), `oci://${host}/bitnami`, '--plain-http'], env);
  }
  return archives.map((name) => path.basename(name, '.tgz'));
}
