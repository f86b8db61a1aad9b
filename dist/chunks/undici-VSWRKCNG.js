import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
import{require_undici}from"./chunk-7ITZP3H4.js";import"./chunk-HMZEW2HO.js";export default require_undici();
