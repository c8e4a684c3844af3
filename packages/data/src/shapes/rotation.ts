/** cos and sin of an angle below an eighth of a turn in size, by their series; error below 1e-12. */
function series(radians: number): readonly [number, number] {
  const s = radians * radians;
  const cos = 1 - (s / 2) * (1 - (s / 12) * (1 - (s / 30) * (1 - (s / 56) * (1 - (s / 90) * (1 - s / 132)))));
  const sin = radians * (1 - (s / 6) * (1 - (s / 20) * (1 - (s / 42) * (1 - (s / 72) * (1 - (s / 110) * (1 - s / 156))))));
  return [cos, sin];
}

/**
 * cos and sin of an angle given in turns, from sums and products only: engines round `Math.cos` differently, and an image must be the same everywhere.
 *
 * @param turns the angle; 1 is a full circle
 * @returns `[cos, sin]`
 */
export function rotation(turns: number): readonly [number, number] {
  const quarter = Math.round(turns * 4);
  const [cos, sin] = series((turns - quarter / 4) * 6.283185307179586);
  const side = ((quarter % 4) + 4) % 4;
  return side === 0 ? [cos, sin] : side === 1 ? [-sin, cos] : side === 2 ? [-cos, -sin] : [sin, -cos];
}
