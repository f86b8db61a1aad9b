import { type CustomKinds, customKinds, isDefinition } from './custom-kinds.ts';
import type { Finding } from './finding.ts';
import type { KindName } from './kubernetes-schemas.ts';
import { documentsOfFile } from './manifest.ts';
import { type RenderedObject, readDocument } from './rendered-objects.ts';

/** A file that `crd-schemas` gives. */
export interface GivenFile {
  /** Relative to the repository's root. */
  readonly shown: string;
  readonly text: string;
}

/** The kinds that `crd-schemas` gives, and what was wrong with those of its files that were needed. */
export interface GivenDefinitions {
  readonly kinds: CustomKinds;
  findings(): readonly Finding[];
}

/** Of hundreds of definitions a chart needs some: a document is read once it may be the one that is asked for. */
export function givenDefinitions(files: readonly GivenFile[]): GivenDefinitions {
  const findings: Finding[] = [];
  const unread = new Set(files.flatMap(({ shown, text }) => documentsOfFile(text, shown)));
  const definitions: RenderedObject[] = [];
  let known = customKinds([], NOTHING);
  const need = ({ kind }: KindName): void => {
    const before = definitions.length;
    for (const document of unread) {
      if (!document.text.includes(kind)) continue;
      unread.delete(document);
      const content = readDocument(document.text);
      definitions.push(...content.objects.filter(isDefinition));
      if (content.unread !== undefined)
        findings.push(unusable(document.template, `holds a document that ${content.unread}`));
    }
    if (definitions.length > before) known = customKinds(definitions, NOTHING);
  };
  return {
    findings: () => findings,
    kinds: {
      kind: (name) => {
        need(name);
        return known.kind(name);
      },
      otherVersions: (name) => {
        need(name);
        return known.otherVersions(name);
      },
    },
  };
}

const NOTHING: CustomKinds = { kind: () => undefined, otherVersions: () => [] };

function unusable(file: string, message: string): Finding {
  return { stage: 'validate', rule: 'schema/crd-schemas', severity: 'error', message: `${file} ${message}`, file };
}
