import { type NamedAttrMap, type NamedTensorInfoMap, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { channelsOf, checkNormOperands, epsilonOf } from './norm-operands.ts';
import { input, produceAll, type KernelTable, type Runtime } from './runtime.ts';

function relu(kernelName: string, attrs: NamedAttrMap): boolean {
  const activation = (attrs['activation'] as string | undefined) ?? 'linear';
  if (activation !== 'linear' && activation !== 'relu') {
    throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: \`activation\` must be 'linear' or 'relu', got '${activation}'`);
  }
  return activation === 'relu';
}

/**
 * Batch normalization in training, channels last, over all other axes, with what follows it in a residual network.
 *
 * SelfsupBatchNorm: inputs `x [..., c]`, `scale [c]`, `offset [c]`, optionally `residual` like `x`, attributes `epsilon` and `activation` (`'linear'`
 * or `'relu'`) → `[y, mean, variance]`, the variance biased, y = activation(normalized + residual).
 * SelfsupBatchNormGrad: inputs `dy`, `x`, `mean`, `variance`, `scale`, attributes `epsilon` and `activation` → `[dx, dScale, dOffset]`. With
 * `'relu'` the mask comes from `offset` (a forward pass without residual) or from `y`; with `y` there is a fourth output, the residual's gradient.
 */
export function batchNormKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  const optional = (inputs: NamedTensorInfoMap, name: string): number => (inputs[name] ? runtime.offset(inputs[name]) : 0);
  return {
    SelfsupBatchNorm(inputs, attrs) {
      const x = input(inputs, 'x');
      const act = relu('SelfsupBatchNorm', attrs) ? 1 : 0;
      checkNormOperands('SelfsupBatchNorm', inputs, { perChannel: ['scale', 'offset'], likeX: inputs['residual'] ? ['residual'] : [] });
      const channels = channelsOf(x);
      return produceAll(runtime, [x.shape, [channels], [channels]], (y, mean, variance) => {
        const scratch = runtime.scratch(kernels.batchNormScratch(util.sizeFromShape(x.shape) / channels, channels));
        const [scale, offset] = [runtime.offset(input(inputs, 'scale')), runtime.offset(input(inputs, 'offset'))];
        const rows = util.sizeFromShape(x.shape) / channels;
        const residual = optional(inputs, 'residual');
        kernels.batchNorm(runtime.offset(x), scale, offset, residual, y, mean, variance, rows, channels, epsilonOf(attrs), act, scratch);
      });
    },
    SelfsupBatchNormGrad(inputs, attrs) {
      const x = input(inputs, 'x');
      const act = relu('SelfsupBatchNormGrad', attrs);
      const source = inputs['y'] ? 'y' : 'offset';
      checkNormOperands('SelfsupBatchNormGrad', inputs, {
        perChannel: ['mean', 'variance', 'scale', ...(act && source === 'offset' ? ['offset'] : [])],
        likeX: ['dy', ...(act && source === 'y' ? ['y'] : [])],
      });
      const channels = channelsOf(x);
      const at = (name: string): number => runtime.offset(input(inputs, name));
      const shapes = [x.shape, [channels], [channels], ...(act && source === 'y' ? [x.shape] : [])];
      return produceAll(runtime, shapes, (dx, dScale, dOffset, dResidual = 0) => {
        const scratch = runtime.scratch(kernels.batchNormScratch(util.sizeFromShape(x.shape) / channels, channels));
        const rows = util.sizeFromShape(x.shape) / channels;
        const [y, offset] = [act && source === 'y' ? at('y') : 0, act && source === 'offset' ? at('offset') : 0];
        const [dy, mean, variance, scale] = [at('dy'), at('mean'), at('variance'), at('scale')];
        const epsilon = epsilonOf(attrs);
        kernels.batchNormGrad(
          dy,
          at('x'),
          y,
          mean,
          variance,
          scale,
          offset,
          dx,
          dScale,
          dOffset,
          dResidual,
          rows,
          channels,
          epsilon,
          scratch,
        );
      });
    },
  };
}
