import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { cutRows, TILE, tilePlace, tilesOf, TILE_THREADS } from './column-tiles.ts';
import { input, numbers, refuse, requireRows, requireShapes } from './operands.ts';
import type { Program } from './program.ts';
import { reduction } from './reduction.ts';
import { produce, withScratch, type KernelTable, type Runtime } from './runtime.ts';

/** Where the mask of the ReLU comes from in the gradient. */
type Mask = 'none' | 'offset' | 'y';

const SUM = reduction({ name: 'total', threads: TILE_THREADS, width: TILE });
const SIZES = { rows: 'u32', channels: 'u32', chunk: 'u32', blocks: 'u32', epsilon: 'f32' } as const;

/** Written once, so that the mask of the gradient is that of the forward pass. */
const NORMALIZE = `
fn normalized(value: f32, mean: f32, inverse: f32, factor: f32, shift: f32) -> f32 {
  return (value - mean) * (factor * inverse) + shift;
}`;

const finish = (relu: boolean, residual: boolean): string => `
    var value = normalized(x[i], average, inverse, factor, shift)${residual ? ' + residual[i]' : ''};
    ${relu ? 'value = larger(value, 0.0);' : ''}
    y[i] = value;`;

const loop = (body: string): string => `
  for (var r = firstRow + rowLane; r < endRow; r += ROW_LANES) {
    let i = r * u.channels + channel;
    ${body}
  }`;

/** Statistics of one block of rows, and of 16 channels: their mean, and the sum of squares around it. */
const ofBlock = `
  var sum = 0.0;
  ${loop('sum += x[i];')}
  let count = f32(endRow - firstRow);
  let mean0 = total(sum, thread) / count;
  var squares = 0.0;
  ${loop('let d = x[i] - mean0; squares += d * d;')}
  let squares0 = total(squares, thread);`;

/** Few rows: all in one dispatch. */
const forwardAtOnce = (relu: boolean, residual: boolean): Program => ({
  name: `SelfsupBatchNorm${relu ? ' relu' : ''}${residual ? ' residual' : ''}`,
  inputs: { x: 'f32', scale: 'f32', offset: 'f32', ...(residual && { residual: 'f32' }) },
  outputs: ['y', 'mean', 'variance'],
  uniforms: SIZES,
  threads: TILE_THREADS,
  declarations: SUM + NORMALIZE,
  body: `${tilePlace}${ofBlock}
  if (!live) { return; }
  let average = mean0;
  let spread = squares0 / count;
  if (rowLane == 0u) { mean[channel] = average; variance[channel] = spread; }
  let inverse = inverseSqrt(spread + u.epsilon);
  let factor = scale[channel];
  let shift = offset[channel];
  ${loop(finish(relu, residual))}`,
});

const statistics: Program = {
  name: 'SelfsupBatchNorm statistics',
  inputs: { x: 'f32' },
  outputs: ['parts'],
  uniforms: SIZES,
  threads: TILE_THREADS,
  declarations: SUM,
  body: `${tilePlace}${ofBlock}
  if (live && rowLane == 0u) {
    parts[2u * block * u.channels + channel] = mean0;
    parts[(2u * block + 1u) * u.channels + channel] = squares0;
  }`,
};

/** Puts the statistics of the blocks together (Chan et al.), then normalizes one block of rows. */
const forwardOfParts = (relu: boolean, residual: boolean): Program => ({
  name: `SelfsupBatchNorm of parts${relu ? ' relu' : ''}${residual ? ' residual' : ''}`,
  inputs: { x: 'f32', parts: 'f32', scale: 'f32', offset: 'f32', ...(residual && { residual: 'f32' }) },
  outputs: ['y', 'mean', 'variance'],
  uniforms: SIZES,
  threads: TILE_THREADS,
  declarations: SUM + NORMALIZE,
  body: `${tilePlace}
  var sum = 0.0;
  for (var b = rowLane; live && b < u.blocks; b += ROW_LANES) {
    sum += f32(min(u.rows - b * u.chunk, u.chunk)) * parts[2u * b * u.channels + channel];
  }
  let average = total(sum, thread) / f32(u.rows);
  var squares = 0.0;
  for (var b = rowLane; live && b < u.blocks; b += ROW_LANES) {
    let d = parts[2u * b * u.channels + channel] - average;
    squares += parts[(2u * b + 1u) * u.channels + channel] + f32(min(u.rows - b * u.chunk, u.chunk)) * d * d;
  }
  let spread = total(squares, thread) / f32(u.rows);
  if (!live) { return; }
  if (block == 0u && rowLane == 0u) { mean[channel] = average; variance[channel] = spread; }
  let inverse = inverseSqrt(spread + u.epsilon);
  let factor = scale[channel];
  let shift = offset[channel];
  ${loop(finish(relu, residual))}`,
});

