import { rotation } from './rotation.ts';

/** Gives the next uniform number in [0, 1) of an image's own stream. */
export type Draw = () => number;

const KINDS = ['plain', 'gradient', 'stripes', 'checks'] as const;

/** A texture over the frame: plain, a gradient, stripes, or checks. */
export interface Texture {
  readonly kind: (typeof KINDS)[number];
  /** The direction of the gradient or across the stripes. */
  readonly cos: number;
  readonly sin: number;
  /** Periods per unit. */
  readonly frequency: number;
  readonly phase: number;
}

/**
 * Draws a texture of any kind, at a random angle, period and phase.
 *
 * @param draw the image's stream; always called four times
 * @returns the texture
 */
export function drawTexture(draw: Draw): Texture {
  const kind = KINDS[Math.floor(draw() * KINDS.length)]!;
  const [cos, sin] = rotation(draw());
  const frequency = 1 + 1.5 * draw(); // 6 to 16 pixels each at 32
  return { kind, cos, sin, frequency, phase: draw() };
}

/** A triangle wave of period 1 with flattened tops: stripes with soft edges. */
function wave(phase: number): number {
  const t = phase - Math.floor(phase);
  const triangle = t < 0.5 ? 4 * t - 1 : 3 - 4 * t;
  return Math.max(-1, Math.min(1, 2.5 * triangle));
}

/**
 * The value of a texture at a point of the frame, whose coordinates run from −1 to 1.
 *
 * @param texture what {@link drawTexture} gave
 * @param x to the right
 * @param y upwards
 * @returns −1 … 1
 */
export function textureAt(texture: Texture, x: number, y: number): number {
  const { kind, cos, sin, frequency, phase } = texture;
  if (kind === 'plain') return 0;
  const along = cos * x + sin * y;
  if (kind === 'gradient') return Math.max(-1, Math.min(1, along * 0.8));
  const stripes = wave(frequency * along + phase);
  return kind === 'stripes' ? stripes : stripes * wave(frequency * (cos * y - sin * x) + phase);
}
