import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
import{require_undici}from"./chunk-5F2VVCNV.js";import"./chunk-PGMZPJCF.js";export default require_undici();
