import { util, type NamedAttrMap, type NamedTensorInfoMap } from '@tensorflow/tfjs-core';
import { columnSums } from './column-sums.ts';
import { cutRows, TILE, tilePlace, tilesOf, TILE_THREADS } from './column-tiles.ts';
import { input, numbers, refuse, requireRows, requireShapes } from './operands.ts';
import type { Program } from './program.ts';
import { reduction } from './reduction.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

const SIZES = { rows: 'u32', channels: 'u32', pixels: 'u32', groupSize: 'u32', chunk: 'u32', tileGroups: 'u32', epsilon: 'f32' } as const;
const TOTAL = reduction({ name: 'total', threads: TILE_THREADS, width: 1 });

/** The values of one sample and group, which workgroup `member` goes through: `i` in the tensor, `c` the channel. */
const place = (member: string): string => `
  let member = ${member};
  let numGroups = u.channels / u.groupSize;
  let firstIndex = (member / numGroups) * u.pixels * u.channels + (member % numGroups) * u.groupSize;
  let firstChannel = (member % numGroups) * u.groupSize;
  let count = u.pixels * u.groupSize;`;
const loop = (body: string): string => `
  for (var e = thread; e < count; e += ${TILE_THREADS}u) {
    let within = e % u.groupSize;
    let i = firstIndex + (e / u.groupSize) * u.channels + within;
    let c = firstChannel + within;
    ${body}
  }`;

const forward: Program = {
  name: 'SelfsupGroupNorm',
  inputs: { x: 'f32', scale: 'f32', offset: 'f32' },
  outputs: ['y', 'mean', 'variance'],
  uniforms: SIZES,
  threads: TILE_THREADS,
  declarations: TOTAL,
  body: `${place('group')}
  var sum = 0.0;
  ${loop('sum += x[i];')}
  let average = total(sum, thread) / f32(count);
  var squares = 0.0;
  ${loop('let d = x[i] - average; squares += d * d;')}
  let spread = total(squares, thread) / f32(count);
  if (thread == 0u) { mean[member] = average; variance[member] = spread; }
  let inverse = inverseSqrt(spread + u.epsilon);
  ${loop('y[i] = (x[i] - average) * inverse * scale[c] + offset[c];')}`,
};

/** As for layer norm: the first workgroups take tiles of columns, the others one sample and group each. */
const gradient = (inParts: boolean): Program => ({
  name: `SelfsupGroupNormGrad${inParts ? ' in parts' : ''}`,
  inputs: { dy: 'f32', x: 'f32', mean: 'f32', variance: 'f32', scale: 'f32' },
  outputs: inParts ? ['dx', 'parts'] : ['dx', 'dScale', 'dOffset'],
  uniforms: SIZES,
  threads: TILE_THREADS,
  declarations: TOTAL + reduction({ name: 'ofColumn', threads: TILE_THREADS, width: TILE }),
  body: `
  if (group < u.tileGroups) {${tilePlace}
    let numGroups = u.channels / u.groupSize;
    var sum = 0.0;
    var slope = 0.0;
    for (var r = firstRow + rowLane; r < endRow; r += ROW_LANES) {
      let i = r * u.channels + channel;
      let member = (r / u.pixels) * numGroups + channel / u.groupSize;
      sum += dy[i];
      slope += dy[i] * ((x[i] - mean[member]) * inverseSqrt(variance[member] + u.epsilon));
    }
    let sum0 = ofColumn(sum, thread);
    let slope0 = ofColumn(slope, thread);
    if (live && rowLane == 0u) {
      ${
        inParts
          ? 'parts[2u * block * u.channels + channel] = slope0; parts[(2u * block + 1u) * u.channels + channel] = sum0;'
          : 'dScale[channel] = slope0; dOffset[channel] = sum0;'
      }
    }
    return;
  }
  ${place('group - u.tileGroups')}
  let average = mean[member];
  let inverse = inverseSqrt(variance[member] + u.epsilon);
  var level = 0.0;
  var along = 0.0;
  ${loop('let inner = dy[i] * scale[c]; level += inner; along += inner * ((x[i] - average) * inverse);')}
  let level0 = total(level, thread) / f32(count);
  let along0 = total(along, thread) / f32(count);
  ${loop('dx[i] = (dy[i] * scale[c] - ((x[i] - average) * inverse * along0 + level0)) * inverse;')}`,
});