/** What of dy[i] passes the ReLU. */
const passed = (mask: Mask): string => {
  if (mask === 'none') return 'let passed = dy[i];';
  const value = mask === 'y' ? 'y[i]' : 'normalized(x[i], average, inverse, factor, shift)';
  return `let open = ${value}; var passed = select(0.0, dy[i], isPositive(open)); if (isNan(open)) { passed = open; }`;
};

/** The scratch starts with 4 numbers per channel, since a program may bind 8 buffers: mean, inverse deviation, scale, offset. Sums of blocks follow. */
const gradientSums = (mask: Mask): Program => ({
  name: `SelfsupBatchNormGrad sums, mask ${mask}`,
  inputs: {
    ...({ dy: 'f32', x: 'f32', mean: 'f32', variance: 'f32', scale: 'f32' } as const),
    ...(mask !== 'none' && { [mask]: 'f32' as const }),
  },
  outputs: ['parts'],
  uniforms: SIZES,
  threads: TILE_THREADS,
  declarations: SUM + NORMALIZE,
  body: `${tilePlace}
  let c = min(channel, u.channels - 1u);
  let average = mean[c];
  let inverse = inverseSqrt(variance[c] + u.epsilon);
  let factor = scale[c];
  let shift = ${mask === 'offset' ? 'offset[c]' : '0.0'};
  var sum = 0.0;
  var slope = 0.0;
  ${loop(`${passed(mask)} sum += passed; slope += passed * ((x[i] - average) * inverse);`)}
  let sum0 = total(sum, thread);
  let slope0 = total(slope, thread);
  if (!live || rowLane > 0u) { return; }
  parts[(4u + 2u * block) * u.channels + channel] = sum0;
  parts[(5u + 2u * block) * u.channels + channel] = slope0;
  if (block == 0u) {
    parts[channel] = average;
    parts[u.channels + channel] = inverse;
    parts[2u * u.channels + channel] = factor;
    parts[3u * u.channels + channel] = shift;
  }`,
});

const gradientOfParts = (mask: Mask): Program => ({
  name: `SelfsupBatchNormGrad of parts, mask ${mask}`,
  inputs: { dy: 'f32', x: 'f32', parts: 'f32', ...(mask === 'y' && { y: 'f32' }) },
  outputs: ['dx', 'dScale', 'dOffset', ...(mask === 'y' ? ['dResidual'] : [])],
  uniforms: SIZES,
  threads: TILE_THREADS,
  declarations: SUM + NORMALIZE,
  body: `${tilePlace}
  var sum = 0.0;
  var slope = 0.0;
  for (var b = rowLane; live && b < u.blocks; b += ROW_LANES) {
    sum += parts[(4u + 2u * b) * u.channels + channel];
    slope += parts[(5u + 2u * b) * u.channels + channel];
  }
  let sum0 = total(sum, thread);
  let slope0 = total(slope, thread);
  if (!live) { return; }
  if (block == 0u && rowLane == 0u) { dOffset[channel] = sum0; dScale[channel] = slope0; }
  let average = parts[channel];
  let inverse = parts[u.channels + channel];
  let factor = parts[2u * u.channels + channel];
  let shift = parts[3u * u.channels + channel];
  let along = slope0 / f32(u.rows);
  let level = sum0 / f32(u.rows);
  ${loop(`${passed(mask)}
    dx[i] = (passed - ((x[i] - average) * inverse * along + level)) * (factor * inverse);
    ${mask === 'y' ? 'dResidual[i] = passed;' : ''}`)}`,
});

