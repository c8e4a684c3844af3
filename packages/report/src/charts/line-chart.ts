import type { Chart, Series } from '@selfsup/pretrain';
import { renderSvg } from './render-svg.ts';
import { textWidth } from './text-width.ts';
import { thinPoints } from './thin-points.ts';
import { chooseTicks, labelTicks, type Ticks } from './ticks.ts';

/** How a series looks. */
export interface SeriesLook {
  readonly series: Series;
  /** A CSS color that follows light and dark. */
  readonly color: string;
  /** Lengths of dashes and gaps, in pixels; absent for a line without gaps. */
  readonly dashes?: readonly [number, number];
}

const WIDTH = 370;
const HEIGHT = 208;
const MAX_POINTS = 500;
const FONT = 13;
/** A line of so few points shows where they are. */
const FEW_POINTS = 12;
const LINES = ['--accent', '--c1', '--c2', '--c4', '--c3', '--c5', '--c6'];
const LEVELS = ['--calm', '--warm', '--c4', '--c6'];
const DASHES = [
  [5, 4],
  [2, 3],
  [10, 3],
] as const;

const pick = <T>(list: readonly T[], i: number): T => list[i % list.length]!;

/**
 * Chooses colors: each line its own, the n-th faint series that of the n-th line, levels dashed each in its way.
 *
 * @param series of one chart
 * @returns one look for each, in the same order
 */
export function seriesLooks(series: readonly Series[]): SeriesLook[] {
  const counts = { line: 0, faint: 0, level: 0 };
  return series.map((one) => {
    const style = one.style ?? 'line';
    const number = counts[style]++;
    const color = `var(${pick(style === 'level' ? LEVELS : LINES, number)})`;
    return { series: one, color, ...(style === 'level' && { dashes: pick(DASHES, number) }) };
  });
}

const isFinitePoint = ([x, y]: readonly [number, number]) => Number.isFinite(x) && Number.isFinite(y);
const range = (values: readonly number[]): [number, number] =>
  values.reduce<[number, number]>(([least, greatest], value) => [Math.min(least, value), Math.max(greatest, value)], [Infinity, -Infinity]);

/** Whether a chart has a number to draw. */
export const hasPoints = ({ series }: Chart): boolean => series.some(({ points }) => points.some(isFinitePoint));

/** Whether a unit is so long that it belongs beside the title, not after each number. */
export const unitBeside = ({ unit = '' }: Chart): boolean => textWidth(unit, FONT) > 60;

/** A number for a sentence: `0.0123`, `4.21`. */
const brief = (value: number) => String(Number(value.toPrecision(3)));

/** What a chart shows, in words. */
export function describeChart({ title, series, unit = '', xName = 'epoch' }: Chart): string {
  const after = unit === '' ? '' : ` ${unit}`;
  const parts = series.flatMap(({ name, points, style }) => {
    const finite = points.filter(isFinitePoint);
    const [first, last] = [finite[0], finite.at(-1)];
    if (style === 'faint' || !first || !last) return [];
    if (style === 'level' || finite.length === 1) return [`${name} ${brief(last[1])}${after}`];
    return [
      `${name} from ${brief(first[1])}${after} at ${xName} ${brief(first[0])} to ${brief(last[1])}${after} at ${xName} ${brief(last[0])}`,
    ];
  });
  return parts.length === 0 ? title : `${title}: ${parts.join('; ')}`;
}

interface Axis extends Ticks {
  readonly min: number;
  readonly max: number;
  readonly labels: readonly string[];
}

function verticalAxis(values: readonly number[], chart: Chart): Axis {
  const { fromZero = false, unit } = chart;
  const [least, greatest] = range(fromZero ? [...values, 0] : values);
  const flat = fromZero && least === greatest;
  const ticks = chooseTicks(least, flat ? 1 : greatest, { count: 4 });
  return { ...ticks, min: ticks.values[0]!, max: ticks.values.at(-1)!, labels: labelTicks(ticks, unitBeside(chart) ? undefined : unit) };
}

/** Of a logarithmic axis, in powers of ten: all of a few numbers, or the powers of ten. */
function logarithmicAxis(exponents: readonly number[]): Axis {
  const [min, max] = range(exponents);
  const all = [...new Set(exponents)].sort((a, b) => a - b);
  const powers = chooseTicks(min, max, { count: 4, inside: true, whole: true });
  const values = all.length <= 6 || powers.values.length < 2 ? all : powers.values;
  const labels = values.map((value) => labelTicks({ values: [Number((10 ** value).toPrecision(6))], step: 10 ** Math.floor(value) })[0]!);
  return { values, labels, step: 1, min, max };
}

