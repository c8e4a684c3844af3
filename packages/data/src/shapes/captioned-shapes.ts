import { drawUniform, threefry2x32, type Rng } from '@selfsup/core';
import type { CaptionedImages } from '../captioned-images.ts';
import { SHAPE_CLASSES } from './outline.ts';
import { renderImages, type ShapesOptions } from './rendered-images.ts';
import { rotation } from './rotation.ts';
import { textureAt, type Texture } from './texture.ts';

/** Options of {@link captionedShapes}. */
export type CaptionedShapesOptions = ShapesOptions;

/** Red, green and blue of each color, 0 … 1. */
const COLORS = {
  red: [0.86, 0.12, 0.12],
  orange: [0.96, 0.55, 0.08],
  yellow: [0.96, 0.92, 0.2],
  green: [0.14, 0.66, 0.2],
  blue: [0.15, 0.28, 0.86],
  purple: [0.58, 0.18, 0.72],
  white: [0.98, 0.98, 0.98],
  black: [0.03, 0.03, 0.03],
} as const;
const COLOR_NAMES = Object.keys(COLORS) as (keyof typeof COLORS)[];

/** What a ground is called, and its texture. */
const GROUNDS = [
  ['plain', 'plain'],
  ['shaded', 'gradient'],
  ['striped', 'stripes'],
  ['checkered', 'checks'],
] as const;

/** As many uniform numbers as a scene takes. */
const DRAWS = 16;
/** No outline reaches further than this from its center. */
const REACH = 1.25;

interface Scene {
  readonly label: number;
  readonly color: keyof typeof COLORS;
  readonly ground: string;
  readonly texture: Texture;
  /** Red, green and blue of the ground, a gray with a tint. */
  readonly tint: readonly [number, number, number];
  readonly amount: number;
  readonly radius: number;
  readonly cos: number;
  readonly sin: number;
  readonly cx: number;
  readonly cy: number;
  readonly noise: number;
  readonly caption: string;
}

/** A shape in words: bars are several. */
const nameShape = (label: number, color: string): string => {
  const { name } = SHAPE_CLASSES[label]!;
  if (name === 'bars') return `${color} bars`;
  return `${color === 'orange' ? 'an' : 'a'} ${color} ${name}`;
};

const sentences: readonly ((shape: string, ground: string) => string)[] = [
  (shape, ground) => `${shape} on a ${ground} ground`,
  (shape, ground) => `a ${ground} ground with ${shape}`,
  (shape, ground) => `${shape} in front of a ${ground} ground`,
];

/** Everything about an image but its noise. */
function drawScene(rng: Rng, label: number): Scene {
  const uniforms = drawUniform(rng.fold('scene'), DRAWS);
  let used = 0;
  const draw = () => uniforms[used++]!;
  const color = COLOR_NAMES[Math.floor(draw() * COLOR_NAMES.length)]!;
  const [ground, kind] = GROUNDS[Math.floor(draw() * GROUNDS.length)]!;
  const [across, down] = rotation(draw());
  const texture: Texture = { kind, cos: across, sin: down, frequency: 1 + draw(), phase: draw() };
  const gray = 0.42 + 0.16 * draw();
  const tint = [gray + 0.05 * (draw() - 0.5), gray + 0.05 * (draw() - 0.5), gray + 0.05 * (draw() - 0.5)] as const;
  const amount = kind === 'plain' ? 0 : 0.12 + 0.08 * draw();
  const radius = 0.5 + 0.16 * draw();
  const [cos, sin] = rotation(0.16 * draw() - 0.08);
  const cx = (1 - radius) * (2 * draw() - 1);
  const cy = (1 - radius) * (2 * draw() - 1);
  const noise = 0.04 * draw();
  const caption = sentences[Math.floor(draw() * sentences.length)]!(nameShape(label, color), ground);
  return { label, color, ground, texture, tint, amount, radius, cos, sin, cx, cy, noise, caption };
}

/** Renders a scene into `[size, size, 3]` bytes. */
function renderScene(rng: Rng, scene: Scene, { size, out }: { size: number; out: Uint8Array }): void {
  const { label, color, texture, tint, amount, radius, cos, sin, cx, cy, noise } = scene;
  const { outline } = SHAPE_CLASSES[label]!;
  const paint = COLORS[color];
  const key = [rng.fold('noise 0').seed(), rng.fold('noise 1').seed()] as const;
  const counter: [number, number] = [0, 0];
  const words = new Uint32Array(2);
  const pixel = 2 / size;
  for (let row = 0, at = 0; row < size; row++) {
    const y = 1 - (row + 0.5) * pixel;
    for (let column = 0; column < size; column++, at += 3) {
      const x = (column + 0.5) * pixel - 1;
      const u = (cos * (x - cx) + sin * (y - cy)) / radius;
      const v = (cos * (y - cy) - sin * (x - cx)) / radius;
      const cover = u * u + v * v > REACH * REACH ? 0 : Math.max(0, Math.min(1, 0.5 - (outline(u, v) * radius) / pixel));
      const under = cover < 1 ? textureAt(texture, x, y) * amount : 0;
      const index = row * size + column;
      if ((index & 1) === 0) {
        counter[0] = index >>> 1;
        threefry2x32(key, counter, words);
      }
      const word = words[index & 1]!;
      for (let channel = 0; channel < 3; channel++) {
        const grain = ((word >>> (10 * channel)) & 1023) / 511.5 - 1;
        const value = (tint[channel]! + under) * (1 - cover) + paint[channel]! * cover + grain * noise;
        out[at + channel] = Math.max(0, Math.min(255, Math.floor(value * 255 + 0.5)));
      }
    }
  }
}

/**
 * Procedural images with captions, to try what learns from images and texts: one of the ten shapes of `shapes` in one of eight colors on one of four grounds, and a
 * sentence such as `a red star on a striped ground`, in one of three forms.
 *
 * @param options `count` and `seed`; `split` (default `train`) and `size` (default 32 pixels)
 * @returns RGB images with their captions; image i has shape i mod 10, its label, and depends on nothing but seed, split, size and i
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @remarks Many images say the same: there are 320 scenes in words. Unlike in `shapes`, the color is one that can be named. Images are rendered when they are
 * first read and kept, up to 256 MiB; the bytes are the same everywhere.
 * @example
 * ```ts
 * import { captionedShapes } from '@selfsup/data';
 * const dataset = captionedShapes({ count: 4000, seed: 0 });
 * console.log(dataset.captions[0]); // such as: a red triangle on a plain ground
 * ```
 */
export function captionedShapes(options: CaptionedShapesOptions): CaptionedImages {
  const { images, streamOf } = renderImages(options, {
    who: 'captionedShapes',
    name: 'captioned-shapes',
    stream: 'captioned shapes',
    render: (rng, label, target) => {
      renderScene(rng, drawScene(rng, label), target);
    },
  });
  const captions = Array.from(images.labels!, (label, i) => drawScene(streamOf(i), label).caption);
  return { ...images, captions };
}
