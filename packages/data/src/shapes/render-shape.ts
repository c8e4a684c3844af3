import { drawUniform, threefry2x32, type Rng } from '@selfsup/core';
import { SHAPE_CLASSES, type Outline } from './outline.ts';
import { drawPalette } from './palette.ts';
import { rotation } from './rotation.ts';
import { drawTexture } from './texture.ts';

const DRAWS = 64;
const knob = (name: string, value: number) => Number(process.env[name] ?? value);
const MAX_TURN = knob('TURN', 0.125);
const TEX = knob('TEX', 0.1);
const NOISE = knob('NOISE', 0.05);
const SCALE0 = knob('SCALE0', 0.55),
  SCALE1 = knob('SCALE1', 0.8);

interface Clutter {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
  readonly radius: number;
  readonly shade: number;
}

/** Where the clutter sits: strokes (blobs when short) near the edge of the frame. */
function drawClutter(draw: () => number): Clutter[] {
  const count = Math.floor(draw() * (1 + Number(process.env.CLUT ?? 3)));
  return Array.from({ length: 3 }, () => {
    const [cos, sin] = rotation(draw());
    const [dx, dy] = rotation(draw());
    const length = 0.25 * draw();
    const radius = 0.05 + 0.06 * draw();
    const shade = draw() < 0.5 ? -0.2 : 0.2;
    return { x: 0.9 * cos, y: 0.9 * sin, dx: dx * length, dy: dy * length, radius, shade };
  }).slice(0, count);
}

function strokeDistance(c: Clutter, x: number, y: number): number {
  const px = x - c.x,
    py = y - c.y;
  const squared = c.dx * c.dx + c.dy * c.dy;
  const t = squared === 0 ? 0 : Math.max(-1, Math.min(1, (px * c.dx + py * c.dy) / squared));
  const rx = px - t * c.dx,
    ry = py - t * c.dy;
  return Math.sqrt(rx * rx + ry * ry) - c.radius;
}

export function renderShape(rng: Rng, label: number, target: { size: number; out: Uint8Array }): void {
  const { size, out } = target;
  const uniforms = drawUniform(rng.fold('scene'), DRAWS);
  let used = 0;
  const draw = () => uniforms[used++]!;
  const outline: Outline = SHAPE_CLASSES[label]!.outline;
  const palette = drawPalette(draw);
  const radius = SCALE0 + (SCALE1 - SCALE0) * draw();
  const stretch = 0.9 + 0.2 * draw();
  const [cos, sin] = rotation((2 * draw() - 1) * MAX_TURN);
  const mirror = draw() < 0.5 ? -1 : 1;
  const room = 1 - radius;
  const cx = room * (2 * draw() - 1);
  const cy = room * (2 * draw() - 1);
  const shapeTexture = drawTexture(draw);
  const backTexture = drawTexture(draw);
  const shapeAmount = TEX * draw(),
    backAmount = TEX * draw();
  const clutter = drawClutter(draw);
  const noise = NOISE * draw();
  const key = [rng.fold('noise 0').seed(), rng.fold('noise 1').seed()] as const;
  const back = new Float64Array(3);
  const front = new Float64Array(3);
  const words = new Uint32Array(2);
  const pixel = 2 / size;
  for (let row = 0, at = 0; row < size; row++) {
    const y = 1 - (row + 0.5) * pixel;
    for (let column = 0; column < size; column++, at += 3) {
      const x = (column + 0.5) * pixel - 1;
      const px = (mirror * (cos * (x - cx) + sin * (y - cy))) / (radius * stretch);
      const py = ((cos * (y - cy) - sin * (x - cx)) / radius) * stretch;
      const cover = px * px + py * py > 2.25 ? 0 : Math.max(0, Math.min(1, 0.5 - (outline(px, py) * radius) / pixel));
      let under = backTexture(x, y) * backAmount;
      for (const c of clutter) {
        const on = Math.max(0, Math.min(1, 0.5 - strokeDistance(c, x, y) / pixel));
        under += on * c.shade;
      }
      const over = cover === 0 ? 0 : shapeTexture(x, y) * shapeAmount;
      const index = row * size + column;
      if ((index & 1) === 0) threefry2x32(key, [index >>> 1, 0], words);
      const word = words[index & 1]!;
      if (cover < 1) palette.background(x, y, back);
      if (cover > 0) palette.shape(x, y, front);
      for (let channel = 0; channel < 3; channel++) {
        const bits = word >>> (10 * channel);
        const grain = (((bits & 31) + ((bits >>> 5) & 31)) / 31 - 1) * noise;
        const value = (back[channel]! + under) * (1 - cover) + (front[channel]! + over) * cover + grain;
        out[at + channel] = Math.max(0, Math.min(255, Math.floor(value * 255 + 0.5)));
      }
    }
  }
}
