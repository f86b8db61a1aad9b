import { type AbstractValue, either, NOTHING } from './abstract-value.ts';
import type { Step } from './template-tree.ts';

/** The variables of a block, and of those around it. */
export interface Scope {
  readonly variables: Map<string, AbstractValue>;
  readonly around: Scope | undefined;
}

export type Block = Extract<Step, { kind: 'if' | 'with' | 'range' }>;

/** What the variables that can be seen somewhere are. */
export type State = readonly (readonly [Scope, ReadonlyMap<string, AbstractValue>])[];

export function stateOf(scope: Scope): State {
  const state: [Scope, Map<string, AbstractValue>][] = [];
  for (let at: Scope | undefined = scope; at !== undefined; at = at.around) state.push([at, new Map(at.variables)]);
  return state;
}

export function restore(state: State): void {
  for (const [scope, variables] of state) for (const [name, value] of variables) scope.variables.set(name, value);
}

/** Lets the variables be what they are, or what they were; those to which that is new. */
export function join(state: State): Variable[] {
  const grown: Variable[] = [];
  for (const [scope, variables] of state) {
    for (const [name, value] of variables) {
      const joined = either(value, scope.variables.get(name) ?? NOTHING);
      if (joined !== value) grown.push([scope, name]);
      scope.variables.set(name, joined);
    }
  }
  return grown;
}

export type Variable = readonly [Scope, string];

const assigning = new WeakMap<Block, boolean>();

/** Whether a block sets variables that were declared before. */
export function assigns(block: Block): boolean {
  let known = assigning.get(block);
  if (known === undefined) {
    known =
      block.pipe.assigns ||
      [...block.body, ...block.other].some((step) =>
        step.kind === 'print' ? step.pipe.assigns : 'body' in step && assigns(step),
      );
    assigning.set(block, known);
  }
  return known;
}

/** Whether a loop has a `break` or a `continue`; those of loops in it count, too. */
export function canBeLeft(steps: readonly Step[]): boolean {
  return steps.some((step) => step.kind === 'leave' || ('body' in step && canBeLeft([...step.body, ...step.other])));
}
