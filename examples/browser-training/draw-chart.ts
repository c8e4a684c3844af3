/** A point of a curve. */
export type Point = readonly [x: number, y: number];

/** What a chart shows. */
export interface Chart {
  /** The curve. */
  readonly points: readonly Point[];
  /** Where the horizontal axis ends; it begins at 0. */
  readonly end: number;
  /** What is counted on the horizontal axis. */
  readonly unit: string;
  /** How a value is written. */
  readonly write: (value: number) => string;
  /** Whether every point is drawn, and not only their running mean. */
  readonly dots?: boolean;
  /** Values to compare with, by name. */
  readonly baselines?: Readonly<Record<string, number>>;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [360, 190, 40, 8, 10, 24];

function element(name: string, attributes: Readonly<Record<string, string | number>>, text?: string): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** About four round numbers that span the values. */
function ticksOf(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const rough = (high - low || Math.abs(high) || 1) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const first = Math.floor(low / step);
  return Array.from({ length: Math.max(1, Math.ceil(high / step - 1e-9) - first) + 1 }, (_, i) => (first + i) * step);
}

/** A running mean that forgets: the noise of single updates hides the way. */
function smooth(points: readonly Point[]): Point[] {
  let mean = points[0]?.[1] ?? 0;
  return points.map(([x, y], i) => [x, (mean += (y - mean) / Math.min(i + 1, 12))]);
}

/** Draws a curve into a place, in the colors of the page. */
export function drawChart(place: Element, { points, end, unit, write, dots = false, baselines = {} }: Chart): void {
  const ticks = ticksOf([...points.map(([, y]) => y), ...Object.values(baselines), ...(points.length === 0 ? [0, 1] : [])]);
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const across = (x: number) => LEFT + ((WIDTH - LEFT - RIGHT) * x) / Math.max(end, 1e-9);
  const down = (y: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (y - low)) / (high - low);
  const path = (some: readonly Point[]) =>
    some.map(([x, y], i) => `${i ? 'L' : 'M'}${across(x).toFixed(1)} ${down(y).toFixed(1)}`).join('');
  const svg = element('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' });
  for (const tick of ticks)
    svg.append(
      element('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: down(tick), y2: down(tick) }),
      element('text', { x: LEFT - 6, y: down(tick) + 4, 'text-anchor': 'end' }, write(tick)),
    );
  svg.append(
    element('text', { x: LEFT, y: HEIGHT - 6 }, '0'),
    element('text', { x: WIDTH - RIGHT, y: HEIGHT - 6, 'text-anchor': 'end' }, `${end} ${unit}`),
  );
  for (const [name, value] of Object.entries(baselines))
    svg.append(
      element('line', { class: 'baseline', x1: LEFT, x2: WIDTH - RIGHT, y1: down(value), y2: down(value) }),
      element('text', { class: 'baseline-name', x: WIDTH - RIGHT, y: down(value) - 4, 'text-anchor': 'end' }, name),
    );
  if (!dots) svg.append(element('path', { class: 'raw', d: path(points) }));
  svg.append(element('path', { class: 'line', d: path(dots ? points : smooth(points)) }));
  if (dots) for (const [x, y] of points) svg.append(element('circle', { cx: across(x), cy: down(y), r: 3 }));
  place.replaceChildren(svg);
}
