import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubernetesSchemas, readKubernetesSchemas } from '../../src/domain/kubernetes-schemas.ts';
import { repository } from './scenario.ts';

export const schemaBytes: Uint8Array = readFileSync(join(repository, 'schemas/kubernetes.jsonl.br'));

let read: KubernetesSchemas | undefined;

/** The committed schemas. */
export function kubernetesSchemas(): KubernetesSchemas {
  read ??= readKubernetesSchemas(schemaBytes);
  return read;
}
