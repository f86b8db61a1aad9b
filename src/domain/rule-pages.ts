/** What the documentation says of rules. */
export interface RulePages {
  /** Rule → its page, in Markdown. */
  readonly pages: Readonly<Record<string, string>>;
  /** Where the folder of the pages can be read by everybody; `undefined` where it is nowhere known. */
  readonly address?: string;
}
