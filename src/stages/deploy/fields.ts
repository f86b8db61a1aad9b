import type { Finding } from '../../domain/finding.ts';
import { type KubeObject, shownObject } from '../../domain/kube-object.ts';
import type { Session } from './session.ts';

/** A field of a live object that somebody else set to something else than the manifest has. */
export interface ForeignField {
  readonly object: KubeObject;
  /** `.spec.template.spec.containers[name="main"].image` */
  readonly field: string;
  readonly manager: string;
}

/** Helm's own earlier ways of applying, and what Chartship keeps for an autoscaler. */
const OURS = /^(helm|chartship|before-first-apply)$/i;

/** Programs that go on writing what they wrote. Whoever isn't one of them is a person with a tool. */
const CONTROLLERS =
  /^(kube-controller-manager|kube-scheduler|kubelet|cainjector|cert-manager.*|vpa-.*|keda.*|.*(controller|operator|autoscaler|webhook|injector)(-manager)?)$/i;

/**
 * Helm applies by force: what a person changed by hand is taken back, and named. A field that a controller writes as
 * well is taken, too, and the controller writes it again: a chart that sets it is told so.
 */
export function tellForeignFields(fields: readonly ForeignField[], session: Session): Finding[] {
  const { chart, environment, tell } = session;
  return fields.flatMap(({ object, field, manager }): Finding[] => {
    if (OURS.test(manager)) return [];
    const resource = shownObject({ kind: object.kind, name: object.metadata.name });
    // What autoscalers do has its own finding.
    if (field === '.spec.replicas' && manager === 'kube-controller-manager') return [];
    if (!CONTROLLERS.test(manager)) {
      tell(`taken back: ${field} of ${resource}, which ${manager} changed`);
      return [];
    }
    return [
      {
        stage: 'deploy',
        rule: 'deploy/field-owner',
        severity: 'warning',
        message: `${manager} writes ${field} of ${resource}, and the chart sets it to something else: each takes it from the other`,
        hint: 'Leave the field out of the template, or the controller out of the object.',
        chart,
        environments: [environment],
        resource,
        path: field,
      },
    ];
  });
}
