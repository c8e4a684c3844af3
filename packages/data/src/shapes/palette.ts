import type { Draw } from './texture.ts';

/** Red, green and blue, 0 … 1. */
export type Color = readonly [number, number, number];

const CH0 = Number(process.env.CH0 ?? 0.1),
  CH1 = Number(process.env.CH1 ?? 0.3);
const MID0 = Number(process.env.MID0 ?? 0.3);
const LUMA = [0.299, 0.587, 0.114] as const;

/** A fully saturated colour of a hue in 0 … 1. */
function hueColor(hue: number): Color {
  const channel = (offset: number) => {
    const t = (hue + offset) % 1;
    return Math.max(0, Math.min(1, Math.abs(t * 6 - 3) - 1));
  };
  return [channel(0), channel(2 / 3), channel(1 / 3)];
}

/** A random hue at a given brightness: gray of that luma plus `chroma` of the hue, without its own luma. */
function tinted(luma: number, hue: number, chroma: number): Color {
  const pure = hueColor(hue);
  const own = pure[0] * LUMA[0] + pure[1] * LUMA[1] + pure[2] * LUMA[2];
  return [luma + chroma * (pure[0] - own), luma + chroma * (pure[1] - own), luma + chroma * (pure[2] - own)];
}

/**
 * Draws the colours of a shape and its background: hues are free, and the two differ in brightness, either way round.
 *
 * @param draw the image's stream; always called seven times
 * @returns `shape` and `background`
 */
export function drawPalette(draw: Draw): { shape: Color; background: Color } {
  const contrast = 0.3 + 0.3 * draw();
  const middle = MID0 + (1 - 2 * MID0) * draw();
  const sign = draw() < 0.5 ? -1 : 1;
  const T = Number(process.env.TINTS ?? 3),
    SH = Number(process.env.SHARE ?? 1);
  const pick = (u: number) => (T > 0 ? Math.floor(u * T) / T : u);
  const hs = pick(draw()),
    cs = CH0 + CH1 * draw(),
    hb = pick(draw()),
    cb = CH0 + CH1 * draw();
  const shape = tinted(middle + (sign * contrast) / 2, hs, cs);
  const background = tinted(middle - (sign * contrast) / 2, SH ? hs : hb, cb);
  return { shape, background };
}
