import type { Pictures } from './learn.ts';

/** The rows whose features have the largest cosine similarity to those of one row, that row first. */
function nearest(features: { data: Float32Array; shape: readonly number[] }, row: number): number[] {
  const [rows = 0, dim = 0] = features.shape;
  const vector = (i: number) => features.data.subarray(i * dim, (i + 1) * dim);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const cosines = Array.from({ length: rows }, (_, i) => dot(vector(i), vector(row)) / Math.sqrt(dot(vector(i), vector(i))));
  return [...cosines.keys()].sort((a, b) => cosines[b]! - cosines[a]!);
}

/** Draws one RGB picture. */
function draw({ images, shape }: Pictures, index: number): HTMLCanvasElement {
  const [, height, width] = shape;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const at = (index * width * height + i) * 3;
    pixels.data.set([...images.subarray(at, at + 3), 255], i * 4);
  }
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  return canvas;
}

/** Shows some pictures, each with the nine that the encoder finds most like it. */
export function showNeighbors(
  place: HTMLElement,
  { pictures, features }: { pictures: Pictures; features: { data: Float32Array; shape: readonly number[] } },
): void {
  const lines = [0, 1, 2, 3, 4, 5].map((row) => {
    const line = document.createElement('div');
    line.append(
      ...nearest(features, row)
        .slice(0, 10)
        .map((index) => draw(pictures, index)),
    );
    return line;
  });
  place.replaceChildren(...lines);
}
