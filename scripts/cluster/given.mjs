// A cluster that somebody else looks after. Only the variable made for it names one: KUBECONFIG and ~/.kube/config
// lead a developer to production, and tests that install, break and remove releases must never follow them.
import fs from 'node:fs';
import { ToolError } from '../tools.mjs';

export const variable = 'CHARTSHIP_E2E_KUBECONFIG';

/** The path of its kubeconfig, or undefined. */
export function givenKubeconfig() {
  const file = process.env[variable];
  if (!file) return undefined;
  if (!fs.existsSync(file)) throw new ToolError(`${variable} names ${file}, which isn't there.`);
  return file;
}
