/** What is wrong with releasing what is here under a tag; empty when nothing is. */
export function faultsOf(tag, { version, changelog, address, repository }) {
  const faults = [];
  if (tag !== `v${version}`) faults.push(`the tag ${tag} is not v${version}, which package.json says`);
  if (notesOf(version, changelog) === '') faults.push(`CHANGELOG.md says nothing under "## [${version}]"`);
  if (repository !== undefined && address.toLowerCase() !== repository.toLowerCase()) {
    faults.push(
      `this is ${repository}, and package.json says ${address}: workflows and examples would lead there (write it into "repository", npm run generate)`,
    );
  }
  return faults;
}

/** A version's part of the changelog, without its heading. */
export function notesOf(version, changelog) {
  const lines = changelog.split('\n');
  const begin = lines.findIndex((line) => line.startsWith(`## [${version}]`));
  if (begin === -1) return '';
  const length = lines.slice(begin + 1).findIndex((line) => line.startsWith('## ') || /^\[[^\]]+\]: /.test(line));
  return lines
    .slice(begin + 1, length === -1 ? undefined : begin + 1 + length)
    .join('\n')
    .trim();
}
