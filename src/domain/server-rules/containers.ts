import { type Fields, fields } from '../diagnosis/reading.ts';
import { envFaults, envFromFaults } from './env.ts';
import { lifecycleFaults, probeFaults } from './handlers.ts';
import { filledText } from './needed-texts.ts';
import { resourceFaults } from './resources.ts';
import { containerSecurityFaults } from './security.ts';
import { addAll, fault, isGiven, oneOf, type ServerFault, type Since } from './server-fault.ts';

export interface Surroundings {
  readonly since: Since;
  /** Of what admission may have mended before a server looks. */
  readonly mendable: ServerFault['severity'];
  /** `terminationGracePeriodSeconds` */
  readonly grace: unknown;
}

/** What is refused of a container by itself. */
export function containerFaults(
  container: Fields,
  path: readonly string[],
  kind: 'containers' | 'initContainers',
  { since, mendable, grace }: Surroundings,
): ServerFault[] {
  const { image, env, envFrom, resources, securityContext, lifecycle, restartPolicy } = container;
  const faults: ServerFault[] = [];
  if (image === '') {
    faults.push({ rule: 'schema/required', severity: mendable, path: [...path, 'image'], message: 'image is empty' });
  }
  if (isGiven(env)) addAll(faults, envFaults(env, [...path, 'env']));
  if (isGiven(envFrom)) addAll(faults, envFromFaults(envFrom, [...path, 'envFrom']));
  if (isGiven(resources)) {
    addAll(faults, resourceFaults(fields(resources), [...path, 'resources'], 'container', mendable));
  }
  if (isGiven(securityContext)) {
    addAll(faults, containerSecurityFaults(fields(securityContext), [...path, 'securityContext']));
  }
  // What ends before the pod is there is never probed, nor stopped.
  if (kind === 'initContainers' && restartPolicy !== 'Always') {
    addAll(faults, unusedFaults(container, path));
  } else {
    addAll(faults, probeFaults(container, path));
    if (isGiven(lifecycle)) addAll(faults, lifecycleFaults(lifecycle, [...path, 'lifecycle'], grace));
  }
  if (isGiven(restartPolicy)) addAll(faults, restartFaults(container, path, kind, since));
  return faults;
}

/** Before 1.35 there are only init containers that stay, which are sidecars; 1.34 drops what is otherwise. */
function restartFaults(container: Fields, path: readonly string[], kind: string, since: Since): ServerFault[] {
  const at = [...path, 'restartPolicy'];
  if (since(34) && !since(35)) return [];
  if (kind === 'containers' && !since(35)) {
    return [
      fault('schema/value', at, 'a container has no policy of its own before 1.35; that of the pod is for all of them'),
    ];
  }
  const known = !since(35) ? ['Always'] : ['Always', 'OnFailure', 'Never'];
  return [...filledText(container, 'restartPolicy', path), ...oneOf(container.restartPolicy, known, at)];
}

function unusedFaults(container: Fields, path: readonly string[]): ServerFault[] {
  return ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((field) => {
    if (!isGiven(container[field])) return [];
    return [fault('schema/value', [...path, field], 'an init container may only have it with restartPolicy: Always')];
  });
}
