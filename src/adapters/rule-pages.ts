import pages from 'rule-pages';
import { nearest } from '../domain/nearest.ts';
import type { RulePages } from '../domain/rule-pages.ts';

/** `owner/name` at GitHub, of package.json, by the build; empty while it names no owner. */
declare const CHARTSHIP_REPOSITORY: string | undefined;

/** All pages, and where they are published. */
export function rulePages(): RulePages {
  const repository = typeof CHARTSHIP_REPOSITORY === 'string' ? CHARTSHIP_REPOSITORY : '';
  return { pages, ...(repository !== '' && { address: `https://github.com/${repository}/blob/HEAD/docs/rules` }) };
}

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
