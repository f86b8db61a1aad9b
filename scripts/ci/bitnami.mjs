// Whether what runs is of Bitnami's own charts and images, not of what stands in for them elsewhere: for the job `kind`
// of ci.yml. Of the package (an argument) the dependencies are looked at, of the pods that kubectl lists the images.
// DEPLOYMENTS is the Action's output.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const images = ['bitnamilegacy/postgresql', 'bitnamilegacy/redis'];

/** What is wrong with the files of a package: Bitnami's charts bring their library along, the stand-ins have none. */
export function wrongFiles(files) {
  return ['postgresql', 'redis']
    .map((chart) => `charts/${chart}/charts/common/Chart.yaml`)
    .filter((path) => !files.some((file) => file.endsWith(`/${path}`)))
    .map((path) => `the package has no ${path}: its dependency is not Bitnami's`);
}

/** What is wrong with an environment's pods. An image that was pulled has a digest of its repository's, a loaded one none. */
export function wrongPods(environment, pods) {
  const containers = pods.flatMap(({ status }) => status.containerStatuses ?? []);
  return images.flatMap((image) => {
    const those = containers.filter((container) => container.image.includes(`${image}:`));
    if (those.length === 0) return [`${environment}: no container runs ${image}`];
    const strange = those.filter(({ imageID }) => !imageID.includes(`${image}@sha256:`));
    return strange.map(({ name, imageID }) => `${environment}: ${name} was not pulled as ${image}: ${imageID}`);
  });
}

/** What is wrong with the outcomes of the deployments. */
export function wrongDeployments(deployments) {
  const told = deployments.map(({ environment, outcome }) => `${environment} ${outcome}`).join(', ');
  const wanted = 'dev deployed, staging deployed, prod deployed';
  return told === wanted ? [] : [`deployed were: ${told}, not: ${wanted}`];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const deployments = JSON.parse(process.env.DEPLOYMENTS);
  const wrong = [
    ...wrongDeployments(deployments),
    ...wrongFiles(run('tar', '--list', '--gzip', '--file', process.argv[2]).split('\n')),
    ...deployments.flatMap(({ environment, namespace }) => {
      const at = ['--namespace', namespace, '--selector', 'app=task-api', '--output', 'json'];
      return wrongPods(environment, JSON.parse(run('kubectl', 'get', 'pods', ...at)).items);
    }),
  ];
  for (const each of wrong) console.error(`::error::${each}`);
  if (wrong.length > 0) process.exitCode = 1;
  else console.log("Bitnami's charts and images, in every environment");
}
