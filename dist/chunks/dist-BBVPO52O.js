import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
import{require_dist}from"./chunk-A3SFM5V3.js";import"./chunk-HMZEW2HO.js";export default require_dist();
