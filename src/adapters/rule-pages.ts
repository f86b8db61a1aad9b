import pages from 'rule-pages';
import { nearest } from '../domain/nearest.ts';

/** What `--explain` prints of a rule, `policy/` left out or not; without one, which there are. Else what is near. */
export function explain(rule: string | undefined): { readonly known: boolean; readonly text: string } {
  const rules = Object.keys(pages);
  if (rule === undefined || rule === '') {
    return { known: true, text: `${rules.join('\n')}\n` };
  }
  const found = [rule, `policy/${rule}`, `schema/${rule}`].find((name) => Object.hasOwn(pages, name));
  if (found !== undefined) return { known: true, text: pages[found] ?? '' };
  const shown = JSON.stringify(rule.slice(0, 60));
  const near =
    nearest(rule, rules) ?? rules.find((name) => name.endsWith(`/${nearest(rule, rules.map(lastStep)) ?? ''}`));
  const hint = near === undefined ? 'chartship --explain lists the rules that have one.' : `Did you mean ${near}?`;
  return { known: false, text: `There is no page on the rule ${shown}. ${hint}\n` };
}

function lastStep(rule: string): string {
  return rule.slice(rule.indexOf('/') + 1);
}
