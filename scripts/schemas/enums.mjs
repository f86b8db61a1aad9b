// The published OpenAPI leaves enums out (hack/update-openapi-spec.sh of Kubernetes says why); a real API server has
// them from the generated Go code, and so do we.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = 'pkg/generated/openapi/zz_generated.openapi.go';

/**
 * @param {string} folder of the module
 * @returns {Map<string, { property: string, of: 'value' | 'items' | 'values', values: string[] }[]>} by Go function
 */
export function readEnums(folder) {
  const enums = new Map();
  let owner;
  let property;
  let of = 'value';
  for (const line of readFileSync(join(folder, SOURCE), 'utf8').split('\n')) {
    // gofmt's indentation is the structure: five tabs a property, more its items.
    const func = /^func (schema_\w+)\(/.exec(line);
    if (func) [owner, property] = [func[1], undefined];
    const name = /^\t{5}"([^"]+)": \{$/.exec(line);
    if (name) [property, of] = [name[1], 'value'];
    if (/^\t{7}Items:/.test(line)) of = 'items';
    if (/^\t{7}AdditionalProperties:/.test(line)) of = 'values';
    const found = /^(\t+)Enum:\s+\[\]interface\{\}\{(.*)\},$/.exec(line);
    if (!found) {
      if (/\bEnum:/.test(line) && !/Description:/.test(line))
        throw new Error(`An enum in a form that is new: ${line.trim()}`);
      continue;
    }
    if (found[1].length !== (of === 'value' ? 7 : 10) || property === undefined) {
      throw new Error(`An enum of ${owner} where none was expected: ${line.trim()}`);
    }
    const entry = { property, of, values: JSON.parse(`[${found[2]}]`) };
    enums.set(owner, [...(enums.get(owner) ?? []), entry]);
  }
  if (enums.size === 0) throw new Error(`${SOURCE} has no enums`);
  return enums;
}

/** Puts the enums into the definitions they belong to; each must find its field. */
export function addEnums(definitions, enums) {
  for (const [name, schema] of definitions) {
    for (const { property, of, values } of enums.get(goFunction(name)) ?? []) {
      const field = schema.properties?.[property];
      const target = of === 'value' ? field : of === 'items' ? field?.items : field?.additionalProperties;
      if (target?.type !== 'string') throw new Error(`${name}.${property} has an enum and is no string`);
      target.enum = values;
    }
  }
}

/** `io.k8s.api.core.v1.Pod` → `schema_k8sio_api_core_v1_Pod`: the last four parts of the Go package's path, and the type. */
function goFunction(name) {
  const [io, k8s, ...parts] = name.split('.');
  return `schema_${[`${k8s}${io}`, ...parts].slice(-5).join('_').replaceAll('-', '')}`;
}
