import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
import{removeTree}from"./chunks/chunk-OFKASYCU.js";import"./chunks/chunk-HMZEW2HO.js";var left=process.env.STATE_temporary;left!==void 0&&left!==""&&await removeTree(left).catch(error=>{process.stdout.write(`The temporary folder ${left} could not be removed: ${error instanceof Error?error.message:String(error)}
`),process.exitCode=1});
