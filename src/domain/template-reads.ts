import type { ChartFile } from './chart.ts';

/** What of the outside a chart's templates may look at. */
export interface TemplateReads {
  /** `.Capabilities`: the render may differ by Kubernetes version. */
  readonly capabilities: boolean;
  /** `.Release.IsInstall` or `.Release.IsUpgrade`: the render may differ by operation. */
  readonly operation: boolean;
}

/**
 * Looks for reads of `.Capabilities` and of the operation in templates, by their text. Rather true than
 * false: a render too many costs a moment, one too few hides a fault. So `.Release` counts as a read of the
 * operation unless it is followed by one of its other fields, and values count too, since `tpl` renders them.
 */
export function templateReads(files: readonly ChartFile[]): TemplateReads {
  let capabilities = false;
  let operation = false;
  const decoder = new TextDecoder();
  for (const file of files) {
    if (!mayHoldTemplates(file.path)) continue;
    const code = withoutComments(decoder.decode(file.content));
    // Without an action there is nothing to render.
    if (!code.includes('{{')) continue;
    capabilities ||= CAPABILITIES.test(code);
    operation ||= OPERATION.test(code);
    if (capabilities && operation) break;
  }
  return { capabilities, operation };
}

/** Everything that isn't known to hold no templates: `tpl (.Files.Get "…")` can name any file. */
function mayHoldTemplates(path: string): boolean {
  const own = path.replace(/^(?:charts\/[^/]+\/)+/, '');
  if (/\.(?:tgz|gz|png|jpe?g|svg|prov|lock|md)$/i.test(own)) return false;
  return !/^(?:Chart\.yaml|requirements\.yaml|values\.schema\.json|README[^/]*|LICENSE[^/]*|\.helmignore|crds\/.*|ci\/.*)$/.test(
    own,
  );
}

const CAPABILITIES = /\bCapabilities\b/;
const OPERATION =
  /\bIsInstall\b|\bIsUpgrade\b|\.Release\b(?!\s*\.\s*(?:Name|Namespace|Service|Revision)\b)|["'`]Release["'`](?!\s+["'`](?:Name|Namespace|Service|Revision)["'`])/;

/** Comments of templates, and those alone: a `{{` in a YAML comment is still carried out. */
function withoutComments(text: string): string {
  return text.replace(/\{\{-?\s*\/\*[\s\S]*?\*\/\s*-?\}\}/g, '');
}
