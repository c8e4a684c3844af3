// Normalization to unit length and of groups of channels.
import { groupNorm, l2Normalize } from '@selfsup/core';
import { it } from 'vitest';
import { check, drawFor, hostile, type Case, type Draw, type Values } from '../test/compare.ts';
import { describeOnGpu } from '../test/webgpu-under-test.ts';

const l2Case = (draw: Draw, shape: readonly number[], make = (values: Values) => values): Case => ({
  title: `l2Normalize [${shape.join(', ')}]`,
  inputs: [make(draw.normal('x', shape))],
  differentiate: 1,
  run: ([x]) => l2Normalize(x!, { epsilon: draw.coin('epsilon') ? 1e-12 : 1 }),
});

function groupCase(draw: Draw, shape: readonly number[], numGroups: number): Case {
  const channels = shape.at(-1)!;
  return {
    title: `groupNorm [${shape.join(', ')}] in ${numGroups} groups`,
    inputs: [draw.normal('x', shape), draw.normal('scale', [channels]), draw.normal('offset', [channels])],
    differentiate: 3,
    run: ([x, scale, offset]) => groupNorm(x!, { scale: scale!, offset: offset!, numGroups, epsilon: 1e-3 }),
  };
}

describeOnGpu('norms', () => {
  it('l2Normalize is that of the composed form, gradients too', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const draw = drawFor(seed);
      await check(l2Case(draw, [draw.whole('n', 1, 9), draw.whole('c', 1, 300)]));
      await check(l2Case(draw, [9, 7], (values) => hostile(draw, values)));
    }
    const tiny = { shape: [3, 2], values: Float32Array.from([0, 0, 3e-20, 4e-20, 3e30, 4e30]) };
    await check({ title: 'rows of extreme lengths', inputs: [tiny], differentiate: 1, run: ([x]) => l2Normalize(x!) });
  });

  it('groupNorm is that of the composed form, gradients too', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const draw = drawFor(seed);
      const numGroups = draw.whole('g', 1, 4);
      const shape = [draw.whole('n', 1, 4), draw.whole('h', 1, 9), draw.whole('w', 2, 9), numGroups * draw.whole('c', 1, 9)];
      await check(groupCase(draw, shape, numGroups));
    }
    await check(groupCase(drawFor(77), [2, 33, 33, 6], 3));
  });
});
