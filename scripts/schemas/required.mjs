// The specification calls every field required that Go always writes, whether or not the server insists on it, and
// leaves out what only its handlers ask for.

/**
 * Required by the newest specification too, and yet accepted when absent: by definition. Found by leaving out each
 * required field of the objects in __tests__/fixtures/kubernetes and asking a real API server (1.35) for a strict dry
 * run. An empty value means something in these: no header value, LUN 0, not served.
 */
const NOT_INSISTED_ON = {
  'io.k8s.api.batch.v1.PodFailurePolicy': ['rules'],
  'io.k8s.api.core.v1.Event': ['involvedObject'],
  'io.k8s.api.core.v1.HTTPHeader': ['value'],
  'io.k8s.api.core.v1.ISCSIPersistentVolumeSource': ['lun'],
  'io.k8s.api.core.v1.ISCSIVolumeSource': ['lun'],
  'io.k8s.api.core.v1.LimitRangeSpec': ['limits'],
  'io.k8s.api.core.v1.PreferredSchedulingTerm': ['preference'],
  'io.k8s.api.core.v1.SleepAction': ['seconds'],
  'io.k8s.api.core.v1.Sysctl': ['value'],
  'io.k8s.api.discovery.v1.ForNode': ['name'],
  'io.k8s.api.discovery.v1.ForZone': ['name'],
  'io.k8s.api.storage.v1.CSIDriver': ['spec'],
  'io.k8s.api.storage.v1.CSINode': ['spec'],
  'io.k8s.api.storage.v1.CSINodeSpec': ['drivers'],
  'io.k8s.api.storage.v1.TokenRequest': ['audience'],
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion': ['served', 'storage'],
};

/** Required by the server's handlers in every place, and not by the specification; found in the same way. */
const INSISTED_ON = {
  'io.k8s.api.core.v1.Container': ['image'],
  'io.k8s.api.core.v1.PersistentVolumeClaimSpec': ['accessModes', 'resources'],
};

/**
 * Leaves `required` where the server insists. Newer releases correct the specification field by field, and the
 * server's checks were the same before: StatefulSet's `serviceName`, NetworkPolicy's `podSelector`, PriorityClass'
 * `value` could be left out all along. So what the newest (the first) doesn't require, none does.
 */
export function correctRequired(versions) {
  const newest = versions[0].definitions;
  for (const [name, fields] of Object.entries(NOT_INSISTED_ON)) {
    const required = newest.get(name)?.required ?? [];
    const corrected = fields.find((field) => !required.includes(field));
    if (corrected !== undefined) throw new Error(`${name}.${corrected} is not required any more: take it off the list`);
  }
  const insisted = new Map([...newest].map(([name, { required = [] }]) => [name, without(required, name)]));
  for (const { definitions } of versions) {
    for (const [name, schema] of definitions) {
      const also = INSISTED_ON[name] ?? [];
      if (schema.required === undefined && also.length === 0) continue;
      const { properties } = newest.get(name) ?? {};
      const stays = (field) => properties?.[field] === undefined || insisted.get(name).includes(field);
      schema.required = [...without(schema.required ?? [], name).filter(stays), ...also];
      if (schema.required.length === 0) delete schema.required;
    }
  }
}

function without(required, name) {
  return required.filter((field) => !NOT_INSISTED_ON[name]?.includes(field));
}
