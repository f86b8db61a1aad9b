// Lists that have no two entries alike, however an object is applied. A server-side apply refuses a repeated key of
// every list that is a map or a set (x-kubernetes-list-type); a client-side one only where the server's handlers look.

/**
 * By definition and field the keys by which handlers compare the entries; no keys: as a whole. Found by repeating an
 * entry in each list of the objects in __tests__/fixtures/kubernetes and asking a real API server (1.35) for a strict
 * dry run of a POST; __tests__/e2e/validation-oracle.test.ts asks again. What isn't here, such as `env`, a POST takes.
 */
const UNIQUE = {
  'io.k8s.api.admissionregistration.v1.MutatingWebhook': { matchConditions: [['name']] },
  'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration': { webhooks: [['name']] },
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec': { validationActions: [[]] },
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec': { matchConditions: [['name']] },
  'io.k8s.api.admissionregistration.v1.ValidatingWebhook': { matchConditions: [['name']] },
  'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration': { webhooks: [['name']] },
  'io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement': { values: [[]] },
  'io.k8s.api.core.v1.Container': {
    // Of `containerPort` and `protocol` a POST takes two: it only warns.
    ports: [['name']],
    volumeDevices: [['devicePath'], ['name']],
    volumeMounts: [['mountPath']],
  },
  'io.k8s.api.core.v1.NodeSpec': { podCIDRs: [[]] },
  'io.k8s.api.core.v1.PodSpec': {
    containers: [['name']],
    initContainers: [['name']],
    resourceClaims: [['name']],
    schedulingGates: [['name']],
    topologySpreadConstraints: [['topologyKey', 'whenUnsatisfiable']],
    volumes: [['name']],
  },
  'io.k8s.api.core.v1.ResourceRequirements': { claims: [['name', 'request']] },
  'io.k8s.api.core.v1.ServiceSpec': { ports: [['port', 'protocol'], ['name']] },
  'io.k8s.api.storage.v1.CSINodeSpec': { drivers: [['name']] },
};

/** Adds `uniqueBy`, a keyword of ours. */
export function markUnique(versions) {
  for (const [name, lists] of Object.entries(UNIQUE)) {
    for (const [field, keys] of Object.entries(lists)) {
      const found = versions.map(({ definitions }) => definitions.get(name)?.properties?.[field]);
      if (found[0]?.type !== 'array') throw new Error(`${name}.${field} is no list any more: take it off the list`);
      for (const list of found) if (list !== undefined) list.uniqueBy = keys;
    }
  }
}
