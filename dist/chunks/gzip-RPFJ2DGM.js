import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
import{gzip}from"./chunk-TNTTYR2Q.js";import"./chunk-ZL23OITE.js";export{gzip};
