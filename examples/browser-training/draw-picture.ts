import type { Pictures } from './learn.ts';

/** Draws one RGB picture. */
export function drawPicture({ images, shape }: Pictures, index: number): HTMLCanvasElement {
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
