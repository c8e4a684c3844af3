import { type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { channelsOf, checkNormOperands, epsilonOf } from './norm-operands.ts';
import { input, produceAll, type KernelTable, type Runtime } from './runtime.ts';

/** How `x` is seen: samples of pixels of channels in groups. */
function viewOf(kernelName: string, x: TensorInfo, attrs: NamedAttrMap) {
  const [channels, groups] = [channelsOf(x), attrs['numGroups'] as number];
  if (!(Number.isInteger(groups) && groups > 0 && channels % groups === 0)) {
    throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: \`numGroups\` must divide the ${channels} channels, got ${groups}`);
  }
  const samples = x.shape[0]!;
  return { samples, pixels: util.sizeFromShape(x.shape) / samples / channels, channels, groups };
}

/**
 * Group normalization, channels last: statistics of each sample and group of neighboring channels.
 *
 * SelfsupGroupNorm: inputs `x [samples, ..., c]`, `scale [c]`, `offset [c]`, attributes `numGroups`, `epsilon` → `[y, mean, variance]`, both
 * `[samples, numGroups]`, the variance biased.
 * SelfsupGroupNormGrad: inputs `dy`, `x`, `mean`, `variance`, `scale`, attributes `numGroups`, `epsilon` → `[dx, dScale, dOffset]`.
 */
export function groupNormKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  const at = (inputs: NamedTensorInfoMap, name: string): number => runtime.offset(input(inputs, name));
  return {
    SelfsupGroupNorm(inputs, attrs) {
      const x = input(inputs, 'x');
      checkNormOperands('SelfsupGroupNorm', inputs, { perChannel: ['scale', 'offset'], likeX: [] });
      const { samples, pixels, channels, groups } = viewOf('SelfsupGroupNorm', x, attrs);
      const statistics = [samples, groups];
      return produceAll(runtime, [x.shape, statistics, statistics], (y, mean, variance) => {
        const scratch = runtime.scratch(kernels.groupNormScratch(samples, channels) >>> 0);
        const [from, scale, offset, epsilon] = [at(inputs, 'x'), at(inputs, 'scale'), at(inputs, 'offset'), epsilonOf(attrs)];
        kernels.groupNorm(from, scale, offset, y, mean, variance, samples, pixels, channels, groups, epsilon, scratch);
      });
    },
    SelfsupGroupNormGrad(inputs, attrs) {
      const x = input(inputs, 'x');
      checkNormOperands('SelfsupGroupNormGrad', inputs, { perChannel: ['scale'], likeX: ['dy'] });
      const { samples, pixels, channels, groups } = viewOf('SelfsupGroupNormGrad', x, attrs);
      for (const name of ['mean', 'variance']) {
        const { shape, dtype } = input(inputs, name);
        if (dtype !== 'float32' || util.sizeFromShape(shape) !== samples * groups) {
          throw new SelfsupError(
            'SELFSUP_SHAPE',
            `SelfsupGroupNormGrad: \`${name}\` must be float32 [${samples}, ${groups}], got ${dtype} [${shape.join(', ')}]`,
          );
        }
      }
      return produceAll(runtime, [x.shape, [channels], [channels]], (dx, dScale, dOffset) => {
        const scratch = runtime.scratch(kernels.groupNormScratch(samples, channels) >>> 0);
        const [dy, from, mean, variance] = [at(inputs, 'dy'), at(inputs, 'x'), at(inputs, 'mean'), at(inputs, 'variance')];
        const [scale, epsilon] = [at(inputs, 'scale'), epsilonOf(attrs)];
        kernels.groupNormGrad(dy, from, mean, variance, scale, dx, dScale, dOffset, samples, pixels, channels, groups, epsilon, scratch);
      });
    },
  };
}
