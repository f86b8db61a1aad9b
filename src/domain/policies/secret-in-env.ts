import { list, text } from '../diagnosis/reading.ts';
import type { Policy, PolicyFault } from './policy.ts';
import { isLiteral, isSecretName } from './secret-texts.ts';

/** Secrets that stand in the environment of a container, where everybody who may see the pod reads them. */
export const secretInEnv: Policy = {
  name: 'secret-in-env',
  of: 'pods',
  severity: 'warning',
  check: ({ pods }, { credentials }) => {
    const faults: PolicyFault[] = [];
    for (const { data, path } of pods?.containers ?? []) {
      for (const [index, { name: given, value }] of list(data.env).entries()) {
        const name = text(given);
        const recognised = typeof value === 'string' ? credentials.get(value) : undefined;
        if (recognised === undefined && !(isSecretName(name) && isLiteral(value, name))) continue;
        const what = recognised === undefined ? 'a secret by its name' : `a secret (${recognised})`;
        faults.push({
          message: `the variable ${name} holds ${what}, in clear`,
          hint: 'Take it from a Secret: valueFrom.secretKeyRef.',
          path: `${path}/env/${index}/value`,
        });
      }
    }
    return faults;
  },
};
