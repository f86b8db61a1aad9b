import { ComponentType, ExternalReferenceType, HashAlgorithm } from '@cyclonedx/cyclonedx-library/Enums';
import {
  Bom,
  Component,
  ExternalReference,
  Metadata,
  type OptionalComponentProperties,
  Property,
  Tool,
  ToolRepository,
  Tools,
} from '@cyclonedx/cyclonedx-library/Models';
import { JSON as Json, JsonSerializer } from '@cyclonedx/cyclonedx-library/Serialize';
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec';
import type { ChartContents } from './chart-contents.ts';
import { parseImage } from './image-reference.ts';
import type { ChartPackage } from './staged.ts';

/**
 * The bill of materials of a chart in CycloneDX: its package, its dependencies by what they hold, and the images that
 * its pods run. The same chart gives the same bytes: it has no serial number, its time is the package's, and nothing
 * in it says where it is published. Loaded where it is needed: few runs do.
 */
export function billOfMaterials(pkg: ChartPackage, contents: ChartContents, toolVersion: string): string {
  const chart = component(ComponentType.Application, pkg.name, {
    bomRef: `chart:${pkg.name}@${pkg.version}`,
    version: pkg.version,
    sha256: pkg.sha256,
  });
  const bom = new Bom({
    metadata: new Metadata({
      component: chart,
      tools: new Tools({ tools: new ToolRepository([new Tool({ name: 'chartship', version: toolVersion })]) }),
      ...timeOf(pkg),
    }),
  });
  const parts = [
    ...contents.dependencies.map(dependencyComponent),
    ...[...contents.images].map(([image, environments]) => imageComponent(image, environments)),
  ];
  for (const part of parts) {
    bom.components.add(part);
    chart.dependencies.add(part.bomRef);
  }
  const serializer = new JsonSerializer(new Json.Normalize.Factory(Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function dependencyComponent({ name, alias, version, sha256, from }: ChartContents['dependencies'][number]): Component {
  const dependency = component(ComponentType.Application, name, {
    bomRef: `dependency:${alias ?? name}@${version}`,
    version,
    ...(sha256 !== undefined && { sha256 }),
  });
  if (alias !== undefined) dependency.properties.add(new Property('chartship:alias', alias));
  if (/^(?:oci|https?):\/\/(?![^/]*@)/.test(from))
    dependency.externalReferences.add(new ExternalReference(from, ExternalReferenceType.Distribution));
  return dependency;
}

/** An image by its digest is named by the digest; one by a tag alone, which may be another image tomorrow, has none. */
function imageComponent(image: string, environments: ReadonlySet<string>): Component {
  const parsed = parseImage(image);
  const digest = parsed?.reference.startsWith('sha256:') ? parsed.reference : undefined;
  const name = parsed === undefined ? image : `${parsed.host}/${parsed.repository}`;
  const made = component(ComponentType.Container, name, {
    bomRef: `image:${image}`,
    ...(parsed !== undefined && { version: parsed.reference }),
    ...(parsed !== undefined && digest !== undefined && { purl: packageUrl(parsed.host, parsed.repository, digest) }),
    ...(digest !== undefined && { sha256: digest.slice('sha256:'.length) }),
  });
  made.properties.add(new Property('chartship:image', image));
  for (const environment of environments) made.properties.add(new Property('chartship:environment', environment));
  return made;
}

/** As the package URL specification has it for images: the last part of the name, and where the whole is. */
function packageUrl(host: string, repository: string, digest: string): string {
  const name = repository.split('/').at(-1) ?? repository;
  return `pkg:oci/${name}@${encodeURIComponent(digest)}?repository_url=${encodeURIComponent(`${host}/${repository}`)}`;
}

function component(
  type: ComponentType,
  name: string,
  { sha256, ...properties }: OptionalComponentProperties & { readonly sha256?: string },
): Component {
  const made = new Component(type, name, properties);
  if (sha256 !== undefined) made.hashes.set(HashAlgorithm['SHA-256'], sha256);
  return made;
}

/** When the package says that it was made. */
function timeOf({ annotations }: ChartPackage): { timestamp?: Date } {
  const time = new Date(annotations['org.opencontainers.image.created'] ?? '');
  return Number.isNaN(time.getTime()) ? {} : { timestamp: time };
}
