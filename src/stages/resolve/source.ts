import type { DependencyFault } from '../../domain/dependency-fault.ts';
import { hasCredentials, hostOf, mirrorOf, shown } from '../../domain/dependency-mirror.ts';
import { satisfies } from '../../domain/dependency-range.ts';
import type { Resolving, Wanted } from './context.ts';

/** Where a dependency that isn't vendored comes from. */
export type Origin =
  | { readonly kind: 'local'; readonly path: string; readonly mirrored: boolean; readonly text: string }
  | { readonly kind: 'remote'; readonly repository: string }
  | { readonly kind: 'none'; readonly fault: DependencyFault };

/** Mirrors first, then by the scheme. A mirror that is used is said. */
export function originOf(resolving: Resolving, wanted: Wanted): Origin {
  const { requirement, version, repository } = wanted;
  const name = requirement.name;
  if (repository === '') {
    const hint = `Put charts/${name}-VERSION.tgz or the folder charts/${name} beside Chart.yaml, or give the dependency a repository.`;
    return none('not-vendored', `${name} ${version} has no repository and is not in charts/`, hint);
  }
  if (hasCredentials(repository)) {
    const hint = `Take them out, change the password, and give it as registry-username and registry-password (host=… a line).`;
    return none('credentials-in-repository', `the repository of ${name} holds credentials: ${shown(repository)}`, hint);
  }
  // Of locked charts without a repository the lock has the range; all others have one version.
  if (satisfies('0.0.0', version) === undefined) {
    return none(
      'range',
      `${name} has a version that is no range: ${JSON.stringify(version)}`,
      'Write it as 1.2.3, ^1.2 or >=1.2 <2.',
    );
  }
  const mirror = mirrorOf(repository, resolving.mirrors);
  const place = mirror ?? repository.replace(/\/+$/, '');
  if (mirror !== undefined) {
    const text = `${name} ${version}: ${hostOf(repository)} is mirrored, fetching from ${shown(mirror)}`;
    resolving.ports.host.progress({ kind: 'note', text });
  }
  if (place.startsWith('file://')) {
    return { kind: 'local', path: place.slice('file://'.length), mirrored: mirror !== undefined, text: place };
  }
  if (isAddress(place)) return { kind: 'remote', repository: place };
  if (/^(?:@|alias:)/.test(place)) {
    const hint = 'Write the URL into Chart.yaml, or give mirrors a line FROM=TO with this alias as FROM.';
    return none(
      'repository-alias',
      `${name} names its repository ${place}, an alias that only helm repo add on one machine knows`,
      hint,
    );
  }
  return none(
    'repository',
    `${name} has a repository that can't be read: ${shown(place)}`,
    'Write it as oci://, https:// or file://.',
  );
}

/** What can be asked, and be an argument of a program: no blanks, no control characters. */
function isAddress(place: string): boolean {
  return (
    /^(?:oci|https?):\/\/[^/]/.test(place) &&
    !/[\s\x00-\x1f\x7f]/.test(place) &&
    URL.canParse(place.replace(/^oci:/, 'https:'))
  );
}

function none(rule: string, message: string, hint: string): Origin {
  return { kind: 'none', fault: { rule: `resolve/${rule}`, message, hint } };
}
