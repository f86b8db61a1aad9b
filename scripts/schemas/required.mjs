// The specification calls every field required that Go always writes, whether or not the server insists on it. Newer
// releases correct that release by release, and the server's checks were the same before: StatefulSet's `serviceName`,
// NetworkPolicy's `podSelector`, PriorityClass' `value` could be left out all along.

/** Takes `required` off the fields that the newest version no longer calls so. The versions' newest is the first. */
export function correctRequired([newest, ...older]) {
  for (const { definitions } of older) {
    for (const [name, schema] of definitions) {
      const corrected = newest.definitions.get(name);
      if (schema.required === undefined || corrected === undefined) continue;
      schema.required = schema.required.filter(
        (field) => corrected.required?.includes(field) || !(field in corrected.properties),
      );
      if (schema.required.length === 0) delete schema.required;
    }
  }
}
