import { list, text } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';
import { isLiteral, isSecretName } from './secret-texts.ts';

/** Secrets that stand in the environment of a container, where everybody who may see the pod reads them. */
export const secretInEnv: Policy = {
  name: 'secret-in-env',
  of: 'pods',
  severity: 'warning',
  check: ({ pods }, { credentials }) =>
    (pods?.containers ?? []).flatMap(({ data, path }) =>
      list(data.env).flatMap((variable, index) => {
        const name = text(variable.name);
        const recognised = typeof variable.value === 'string' ? credentials.get(variable.value) : undefined;
        if (recognised === undefined && !(isSecretName(name) && isLiteral(variable.value, name))) return [];
        const what = recognised === undefined ? 'a secret by its name' : `a secret (${recognised})`;
        return [
          {
            message: `the variable ${name} holds ${what}, in clear`,
            hint: 'Take it from a Secret: valueFrom.secretKeyRef.',
            path: `${path}/env/${index}/value`,
          },
        ];
      }),
    ),
};
