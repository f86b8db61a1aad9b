import { at, list } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';
import type { Release } from './release.ts';
import type { Container, PodTemplate } from './release-object.ts';

/** Containers that get requests through a Service as soon as they are started, ready or not. */
export const missingReadinessProbe: Policy = {
  name: 'missing-readiness-probe',
  of: 'pods',
  across: true,
  severity: 'warning',
  check: ({ pods }, release) => {
    if (pods === undefined || pods.passing) return [];
    return pods.containers
      .filter(
        ({ role, data }) => role !== 'init' && data.readinessProbe === undefined && data.startupProbe === undefined,
      )
      .flatMap((container) => {
        const service = serviceOf(container, pods, release);
        if (service === undefined) return [];
        return [
          {
            message: `the container ${container.name} has no readiness probe: Service/${service} sends it requests before it can answer`,
            hint: 'Add a readinessProbe.',
            path: container.path,
          },
        ];
      });
  },
};

/** A Service that sends to a port of this container. */
function serviceOf({ data }: Container, pods: PodTemplate, release: Release): string | undefined {
  const ports = list(data.ports);
  return release.servicesOf(pods).find((service) =>
    list(at(service.data, 'spec', 'ports')).some((port) => {
      const target = port.targetPort ?? port.port;
      return ports.some(({ name, containerPort }) => name === target || containerPort === Number(target));
    }),
  )?.name;
}
