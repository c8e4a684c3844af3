import { type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { input, type KernelTable, type Runtime } from './runtime.ts';

const channelsOf = (x: TensorInfo): number => x.shape.at(-1) ?? 1;
const epsilonOf = (attrs: NamedAttrMap): number => (attrs['epsilon'] as number | undefined) ?? 1e-5;

function check(kernelName: string, x: TensorInfo, inputs: NamedTensorInfoMap, names: readonly string[]): void {
  if (x.dtype !== 'float32' || x.shape.length < 2 || util.sizeFromShape(x.shape) === 0) {
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${kernelName}: \`x\` must be a float32 tensor [..., channels] with values, got ${x.dtype} [${x.shape.join(', ')}]`,
    );
  }
  for (const name of names) {
    const { shape, dtype } = input(inputs, name);
    if (dtype !== 'float32' || util.sizeFromShape(shape) !== channelsOf(x)) {
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `${kernelName}: \`${name}\` must be float32 [${channelsOf(x)}], got ${dtype} [${shape.join(', ')}]`,
      );
    }
  }
}

/** Allocates all outputs or none, then fills them. */
function outputs(runtime: Runtime, shapes: readonly (readonly number[])[], fill: (offsets: readonly number[]) => void): TensorInfo[] {
  const made: TensorInfo[] = [];
  try {
    for (const shape of shapes) made.push(runtime.output(shape, 'float32'));
    fill(made.map((tensor) => runtime.offset(tensor)));
  } catch (error) {
    for (const tensor of made) runtime.release(tensor);
    throw error;
  }
  return made;
}

/**
 * Batch normalisation in training, channels last, over all other axes.
 *
 * SelfsupBatchNorm: inputs `x [..., c]`, `scale [c]`, `offset [c]`, attribute `epsilon` → `[y, mean, variance]`, the variance biased.
 * SelfsupBatchNormGrad: inputs `dy`, `x`, `mean`, `variance`, `scale`, attribute `epsilon` → `[dx, dScale, dOffset]`.
 */
export function batchNormKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  return {
    SelfsupBatchNorm(inputs, attrs) {
      const x = input(inputs, 'x');
      check('SelfsupBatchNorm', x, inputs, ['scale', 'offset']);
      const channels = channelsOf(x);
      return outputs(runtime, [x.shape, [channels], [channels]], ([y, mean, variance]) => {
        const scratch = runtime.scratch(kernels.batchNormScratch(channels));
        const [scale, offset] = [runtime.offset(input(inputs, 'scale')), runtime.offset(input(inputs, 'offset'))];
        const rows = util.sizeFromShape(x.shape) / channels;
        kernels.batchNorm(runtime.offset(x), scale, offset, y!, mean!, variance!, rows, channels, epsilonOf(attrs), scratch);
      });
    },
    SelfsupBatchNormGrad(inputs, attrs) {
      const x = input(inputs, 'x');
      const dy = input(inputs, 'dy');
      check('SelfsupBatchNormGrad', x, inputs, ['mean', 'variance', 'scale']);
      if (!util.arraysEqual(x.shape, dy.shape) || dy.dtype !== 'float32') {
        throw new SelfsupError(
          'SELFSUP_SHAPE',
          `SelfsupBatchNormGrad: \`dy\` must be float32 [${x.shape.join(', ')}] like \`x\`, got ${dy.dtype} [${dy.shape.join(', ')}]`,
        );
      }
      const channels = channelsOf(x);
      const [mean, variance, scale] = ['mean', 'variance', 'scale'].map((name) => runtime.offset(input(inputs, name))) as [
        number,
        number,
        number,
      ];
      return outputs(runtime, [x.shape, [channels], [channels]], ([dx, dScale, dOffset]) => {
        const scratch = runtime.scratch(kernels.batchNormScratch(channels));
        const rows = util.sizeFromShape(x.shape) / channels;
        const [from, at] = [runtime.offset(dy), runtime.offset(x)];
        kernels.batchNormGrad(from, at, mean, variance, scale, dx!, dScale!, dOffset!, rows, channels, epsilonOf(attrs), scratch);
      });
    },
  };
}
