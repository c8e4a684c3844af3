import { rotation } from './rotation.ts';

/** A texture: a value in −1 … 1 at each point of the frame, whose coordinates run from −1 to 1. */
export type Texture = (x: number, y: number) => number;

/** Gives the next uniform number in [0, 1) of an image's own stream. */
export type Draw = () => number;

/** A triangle wave of period 1 with slightly flattened tops: stripes with soft edges. */
function wave(phase: number): number {
  const t = phase - Math.floor(phase);
  const triangle = t < 0.5 ? 4 * t - 1 : 3 - 4 * t;
  return Math.max(-1, Math.min(1, 2.5 * triangle));
}

/**
 * Draws a texture: plain, a gradient, stripes, or checks, each at a random angle, period and phase.
 *
 * @param draw the image's stream; always called four times
 * @returns the texture
 */
export function drawTexture(draw: Draw): Texture {
  const kind = Math.floor(draw() * 4);
  const [cos, sin] = rotation(draw());
  const frequency = 1 + 1.5 * draw(); // periods per unit: 6 to 16 pixels each at 32
  const phase = draw();
  if (kind === 0) return () => 0;
  if (kind === 1) return (x, y) => Math.max(-1, Math.min(1, (cos * x + sin * y) * 0.8));
  if (kind === 2) return (x, y) => wave(frequency * (cos * x + sin * y) + phase);
  return (x, y) => wave(frequency * (cos * x + sin * y) + phase) * wave(frequency * (cos * y - sin * x) + phase);
}
