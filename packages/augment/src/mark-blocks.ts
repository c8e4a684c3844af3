import { drawUniform, type Rng } from '@selfsup/core';

/** Patches along the sides of an image. Internal. */
export type Grid = readonly [rows: number, columns: number];

/** Marks rectangles of random size, shape and place until `hidden` patches are marked; the last one ends early. Internal. */
export function markBlocks(mask: Float32Array, [rows, columns]: Grid, options: { hidden: number; minBlock: number; rng: Rng }): void {
  const { hidden, minBlock, rng } = options;
  let missing = hidden;
  for (let attempt = 0; missing > 0; attempt++) {
    const [size, shape, down, across] = drawUniform(rng.fold(attempt), 4) as unknown as [number, number, number, number];
    const area = Math.min(minBlock, missing) + size * (missing - Math.min(minBlock, missing));
    const aspect = 0.3 ** (1 - 2 * shape); // log-uniform in [0.3, 1/0.3]
    const height = Math.min(rows, Math.max(1, Math.round(Math.sqrt(area * aspect))));
    const width = Math.min(columns, Math.max(1, Math.round(Math.sqrt(area / aspect))));
    const [top, left] = [Math.floor(down * (rows - height + 1)), Math.floor(across * (columns - width + 1))];
    for (let i = 0; i < height * width && missing > 0; i++) {
      const at = (top + Math.floor(i / width)) * columns + left + (i % width);
      if (mask[at] === 0) missing -= 1;
      mask[at] = 1;
    }
  }
}