/** How `x` is seen: samples of pixels of channels in groups. */
function viewOf(kernelName: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap) {
  const { tensor: x, rows, columns: channels } = requireRows(kernelName, inputs, { name: 'x', rank: 2 });
  if (rows === 0) refuse(kernelName, '`x` must have values', `shape [${x.shape.join(', ')}]`);
  const numGroups = attrs['numGroups'] as number;
  if (!(Number.isInteger(numGroups) && numGroups > 0 && channels % numGroups === 0))
    refuse(kernelName, `\`numGroups\` must divide the ${channels} channels`, `${numGroups}`);
  const samples = x.shape[0]!;
  const { epsilon } = numbers(attrs, { epsilon: 1e-5 });
  const { chunk, blocks } = cutRows(rows);
  const sizes = { rows, channels, pixels: rows / samples, groupSize: channels / numGroups, chunk, epsilon };
  return { x, channels, samples, numGroups, blocks, sizes, members: samples * numGroups };
}

/**
 * Group normalization, channels last: statistics of each sample and group of neighboring channels.
 *
 * SelfsupGroupNorm: inputs `x [samples, ..., c]`, `scale [c]`, `offset [c]`, attributes `numGroups`, `epsilon` → `[y, mean, variance]`, both
 * `[samples, numGroups]`, the variance biased.
 * SelfsupGroupNormGrad: inputs `dy`, `x`, `mean`, `variance`, `scale`, attributes `numGroups`, `epsilon` → `[dx, dScale, dOffset]`.
 */
export function groupNormKernels(runtime: Runtime): KernelTable {
  return {
    SelfsupGroupNorm(inputs, attrs) {
      const { x, channels, samples, numGroups, sizes, members } = viewOf('SelfsupGroupNorm', inputs, attrs);
      requireShapes('SelfsupGroupNorm', inputs, { scale: [channels], offset: [channels] });
      const statistics = [samples, numGroups];
      return produce(runtime, [x.shape, statistics, statistics], (outputs) => {
        const operands = [x, input(inputs, 'scale'), input(inputs, 'offset')];
        runtime.dispatch(forward, { inputs: operands, outputs, uniforms: { ...sizes, tileGroups: 0 }, groups: members });
      });
    },
    SelfsupGroupNormGrad(inputs, attrs) {
      const { x, channels, blocks, sizes, members } = viewOf('SelfsupGroupNormGrad', inputs, attrs);
      requireShapes('SelfsupGroupNormGrad', inputs, { dy: x.shape, scale: [channels] });
      for (const name of ['mean', 'variance']) {
        const given = util.sizeFromShape(input(inputs, name).shape);
        if (given !== members)
          refuse('SelfsupGroupNormGrad', `\`${name}\` must have ${members} values, one for each sample and group`, `${given}`);
      }
      return produce(runtime, [x.shape, [channels], [channels]], ([dx, dScale, dOffset]) => {
        const tileGroups = tilesOf(channels) * blocks;
        const operands = ['dy', 'x', 'mean', 'variance', 'scale'].map((name) => input(inputs, name));
        columnSums(runtime, { columns: channels, blocks, outputs: [dScale!, dOffset!] }, (outputs) => {
          const on = { inputs: operands, outputs: [dx!, ...outputs], groups: tileGroups + members };
          runtime.dispatch(gradient(blocks > 1), { ...on, uniforms: { ...sizes, tileGroups } });
        });
      });
    },
  };
}
