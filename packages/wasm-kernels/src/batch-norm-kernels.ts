import { type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { channelsOf, checkNormOperands, epsilonOf } from './norm-operands.ts';
import { input, produce, produceAll, type KernelTable, type Runtime } from './runtime.ts';

function relu(kernelName: string, attrs: NamedAttrMap): boolean {
  const activation = (attrs['activation'] as string | undefined) ?? 'linear';
  if (activation !== 'linear' && activation !== 'relu') {
    throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: \`activation\` must be 'linear' or 'relu', got '${activation}'`);
  }
  return activation === 'relu';
}

/** Which of the passes over memory a call of the compiled kernels makes. */
const Pass = { all: 0, first: 1, second: 2 } as const;

/**
 * Batch normalization in training, channels last, over all other axes, with what follows it in a residual network.
 *
 * SelfsupBatchNorm: inputs `x [..., c]`, `scale [c]`, `offset [c]`, optionally `residual` like `x`, attributes `epsilon` and `activation` (`'linear'`
 * or `'relu'`) → `[y, mean, variance]`, the variance biased, y = activation(normalized + residual).
 * SelfsupBatchNormGrad: inputs `dy`, `x`, `mean`, `variance`, `scale`, attributes `epsilon` and `activation` → `[dx, dScale, dOffset]`. With
 * `'relu'` the mask comes from `offset` (a forward pass without residual) or from `y`; with `y` there is a fourth output, the residual's gradient.
 *
 * The same in two halves, between which ranks exchange what they found:
 * SelfsupBatchMoments: input `x` → `[mean, variance]`. SelfsupBatchNormBy: those of SelfsupBatchNorm, `mean` and `variance` → y.
 * SelfsupBatchNormSums: inputs and attributes of SelfsupBatchNormGrad → `[dScale, dOffset]`, with `y` also the residual's gradient.
 * SelfsupBatchNormGradBy: inputs `dy`, `x`, `mean`, `variance`, `scale`, `dScale` and `dOffset`, the sums over `count` rows, attributes `epsilon`, `count` and
 * `activation`, with `'relu'` also `offset` → dx.
 */
