import { drawPicture } from './draw-picture.ts';
import type { Features, Pictures } from './learn.ts';

/** How many neighbors are shown. */
const SHOWN = 8;

/** The rows whose features have the largest cosine similarity to those of one row, without that row. */
function nearest({ data, shape }: Features, row: number): number[] {
  const [rows = 0, dim = 0] = shape;
  const vector = (i: number) => data.subarray(i * dim, (i + 1) * dim);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const cosines = Array.from({ length: rows }, (_, i) => dot(vector(i), vector(row)) / Math.sqrt(dot(vector(i), vector(i)) || 1));
  return [...cosines.keys()].filter((i) => i !== row).sort((a, b) => cosines[b]! - cosines[a]!);
}

/** What an encoder finds alike, and how it is called. */
export interface Stage {
  readonly title: string;
  readonly features: Features;
}

/** Shows for one picture which others each stage finds most like it; of those with labels, which are of the same kind. */
export function showNeighbors(
  place: Element,
  { pictures, chosen, stages }: { pictures: Pictures; chosen: number; stages: readonly Stage[] },
): void {
  const { labels } = pictures;
  const isSame = (index: number) => labels !== undefined && labels[index] === labels[chosen];
  const rows = stages.flatMap(({ title, features }) => {
    const found = nearest(features, chosen).slice(0, SHOWN);
    const heading = document.createElement('h3');
    heading.append(title);
    if (labels) {
      const share = document.createElement('small');
      share.textContent = `${found.filter(isSame).length} of ${found.length} of the same kind`;
      heading.append(share);
    }
    const strip = document.createElement('div');
    strip.className = 'strip';
    for (const index of found) {
      const canvas = drawPicture(pictures, index);
      canvas.classList.toggle('same', isSame(index));
      strip.append(canvas);
    }
    return [heading, strip];
  });
  place.replaceChildren(...rows);
}
