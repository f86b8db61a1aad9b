import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What esbuild makes of an import of zip.js' WebAssembly: its bytes. */
const file = fileURLToPath(new URL('../../node_modules/@zip.js/zip.js/dist/zip-module.wasm', import.meta.url));
export default new Uint8Array(readFileSync(file));