export function batchNormKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  const at = (inputs: NamedTensorInfoMap, name: string): number => (inputs[name] ? runtime.offset(inputs[name]) : 0);
  const sizesOf = (x: TensorInfo) => {
    const channels = channelsOf(x);
    const rows = util.sizeFromShape(x.shape) / channels;
    return { channels, rows, scratch: () => runtime.scratch(kernels.batchNormScratch(rows, channels)) };
  };
  /** What SelfsupBatchNorm and its halves call; an offset of 0 is what the pass does not touch. */
  const normalize = (
    inputs: NamedTensorInfoMap,
    attrs: NamedAttrMap,
    { pass, y, mean, variance }: { pass: number; y: number; mean: number; variance: number },
  ): void => {
    const { channels, rows, scratch } = sizesOf(input(inputs, 'x'));
    const space = scratch();
    const [x, scale, offset, residual] = ['x', 'scale', 'offset', 'residual'].map((name) => at(inputs, name)) as [
      number,
      number,
      number,
      number,
    ];
    const act = attrs['activation'] === 'relu' ? 1 : 0;
    kernels.batchNorm(x, scale, offset, residual, y, mean, variance, rows, channels, epsilonOf(attrs), act, pass, space);
  };
  /** What SelfsupBatchNormGrad and its halves call. */
  const differentiate = (
    inputs: NamedTensorInfoMap,
    attrs: NamedAttrMap,
    to: { pass: number; dx: number; dScale: number; dOffset: number; dResidual: number },
  ): void => {
    const { channels, rows, scratch } = sizesOf(input(inputs, 'x'));
    const space = scratch();
    const act = attrs['activation'] === 'relu';
    const [y, offset] = [act ? at(inputs, 'y') : 0, act && !inputs['y'] ? at(inputs, 'offset') : 0];
    kernels.batchNormGrad(
      ...([at(inputs, 'dy'), at(inputs, 'x'), y, at(inputs, 'mean'), at(inputs, 'variance'), at(inputs, 'scale'), offset] as const),
      ...([to.dx, to.dScale, to.dOffset, to.dResidual, rows, channels, epsilonOf(attrs), to.pass] as const),
      ...([(attrs['count'] as number | undefined) ?? rows, space] as const),
    );
  };
  /** Throws unless the inputs of a gradient fit; whether the residual's gradient is an output. */
  const checkGradient = (name: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap, perChannel: readonly string[] = []): boolean => {
    const act = relu(name, attrs);
    const source = inputs['y'] ? 'y' : 'offset';
    checkNormOperands(name, inputs, {
      perChannel: ['mean', 'variance', 'scale', ...(act && source === 'offset' ? ['offset'] : []), ...perChannel],
      likeX: ['dy', ...(act && source === 'y' ? ['y'] : [])],
    });
    return act && source === 'y';
  };
  return {
    SelfsupBatchNorm(inputs, attrs) {
      relu('SelfsupBatchNorm', attrs);
      checkNormOperands('SelfsupBatchNorm', inputs, { perChannel: ['scale', 'offset'], likeX: inputs['residual'] ? ['residual'] : [] });
      const x = input(inputs, 'x');
      const channels = channelsOf(x);
      return produceAll(runtime, [x.shape, [channels], [channels]], (y, mean, variance) => {
        normalize(inputs, attrs, { pass: Pass.all, y, mean, variance });
      });
    },
    SelfsupBatchMoments(inputs, attrs) {
      checkNormOperands('SelfsupBatchMoments', inputs, { perChannel: [], likeX: [] });
      const channels = channelsOf(input(inputs, 'x'));
      return produceAll(runtime, [[channels], [channels]], (mean, variance) => {
        normalize(inputs, attrs, { pass: Pass.first, y: 0, mean, variance });
      });
    },
    SelfsupBatchNormBy(inputs, attrs) {
      relu('SelfsupBatchNormBy', attrs);
      const perChannel = ['scale', 'offset', 'mean', 'variance'];
      checkNormOperands('SelfsupBatchNormBy', inputs, { perChannel, likeX: inputs['residual'] ? ['residual'] : [] });
      return produce(runtime, input(inputs, 'x').shape, 'float32', (y) => {
        normalize(inputs, attrs, { pass: Pass.second, y, mean: at(inputs, 'mean'), variance: at(inputs, 'variance') });
      });
    },
    SelfsupBatchNormGrad(inputs, attrs) {
      const hasResidual = checkGradient('SelfsupBatchNormGrad', inputs, attrs);
      const x = input(inputs, 'x');
      const channels = channelsOf(x);
      const shapes = [x.shape, [channels], [channels], ...(hasResidual ? [x.shape] : [])];
      return produceAll(runtime, shapes, (dx, dScale, dOffset, dResidual = 0) => {
        differentiate(inputs, attrs, { pass: Pass.all, dx, dScale, dOffset, dResidual });
      });
    },
    SelfsupBatchNormSums(inputs, attrs) {
      const hasResidual = checkGradient('SelfsupBatchNormSums', inputs, attrs);
      const x = input(inputs, 'x');
      const channels = channelsOf(x);
      return produceAll(runtime, [[channels], [channels], ...(hasResidual ? [x.shape] : [])], (dScale, dOffset, dResidual = 0) => {
        differentiate(inputs, attrs, { pass: Pass.first, dx: 0, dScale, dOffset, dResidual });
      });
    },
    SelfsupBatchNormGradBy(given, attrs) {
      const inputs = { ...given, y: undefined };
      checkGradient('SelfsupBatchNormGradBy', inputs, attrs, ['dScale', 'dOffset']);
      return produce(runtime, input(inputs, 'x').shape, 'float32', (dx) => {
        const sums = { dScale: at(inputs, 'dScale'), dOffset: at(inputs, 'dOffset') };
        differentiate(inputs, attrs, { pass: Pass.second, dx, ...sums, dResidual: 0 });
      });
    },
  };
}