function hasRelu(kernelName: string, attrs: NamedAttrMap): boolean {
  const activation = (attrs['activation'] as string | undefined) ?? 'linear';
  if (activation !== 'linear' && activation !== 'relu') refuse(kernelName, "`activation` must be 'linear' or 'relu'", `'${activation}'`);
  return activation === 'relu';
}

function viewOf(kernelName: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap) {
  const { tensor: x, rows, columns: channels } = requireRows(kernelName, inputs, { name: 'x', rank: 2 });
  if (rows === 0) refuse(kernelName, '`x` must have values', `shape [${x.shape.join(', ')}]`);
  const { epsilon } = numbers(attrs, { epsilon: 1e-5 });
  const { chunk, blocks } = cutRows(rows);
  return { x, channels, blocks, uniforms: { rows, channels, chunk, blocks, epsilon }, groups: tilesOf(channels) * blocks };
}

/**
 * Batch normalization in training, channels last, over all other axes, with what follows it in a residual network.
 *
 * SelfsupBatchNorm: inputs `x [..., c]`, `scale [c]`, `offset [c]`, optionally `residual` like `x`, attributes `epsilon` and `activation` (`'linear'`
 * or `'relu'`) → `[y, mean, variance]`, the variance biased, y = activation(normalized + residual). One dispatch up to 1024 rows, else two.
 * SelfsupBatchNormGrad: inputs `dy`, `x`, `mean`, `variance`, `scale`, attributes `epsilon` and `activation` → `[dx, dScale, dOffset]`. With
 * `'relu'` the mask comes from `offset` (a forward pass without residual) or from `y`; with `y` there is a fourth output, the residual's gradient.
 */
export function batchNormKernels(runtime: Runtime): KernelTable {
  return {
    SelfsupBatchNorm(inputs, attrs) {
      const { x, channels, blocks, uniforms, groups } = viewOf('SelfsupBatchNorm', inputs, attrs);
      const relu = hasRelu('SelfsupBatchNorm', attrs);
      const residual = inputs['residual'] ? [input(inputs, 'residual')] : [];
      const parameters = { scale: [channels], offset: [channels] };
      requireShapes('SelfsupBatchNorm', inputs, { ...parameters, ...(inputs['residual'] && { residual: x.shape }) });
      const rest = [input(inputs, 'scale'), input(inputs, 'offset'), ...residual];
      return produce(runtime, [x.shape, [channels], [channels]], (outputs) => {
        const on = { outputs, uniforms, groups };
        if (blocks === 1) {
          runtime.dispatch(forwardAtOnce(relu, residual.length > 0), { ...on, inputs: [x, ...rest] });
          return;
        }
        withScratch(runtime, 2 * blocks * channels, (parts) => {
          runtime.dispatch(statistics, { inputs: [x], outputs: [parts], uniforms, groups });
          runtime.dispatch(forwardOfParts(relu, residual.length > 0), { ...on, inputs: [x, parts, ...rest] });
        });
      });
    },
    SelfsupBatchNormGrad(inputs, attrs) {
      const { x, channels, blocks, uniforms, groups } = viewOf('SelfsupBatchNormGrad', inputs, attrs);
      const mask: Mask = !hasRelu('SelfsupBatchNormGrad', attrs) ? 'none' : inputs['y'] ? 'y' : 'offset';
      const statistics = { mean: [channels], variance: [channels], scale: [channels] };
      const forMask = { none: {}, y: { y: x.shape }, offset: { offset: [channels] } }[mask];
      requireShapes('SelfsupBatchNormGrad', inputs, { dy: x.shape, ...statistics, ...forMask });
      const at = (...names: string[]): TensorInfo[] => names.map((name) => input(inputs, name));
      const shapes = [x.shape, [channels], [channels], ...(mask === 'y' ? [x.shape] : [])];
      return produce(runtime, shapes, (outputs) => {
        withScratch(runtime, (4 + 2 * blocks) * channels, (parts) => {
          const sums = at('dy', 'x', 'mean', 'variance', 'scale', ...(mask === 'none' ? [] : [mask]));
          runtime.dispatch(gradientSums(mask), { inputs: sums, outputs: [parts], uniforms, groups });
          const rest = mask === 'y' ? at('y') : [];
          runtime.dispatch(gradientOfParts(mask), { inputs: [...at('dy', 'x'), parts, ...rest], outputs, uniforms, groups });
        });
      });
    },
  };
}
