import { fields } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';
import { isLiteral, isSecretName } from './secret-texts.ts';

/** Secrets in ConfigMaps, which are neither encrypted nor kept from those who may not read Secrets. */
export const secretInConfigMap: Policy = {
  name: 'secret-in-config-map',
  of: ['ConfigMap'],
  severity: 'warning',
  check: ({ apiVersion, kind, data }, { credentials }) => {
    if (apiVersion !== 'v1' || kind !== 'ConfigMap') return [];
    return Object.entries(fields(data.data)).flatMap(([key, value]) => {
      if (typeof value !== 'string') return [];
      const recognised = credentials.get(value);
      const named = isSecretName(key) && isLiteral(value, key) ? key : settingIn(key, value);
      if (recognised === undefined && named === undefined) return [];
      const what = recognised === undefined ? `a secret by the name ${named}` : `a secret (${recognised})`;
      return [
        {
          message: `the key ${key} holds ${what}, in clear`,
          hint: 'Put it into a Secret.',
          path: `/data/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        },
      ];
    });
  },
};

/** The name of a secret that a configuration file sets: files whose lines are a name and a value. Scripts are none. */
function settingIn(key: string, content: string): string | undefined {
  if (!/\.(?:ya?ml|properties|env|ini|conf|cfg|toml)$|^\.env$/.test(key) || content.length > MOST_TEXT)
    return undefined;
  for (const [, name = '', , value = ''] of content.matchAll(SETTING)) {
    // What goes on is no literal: a list, a call, a block.
    if (isSecretName(name) && !/[([{|>,;]/.test(value) && isLiteral(value, name)) return name;
  }
  return undefined;
}

const MOST_TEXT = 100_000;
const SETTING = /^[ \t]*["']?([A-Za-z][\w.-]{0,100})["']?[ \t]*[:=][ \t]*(["']?)([^\n"'#]{3,200})\2[ \t]*$/gm;
