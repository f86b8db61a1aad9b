import bytes from '../../schemas/kubernetes.jsonl.br';
import { type KubernetesSchemas, readKubernetesSchemas } from './kubernetes-schemas.ts';

/** Kubernetes' schemas as they travel in the bundle; imported only where there is something to validate. */
export const KUBERNETES_SCHEMAS: KubernetesSchemas = readKubernetesSchemas(bytes);
