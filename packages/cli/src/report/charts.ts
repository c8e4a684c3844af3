import type { EChartsCoreOption } from 'echarts/core';

/** A line of a chart. */
export interface ChartLine {
  /** Its name in the legend. */
  readonly name: string;
  /** `[x, y]`. */
  readonly points: readonly (readonly [number, number])[];
  /** A CSS color; custom properties follow light and dark. */
  readonly color: string;
  /** Thin and pale, for what only accompanies. */
  readonly quiet?: boolean;
  /** Dashed, for a level to compare with. */
  readonly dashed?: boolean;
}

/** Options of {@link lineChart}. */
export interface LineChartOptions {
  lines: readonly ChartLine[];
  /** What the chart shows, for screen readers. */
  title: string;
  /** False: the axis need not begin at 0. */
  fromZero?: boolean;
  /** Writes the numbers of the y axis. */
  format?: (value: number) => string;
  /** What the x axis counts; default `epoch`. */
  xName?: string;
  /** Whether the x axis is logarithmic and starts at the first point; default false: it starts at 0. */
  logarithmic?: boolean;
}

const WIDTH = 370;
const HEIGHT = 230;
const MAX_POINTS = 500;

/** Every n-th point and the last one, so that a page stays small. */
function thin<T>(points: readonly T[]): T[] {
  const step = Math.max(1, Math.ceil(points.length / MAX_POINTS));
  return points.filter((_, i) => i % step === 0 || i === points.length - 1);
}

async function render(option: EChartsCoreOption, size: { width: number; height: number; title: string }): Promise<string> {
  const [core, { LineChart, ScatterChart }, { GridComponent }, { SVGRenderer }] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ]);
  core.use([LineChart, ScatterChart, GridComponent, SVGRenderer]);
  const { width, height, title } = size;
  const chart = core.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...option });
    // ids of clip paths and classes of hover rules are those of a page with one chart: make them this chart's own
    const own = `c${title.replace(/\W/g, '')}-`;
    return chart
      .renderToSVGString()
      .replace(/zr\d+-/g, own)
      .replace(/<style[\s\S]*?<\/style>/g, '')
      .replace(/ class="[^"]*"/g, '')
      .replace('<svg ', `<svg role="img" aria-label="${title}" `)
      .replace(/ width="\d+" height="\d+"/, '');
  } finally {
    chart.dispose(); // otherwise its timer keeps the process alive
  }
}

const axis = (extra: object) => ({
  type: 'value',
  axisLine: { show: false },
  axisTick: { show: false },
  axisLabel: { color: 'var(--soft)', fontSize: 13, hideOverlap: true },
  splitLine: { lineStyle: { color: 'var(--line)', width: 1 } },
  nameTextStyle: { color: 'var(--soft)', fontSize: 13 },
  ...extra,
});

/**
 * Draws lines, over epochs or what `xName` says.
 *
 * @param options see {@link LineChartOptions}
 * @returns SVG, colored by the page's custom properties
 */
export function lineChart(options: LineChartOptions): Promise<string> {
  const { lines, title, fromZero = false, format = String, xName = 'epoch', logarithmic = false } = options;
  const last = Math.max(...lines.flatMap(({ points }) => points.map(([x]) => x)));
  const xAxis = axis({
    ...(logarithmic ? { type: 'log', min: Math.min(...lines.flatMap(({ points }) => points.map(([x]) => x))) } : { min: 0 }),
    max: last,
    axisLabel: { color: 'var(--soft)', fontSize: 13, hideOverlap: true, showMaxLabel: Number.isInteger(last) }, // a run may stop within an epoch
    splitLine: { show: false },
    name: xName,
    nameLocation: 'middle',
    nameGap: 26,
  });
  const yAxis = axis({ scale: !fromZero, axisLabel: { color: 'var(--soft)', fontSize: 13, formatter: format }, splitNumber: 4 });
  const series = lines.map(({ points, color, quiet = false, dashed = false }) => ({
    type: 'line',
    data: thin(points),
    color,
    silent: true,
    showSymbol: !quiet && !dashed && points.length <= 12,
    symbol: 'circle',
    symbolSize: 7,
    lineStyle: { width: quiet ? 1 : 2.5, opacity: quiet ? 0.35 : 1, ...(dashed ? { type: [5, 4], width: 1.5 } : {}) },
  }));
  const grid = { left: 44, right: 14, top: 14, bottom: 44 };
  return render({ grid, xAxis, yAxis, series }, { width: WIDTH, height: HEIGHT, title });
}

/** Options of {@link mapChart}. */
export interface MapChartOptions {
  points: readonly { x: number; y: number; label?: number }[];
  /** A CSS color per class; the first one where there are no classes. */
  colors: readonly string[];
  /** What the chart shows, for screen readers. */
  title: string;
}

/**
 * Draws a map of points, one series per class: `ecmeta_series_index` is the class, `ecmeta_data_index` the place within it.
 *
 * @param options see {@link MapChartOptions}
 * @returns SVG, and for each class the numbers of its points in drawing order
 */
export async function mapChart(options: MapChartOptions): Promise<{ svg: string; members: number[][] }> {
  const { points, colors, title } = options;
  const members: number[][] = colors.map(() => []);
  points.forEach(({ label = 0 }, i) => members[label]!.push(i));
  const series = members.map((numbers, label) => ({
    type: 'scatter',
    color: colors[label],
    symbolSize: points.length > 600 ? 7 : 9,
    itemStyle: { opacity: 0.8 },
    data: numbers.map((i) => [Number(points[i]!.x.toFixed(3)), Number(points[i]!.y.toFixed(3))]),
  }));
  const hidden = { type: 'value', show: false, scale: true };
  const side = 640;
  const grid = { left: 10, right: 10, top: 10, bottom: 10 };
  const svg = await render({ grid, xAxis: hidden, yAxis: hidden, series }, { width: side, height: side, title });
  return { svg, members };
}