function horizontalAxis(xs: readonly number[], plotWidth: number): Axis {
  const [least, max] = range(xs);
  const min = Math.min(0, least);
  // fewer steps where the numbers are wide
  for (let count = 6; ; count--) {
    const ticks = chooseTicks(min, max, { count, inside: true, whole: max - min >= 2 });
    const labels = labelTicks(ticks);
    const room = ((plotWidth * ticks.step) / Math.max(max - min, ticks.step)) * 0.8;
    if (count === 1 || labels.every((label) => textWidth(label, FONT) < room))
      return { ...ticks, min, max: max > min ? max : min + 1, labels };
  }
}

/** Labels that would touch their neighbor on the left are left out. */
function withoutOverlap({ values, labels, min, max, step }: Axis, plotWidth: number): Axis {
  const kept: number[] = [];
  let end = -Infinity;
  values.forEach((value, i) => {
    const center = ((value - min) / Math.max(max - min, 1e-12)) * plotWidth;
    const half = textWidth(labels[i]!, FONT) / 2;
    if (center - half < end + 6) return;
    kept.push(i);
    end = center + half;
  });
  return { values: kept.map((i) => values[i]!), labels: kept.map((i) => labels[i]!), min, max, step };
}

/**
 * Draws lines. The room beside the axis is that of the longest label; the name of the horizontal axis is not drawn.
 *
 * @param chart has at least one point of finite numbers; where a number is not finite the line is interrupted
 * @param id its own on the page: a letter and digits
 * @returns SVG, colored by the page's custom properties
 */
export function lineChart(chart: Chart, id: string): Promise<string> {
  const { series, xScale = 'linear' } = chart;
  const logarithmic = xScale === 'log';
  const place = (x: number) => (logarithmic ? Math.log10(x) : x);
  const looks = seriesLooks(series).map((look) => ({
    ...look,
    points: look.series.points.map(([x, y]) => [place(x), y] as const).filter(([x]) => Number.isFinite(x)),
  }));
  const finite = looks.flatMap(({ points }) => points.filter(isFinitePoint));
  const y = verticalAxis(
    finite.map(([, value]) => value),
    chart,
  );
  const left = Math.max(24, 12 + Math.max(...y.labels.map((label) => textWidth(label, FONT))));
  const xs = finite.map(([x]) => x);
  const rough = logarithmic ? logarithmicAxis(xs) : horizontalAxis(xs, WIDTH - left - 20);
  const right = Math.max(14, 4 + Math.ceil(textWidth(rough.labels.at(-1)!, FONT) / 2));
  const x = withoutOverlap(rough, WIDTH - left - right);
  const label = (axis: Axis) => (value: number) => {
    const nearest = axis.values.reduce(
      (best, candidate, i) => (Math.abs(candidate - value) < Math.abs(axis.values[best]! - value) ? i : best),
      0,
    );
    return axis.labels[nearest]!;
  };
  const common = { type: 'value', axisLine: { show: false }, axisTick: { show: false } };
  const text = { color: 'var(--soft)', fontSize: FONT };
  const xAxis = {
    ...common,
    ...{ min: x.min, max: x.max, splitLine: { show: false } },
    axisLabel: { ...text, customValues: x.values, formatter: label(x) },
  };
  const yAxis = {
    ...common,
    ...{ min: y.min, max: y.max, interval: y.step },
    splitLine: { lineStyle: { color: 'var(--line)', width: 1 } },
    axisLabel: { ...text, formatter: label(y) },
  };
  const drawn = looks.map(({ series: { style = 'line' }, points, color, dashes }) => {
    const ends = style === 'level' && points.length === 1 ? [x.min, x.max].map((end) => [end, points[0]![1]] as const) : points;
    return {
      type: 'line',
      data: thinPoints(ends, MAX_POINTS).map(([at, value]) => [at, Number.isFinite(value) ? value : '-']),
      color,
      silent: true,
      z: { faint: 1, level: 2, line: 3 }[style],
      showSymbol: style === 'line' && points.length <= FEW_POINTS,
      symbol: 'circle',
      symbolSize: 7,
      lineStyle: {
        width: { faint: 1, level: 1.75, line: 2.5 }[style],
        opacity: style === 'faint' ? 0.35 : 1,
        ...(dashes && { type: dashes }),
      },
    };
  });
  const grid = { left, right, top: 14, bottom: 24, outerBoundsMode: 'none' };
  return renderSvg({ grid, xAxis, yAxis, series: drawn }, { width: WIDTH, height: HEIGHT, label: describeChart(chart), id });
}
