import { INPUTS, type RawInput } from '../inputs.ts';

/**
 * The Action's inputs, which the runner leaves in INPUT_* variables: upper case, blanks as underscores. It
 * leaves those it doesn't know there, too, so a misspelt input is seen.
 */
export function workflowInputs(environment: NodeJS.ProcessEnv): RawInput[] {
  const inputs: RawInput[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('INPUT_') || text === undefined) continue;
    const name = variable.slice('INPUT_'.length).toLowerCase();
    const known = INPUTS.some((input) => input.name === name);
    if (known || text !== '') inputs.push({ name, text, origin: `input ${name}` });
  }
  return inputs;
}
