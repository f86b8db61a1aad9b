import { at, fields, text } from '../diagnosis/reading.ts';
import { nearest } from '../nearest.ts';
import type { Policy } from './policy.ts';

const SCALED = ['Deployment', 'StatefulSet', 'ReplicaSet'];

/** Autoscalers whose target isn't in the release. */
export const autoscalerTarget: Policy = {
  name: 'autoscaler-target',
  of: ['HorizontalPodAutoscaler'],
  across: true,
  severity: 'warning',
  check: (object, release) => {
    if (object.kind !== 'HorizontalPodAutoscaler' || !object.apiVersion.startsWith('autoscaling/')) return [];
    const target = fields(at(object.data, 'spec', 'scaleTargetRef'));
    const [kind, name] = [text(target.kind), text(target.name)];
    // What is of a custom kind may be made by another chart's operator.
    if (!SCALED.includes(kind) || name === '' || release.find(kind, name, object) !== undefined) return [];
    const names = release.ofKind(kind).map((each) => each.name);
    const near = nearest(name, names);
    const other = SCALED.find((each) => each !== kind && release.find(each, name, object) !== undefined);
    const meant = other === undefined ? near && `Did you mean ${near}?` : `There is a ${other} of this name.`;
    return [
      {
        message: `scales ${kind}/${name}, which is not in this release`,
        hint: meant ?? 'Name a workload of this release, or silence this where it is of another one.',
        path: other === undefined ? '/spec/scaleTargetRef/name' : '/spec/scaleTargetRef/kind',
      },
    ];
  },
};
