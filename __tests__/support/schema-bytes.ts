import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What esbuild makes of an import of the schemas: their bytes. */
const file = fileURLToPath(new URL('../../schemas/kubernetes.jsonl.br', import.meta.url));
export default new Uint8Array(readFileSync(file));
