import { rotation } from './rotation.ts';
import type { Draw } from './texture.ts';

/**
 * A paint of one brightness whose hue runs around the color wheel across the frame: no crop tells the color of another, so that an encoder
 * trained to recognize crops does not live on color.
 */
export interface Paint {
  readonly luma: number;
  /** In 0 … 1, in the middle of the frame. */
  readonly hue: number;
  /** How far the hue turns per unit to the right and upwards. */
  readonly turnsX: number;
  readonly turnsY: number;
  readonly chroma: number;
}

/** The weights of red, green and blue in the brightness of a color (Rec. 601). */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * The color of a paint at a point of the frame, whose coordinates run from −1 to 1: gray of its luma, plus `chroma` of the pure hue without its
 * own luma.
 *
 * @param paint what {@link drawPalette} gave
 * @param point `x`, to the right, and `y`, upwards
 * @param out receives red, green and blue, about 0 … 1
 */
export function paintAt(paint: Paint, point: { x: number; y: number }, out: Float64Array): void {
  const hue = paint.hue + paint.turnsX * point.x + paint.turnsY * point.y;
  const six = (hue - Math.floor(hue)) * 6;
  const red = Math.max(0, Math.min(1, Math.abs(six - 3) - 1));
  const green = Math.max(0, Math.min(1, 2 - Math.abs(six - 2)));
  const blue = Math.max(0, Math.min(1, 2 - Math.abs(six - 4)));
  const gray = paint.luma - paint.chroma * (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2]);
  out[0] = gray + paint.chroma * red;
  out[1] = gray + paint.chroma * green;
  out[2] = gray + paint.chroma * blue;
}

function drawPaint(luma: number, draw: Draw): Paint {
  const hue = draw();
  const [cos, sin] = rotation(draw());
  const turns = 0.5 + 0.5 * draw(); // from the middle of the frame to its edge
  return { luma, hue, turnsX: turns * cos, turnsY: turns * sin, chroma: 0.04 + 0.08 * draw() };
}

/**
 * Draws the paints of a shape and its background: hues are free, and the two differ in brightness, either way round.
 *
 * @param draw the image's stream; always called eleven times
 * @returns `shape` and `background`
 */
export function drawPalette(draw: Draw): { shape: Paint; background: Paint } {
  const contrast = 0.3 + 0.3 * draw();
  const middle = 0.3 + 0.4 * draw();
  const sign = draw() < 0.5 ? -1 : 1;
  const shape = drawPaint(middle + (sign * contrast) / 2, draw);
  const background = drawPaint(middle - (sign * contrast) / 2, draw);
  return { shape, background };
}
