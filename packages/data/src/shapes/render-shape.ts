import { drawUniform, threefry2x32, type Rng } from '@selfsup/core';
import { clutterAt, drawClutter } from './clutter.ts';
import { SHAPE_CLASSES } from './outline.ts';
import { drawPalette, paintAt } from './palette.ts';
import { rotation } from './rotation.ts';
import { drawTexture, textureAt } from './texture.ts';

/** At least as many uniform numbers as a scene takes. */
const DRAWS = 64;
/** No outline reaches further than this from its center. */
const REACH = 1.25;

/** Everything about an image but its noise, drawn from the stream `scene`. */
function drawScene(rng: Rng) {
  const uniforms = drawUniform(rng.fold('scene'), DRAWS);
  let used = 0;
  const draw = () => uniforms[used++]!;
  const paints = drawPalette(draw);
  const radius = 0.55 + 0.13 * draw();
  const stretch = 0.9 + 0.2 * draw();
  const [cos, sin] = rotation(0.2 * draw() - 0.1); // up to 36 degrees either way
  const mirror = draw() < 0.5 ? -1 : 1;
  const cx = (1.15 - radius) * (2 * draw() - 1); // part of it may lie outside the frame
  const cy = (1.15 - radius) * (2 * draw() - 1);
  const textures = { shape: drawTexture(draw), background: drawTexture(draw) };
  const amounts = { shape: 0.03 * draw(), background: 0.03 * draw() };
  const clutter = drawClutter(draw);
  const noise = 0.06 * draw();
  return { paints, radius, stretch, cos, sin, mirror, cx, cy, textures, amounts, clutter, noise };
}

/** How much of the pixel around a point of the frame the shape covers, in [0, 1]. */
function coverOf(scene: ReturnType<typeof drawScene>, label: number, pixel: number): (x: number, y: number) => number {
  const { outline } = SHAPE_CLASSES[label]!;
  const { radius, stretch, cos, sin, mirror, cx, cy } = scene;
  const toOutline = { x: mirror / (radius * stretch), y: stretch / radius };
  return (x, y) => {
    const u = (cos * (x - cx) + sin * (y - cy)) * toOutline.x;
    const v = (cos * (y - cy) - sin * (x - cx)) * toOutline.y;
    return u * u + v * v > REACH * REACH ? 0 : Math.max(0, Math.min(1, 0.5 - (outline(u, v) * radius) / pixel));
  };
}

/**
 * Says which pixels of an image of {@link renderShape} the shape covers by at least half.
 *
 * @param rng the image's own stream
 * @param label which shape, 0 … 9
 * @param target `size`: the side in pixels; `out`: receives `[size, size]` bytes: `label + 1` on the shape, 0 elsewhere
 */
export function maskShape(rng: Rng, label: number, target: { size: number; out: Uint8Array }): void {
  const { size, out } = target;
  const pixel = 2 / size;
  const coverAt = coverOf(drawScene(rng), label, pixel);
  for (let row = 0, at = 0; row < size; row++)
    for (let column = 0; column < size; column++, at++)
      out[at] = coverAt((column + 0.5) * pixel - 1, 1 - (row + 0.5) * pixel) >= 0.5 ? label + 1 : 0;
}

/**
 * Renders one image: a shape over a background, antialiased by its signed distance, with clutter below it and noise above.
 *
 * @param rng the image's own stream
 * @param label which shape, 0 … 9
 * @param target `size`: the side in pixels; `out`: receives `[size, size, 3]` bytes
 */
export function renderShape(rng: Rng, label: number, target: { size: number; out: Uint8Array }): void {
  const { size, out } = target;
  const scene = drawScene(rng);
  const { paints, textures, amounts, clutter, noise } = scene;
  const key = [rng.fold('noise 0').seed(), rng.fold('noise 1').seed()] as const;
  const counter: [number, number] = [0, 0];
  const words = new Uint32Array(2);
  const front = new Float64Array(3);
  const back = new Float64Array(3);
  const point = { x: 0, y: 0 };
  const pixel = 2 / size;
  const coverAt = coverOf(scene, label, pixel);
  for (let row = 0, at = 0; row < size; row++) {
    const y = 1 - (row + 0.5) * pixel;
    for (let column = 0; column < size; column++, at += 3) {
      const x = (column + 0.5) * pixel - 1;
      point.x = x;
      point.y = y;
      const cover = coverAt(x, y);
      let under = 0;
      let over = 0;
      if (cover < 1) {
        paintAt(paints.background, point, back);
        under = textureAt(textures.background, x, y) * amounts.background + clutterAt(clutter, point, pixel);
      }
      if (cover > 0) {
        paintAt(paints.shape, point, front);
        over = textureAt(textures.shape, x, y) * amounts.shape;
      }
      const index = row * size + column;
      if ((index & 1) === 0) {
        counter[0] = index >>> 1;
        threefry2x32(key, counter, words);
      }
      const word = words[index & 1]!;
      for (let channel = 0; channel < 3; channel++) {
        const bits = word >>> (10 * channel);
        const grain = ((bits & 31) + ((bits >>> 5) & 31)) / 31 - 1; // triangular in −1 … 1: the sum of two uniform draws
        const value = (back[channel]! + under) * (1 - cover) + (front[channel]! + over) * cover + grain * noise;
        out[at + channel] = Math.max(0, Math.min(255, Math.floor(value * 255 + 0.5)));
      }
    }
  }
}
