import { booleanKeys, hintForMisread, misreadKey, saidOfMisread } from '../../domain/boolean-keys.ts';
import type { Finding } from '../../domain/finding.ts';
import { formatPointer } from '../../domain/pointer.ts';
import { isEncryptedName } from '../../domain/sops.ts';
import { nameOf } from '../../domain/values-use/value-name.ts';
import type { ChartValues, ValuesOfFile } from '../unused-values.ts';

/** Keys that helm takes for booleans: by the name that is written nothing finds them. */
export function misreadKeys({ staged }: ChartValues, files: ReadonlyMap<string, ValuesOfFile>): Finding[] {
  const keys = [...files].flatMap(([file, { layer, environments }]) =>
    (isEncryptedName(file) ? [] : booleanKeys(layer.source?.data)).map((path) => ({ file, layer, environments, path })),
  );
  const places = new Set<string>();
  return keys.flatMap(({ file, layer: { source }, environments, path }): Finding[] => {
    const written = misreadKey(source, path);
    const place = source?.position(path, 'key');
    const key = JSON.stringify([file, place]);
    // What an alias puts elsewhere is written once.
    if (written === undefined || places.has(key)) return [];
    places.add(key);
    const name = nameOf([...path.slice(0, -1), written]);
    return [
      {
        stage: 'validate',
        rule: 'validate/boolean-key',
        severity: 'warning',
        message: `${name}: ${saidOfMisread(written, String(path.at(-1)))}`,
        hint: hintForMisread(written),
        chart: staged.metadata.name,
        file,
        ...place,
        environments,
        path: formatPointer(path),
      },
    ];
  });
}
