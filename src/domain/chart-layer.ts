import { CHART_TYPE } from './chart.ts';

/** As Helm wrote it long ago; it still takes it for a chart. */
const OLD_CHART_TYPE = 'application/tar+gzip';

interface Layer {
  readonly mediaType: string;
  readonly digest: string;
}

/**
 * The chart in a manifest. Of several Helm takes whichever it got last: whoever writes there could have one checked and
 * signed and another one installed, so that they are none.
 */
export function chartLayerOf<L extends Layer>(layers: readonly L[]): L | 'none' | 'several' {
  const layer = layers.find(({ mediaType }) => mediaType === CHART_TYPE);
  if (layer === undefined) return 'none';
  const charts = layers.filter(({ mediaType }) => [CHART_TYPE, OLD_CHART_TYPE].includes(mediaType));
  return charts.length === 1 ? layer : 'several';
}
