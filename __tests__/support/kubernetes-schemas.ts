import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { type KubernetesSchemas, readKubernetesSchemas } from '../../src/domain/kubernetes-schemas.ts';
import { KUBERNETES_YAML } from '../../src/domain/kubernetes-yaml.ts';
import { repository } from './scenario.ts';

export const schemaBytes: Uint8Array = readFileSync(join(repository, 'schemas/kubernetes.jsonl.br'));

let read: KubernetesSchemas | undefined;

/** The committed schemas. */
export function kubernetesSchemas(): KubernetesSchemas {
  read ??= readKubernetesSchemas(schemaBytes);
  return read;
}

/** Objects that a real API server accepts, of many kinds. */
export function goodObjects(): Record<string, unknown>[] {
  return ['good', 'rare', 'lists'].flatMap((name) => {
    const text = readFileSync(join(repository, `__tests__/fixtures/kubernetes/${name}.yaml`), 'utf8');
    return loadAll(text, { schema: KUBERNETES_YAML }) as Record<string, unknown>[];
  });
}
