import { ToolError } from '../tools.mjs';

/** Where kubeconform finds the schemas of a Kubernetes version, made once from those in schemas/. */
export async function schemaLocation(version) {
  // TypeScript that Node 24 reads as it is; npm runs this with it, once it is installed.
  if (!process.features.typescript)
    throw new ToolError('The bench takes Node 24, which `npm ci` brings: npm run bench.');
  const { kubeconformSchemas } = await import('../../__tests__/support/kubeconform-schemas.ts');
  return `${kubeconformSchemas(version)}/{{ .ResourceKind }}{{ .KindSuffix }}.json`;
}
