import type { GalleryItem, Samples } from '@selfsup/pretrain';
import { asWindows } from './data/window-samples.ts';

const [WIDTH, HEIGHT] = [96, 48];
/** Told apart by people who see few colors, too; further channels begin again. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];

/** A line chart of one window `[length, channels]`, all channels on one scale. */
function drawWindow(values: Float32Array, channels: number): string {
  const length = values.length / channels;
  const [least, most] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const place = (t: number, value: number) =>
    `${((t / Math.max(1, length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - ((value - least) / (most - least || 1)) * HEIGHT).toFixed(1)}`;
  const lines = Array.from({ length: channels }, (_, c) => {
    const points = Array.from({ length }, (__, t) => place(t, values[t * channels + c]!)).join(' ');
    return `<polyline fill="none" stroke="${COLORS[c % COLORS.length]!}" points="${points}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 ${WIDTH + 2} ${HEIGHT + 2}" width="${WIDTH}" height="${HEIGHT}">${lines.join('')}</svg>`;
}

/**
 * Small line charts of windows, for reports.
 *
 * @param samples windows
 * @param indices which
 * @returns one item per index with an SVG as a data URI
 */
export async function drawWindows(samples: Samples, indices: readonly number[]): Promise<readonly GalleryItem[]> {
  const { values, shape } = await asWindows(samples).read(indices);
  const size = shape[1] * shape[2];
  return indices.map((_, row) => ({
    image: `data:image/svg+xml;base64,${btoa(drawWindow(values.subarray(row * size, (row + 1) * size), shape[2]))}`,
  }));
}
