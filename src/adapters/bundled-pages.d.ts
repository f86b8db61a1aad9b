/** The pages of docs/rules by their rule: made by scripts/build.mjs. */
declare module 'rule-pages' {
  const pages: Readonly<Record<string, string>>;
  export default pages;
}
