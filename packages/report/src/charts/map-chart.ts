import type { MapPoint } from '@selfsup/pretrain';
import { renderSvg } from './render-svg.ts';

/** Options of {@link mapChart}. */
export interface MapChartOptions {
  points: readonly MapPoint[];
  /** The numbers of the points to draw, by group. */
  groups: readonly { readonly color: string; readonly members: readonly number[] }[];
  /** What the chart shows, for screen readers. */
  label: string;
  /** Its own on the page: a letter and digits. */
  id: string;
}

/**
 * Draws a map of points, one series per group: `ecmeta_series_index` is the group, `ecmeta_data_index` the place within it.
 *
 * @param options see {@link MapChartOptions}
 * @returns SVG
 */
export function mapChart(options: MapChartOptions): Promise<string> {
  const { points, groups, label, id } = options;
  // 1000 units across, so that no more digits than can be seen are written
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)].map((values) => {
    const finite = values.filter(Number.isFinite);
    const least = finite.reduce((a, b) => Math.min(a, b), Infinity);
    const span = finite.reduce((a, b) => Math.max(a, b), -Infinity) - least || 1;
    return values.map((value) => Math.round((1000 * (value - least)) / span));
  }) as [number[], number[]];
  const series = groups.map(({ color, members }) => ({
    type: 'scatter',
    color,
    symbolSize: points.length > 600 ? 7 : points.length > 150 ? 9 : 12,
    itemStyle: { opacity: 0.8 },
    data: members.map((i) => [xs[i]!, ys[i]!]),
  }));
  const hidden = { type: 'value', show: false, min: 0, max: 1000 };
  const side = 640;
  const grid = { left: 12, right: 12, top: 12, bottom: 12, outerBoundsMode: 'none' };
  return renderSvg({ grid, xAxis: hidden, yAxis: hidden, series }, { width: side, height: side, label, id });
}
