import type { PublishOutcome } from '../domain/outcome.ts';
import { isLoopback, parseTarget, tagOf } from '../domain/reference.ts';
import { shellWord } from './shell-word.ts';

/** Whether the reference names what this run's package holds (a refused one names somebody else's content). */
export function isPublished(one: PublishOutcome): one is PublishOutcome & { reference: string } {
  return one.reference !== undefined && (one.outcome === 'pushed' || one.outcome === 'already-published');
}

/** What a person can paste into a shell to use a published chart, by digest. */
export function commandsFor(one: PublishOutcome & { reference: string }): string[] {
  const target = parseTarget(one.registry);
  const name = shellWord(one.chart);
  if (target?.kind === 'layout') {
    // Helm can't read an OCI layout: the package is taken out of it, or copied to a registry.
    const source = shellWord(one.reference.replace(/^oci-layout:/, ''));
    return [
      `oras pull --oci-layout ${source}`,
      `helm install ${name} ${shellWord(`./${one.chart}-${one.version}.tgz`)}`,
      `oras cp --from-oci-layout ${source} ${shellWord(`registry.example/charts/${one.chart}:${tagOf(one.version)}`)}`,
    ];
  }
  const reference = shellWord(one.reference);
  const plain = target !== undefined && isLoopback(target.host) ? ' --plain-http' : '';
  return [
    `helm show chart ${reference}${plain}`,
    `helm pull ${reference}${plain}`,
    `helm install ${name} ${reference}${plain}`,
  ];
}
