import { type Fields, fields, list } from '../diagnosis/reading.ts';
import { backstepFaults, relativeFaults } from './local-paths.ts';
import { filledText } from './needed-texts.ts';
import { addAll, fault, isEmptyText, isGiven, oneOf, type ServerFault, shown } from './server-fault.ts';

/** Before a Pod itself is judged, admission may have given it volumes; before a workload's, it seldom has. */
export function mountFaults(
  container: Fields,
  path: readonly string[],
  volumes: ReadonlyMap<unknown, Fields>,
  severity: ServerFault['severity'],
): ServerFault[] {
  return ['volumeMounts', 'volumeDevices'].flatMap((field) =>
    list(container[field]).flatMap((mount, index): ServerFault[] => {
      const own = [...path, field, String(index)];
      const volume = volumes.get(mount.name);
      const faults = field === 'volumeMounts' ? placeFaults(mount, own, container) : deviceFaults(mount, own, volume);
      if (typeof mount.name !== 'string' || volume !== undefined) return faults;
      const message = `the pod has no volume ${shown(mount.name)}`;
      return [{ rule: 'schema/value', severity, path: [...own, 'name'], message }, ...faults];
    }),
  );
}

function placeFaults(mount: Fields, path: readonly string[], container: Fields): ServerFault[] {
  const { subPath, subPathExpr, mountPropagation, recursiveReadOnly } = mount;
  const faults = [
    ...filledText(mount, 'mountPath', path),
    ...filledText(mount, 'mountPropagation', path),
    ...filledText(mount, 'recursiveReadOnly', path),
    ...(isGiven(subPath) ? relativeFaults(subPath, [...path, 'subPath']) : []),
    ...(isGiven(subPathExpr) ? relativeFaults(subPathExpr, [...path, 'subPathExpr']) : []),
  ];
  if (!isEmptyText(subPath) && !isEmptyText(subPathExpr)) {
    const message = 'there is a subPath already, and only one of subPath and subPathExpr may be given';
    faults.push(fault('schema/value', [...path, 'subPathExpr'], message));
  }
  if (mountPropagation === 'Bidirectional' && fields(container.securityContext).privileged !== true) {
    const message = 'Bidirectional is for privileged containers only';
    faults.push(fault('schema/value', [...path, 'mountPropagation'], message));
  }
  if (isGiven(recursiveReadOnly)) {
    addAll(faults, oneOf(recursiveReadOnly, ['Disabled', 'IfPossible', 'Enabled'], [...path, 'recursiveReadOnly']));
  }
  if (recursiveReadOnly === 'Enabled' || recursiveReadOnly === 'IfPossible') {
    const at = [...path, 'recursiveReadOnly'];
    if (mount.readOnly !== true) faults.push(fault('schema/value', at, `${recursiveReadOnly} needs readOnly: true`));
    else if (isGiven(mountPropagation) && mountPropagation !== 'None') {
      faults.push(fault('schema/value', at, `${recursiveReadOnly} needs the mountPropagation None`));
    }
  }
  return faults;
}

function deviceFaults(device: Fields, path: readonly string[], volume: Fields | undefined): ServerFault[] {
  const faults = [
    ...filledText(device, 'devicePath', path),
    ...backstepFaults(device.devicePath, [...path, 'devicePath']),
  ];
  const isDevice = volume === undefined || isGiven(volume.persistentVolumeClaim) || isGiven(volume.ephemeral);
  if (isDevice) return faults;
  return [
    ...faults,
    fault('schema/value', [...path, 'name'], 'a device is a volume of a persistentVolumeClaim, or an ephemeral one'),
  ];
}
