import { layerNorm } from '@selfsup/core';
import { it } from 'vitest';
import { check, drawFor, hostile, type Case, type Draw, type Values } from '../test/compare.ts';
import { describeOnGpu } from '../test/webgpu-under-test.ts';

const layerNormCase = (draw: Draw, shape: readonly number[], make = (values: Values) => values): Case => ({
  title: `layerNorm [${shape.join(', ')}]`,
  inputs: [make(draw.normal('x', shape)), draw.normal('scale', [shape.at(-1)!]), draw.normal('offset', [shape.at(-1)!])],
  differentiate: 3,
  run: ([x, scale, offset]) => layerNorm(x!, { scale: scale!, offset: offset!, epsilon: 1e-3 }),
});

describeOnGpu('layer norm', () => {
  it('is that of the composed form in random cases, gradients too', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const draw = drawFor(seed);
      await check(layerNormCase(draw, [draw.whole('batch', 1, 4), draw.whole('length', 1, 9), draw.whole('width', 2, 300)]));
    }
  });

  it('takes long rows, many rows, and rows of one value', async () => {
    for (const [seed, shape] of [
      [2, 2100],
      [1500, 9],

      [5, 1],
    ].entries())
      await check(layerNormCase(drawFor(50 + seed), shape));
  });

  it('shows NaN and infinity where the definition does', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const draw = drawFor(seed);
      await check(layerNormCase(draw, [12, 11], (values) => hostile(draw, values)));
    }
  });
});
