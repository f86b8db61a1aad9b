import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
import{require_undici}from"./chunk-B7ORKLUD.js";import"./chunk-ZL23OITE.js";export default require_undici();
