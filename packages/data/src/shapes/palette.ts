import { rotation } from './rotation.ts';
import type { Draw } from './texture.ts';

const CH0 = Number(process.env.CH0 ?? 0.1),
  CH1 = Number(process.env.CH1 ?? 0.3);
const MID0 = Number(process.env.MID0 ?? 0.3);
const LUMA = [0.299, 0.587, 0.114] as const;

const HT0 = Number(process.env.HT0 ?? 0.4),
  HT1 = Number(process.env.HT1 ?? 0.3);

/** A hue in 0 … 1 at a given brightness: gray of that luma, plus `chroma` of the pure hue without its own luma. */
function tint(luma: number, hue: number, chroma: number, out: Float64Array): void {
  const six = hue * 6;
  const red = Math.max(0, Math.min(1, Math.abs(six - 3) - 1));
  const green = Math.max(0, Math.min(1, 2 - Math.abs(six - 2)));
  const blue = Math.max(0, Math.min(1, 2 - Math.abs(six - 4)));
  const gray = luma - chroma * (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2]);
  out[0] = gray + chroma * red;
  out[1] = gray + chroma * green;
  out[2] = gray + chroma * blue;
}

/** The colour at a point of the frame, whose coordinates run from −1 to 1, before texture: written to `out`. */
export type Paint = (x: number, y: number, out: Float64Array) => void;

function drawPaint(luma: number, draw: Draw): Paint {
  const hue = draw();
  const [cos, sin] = rotation(draw());
  const turns = HT0 + HT1 * draw(); // hue turns from the frame's centre to its edge
  const chroma = CH0 + CH1 * draw();
  return (x, y, out) => {
    const at = hue + turns * (cos * x + sin * y);
    tint(luma, at - Math.floor(at), chroma, out);
  };
}

export function drawPalette(draw: Draw): { shape: Paint; background: Paint } {
  const contrast = 0.3 + 0.3 * draw();
  const middle = MID0 + (1 - 2 * MID0) * draw();
  const sign = draw() < 0.5 ? -1 : 1;
  const shape = drawPaint(middle + (sign * contrast) / 2, draw);
  const background = drawPaint(middle - (sign * contrast) / 2, draw);
  return { shape, background };
}
