import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
import{gzip}from"./chunk-F5DXQZDF.js";import"./chunk-HMZEW2HO.js";export{gzip};
