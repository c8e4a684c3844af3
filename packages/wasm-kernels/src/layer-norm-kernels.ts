import { type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { input, produceAll, type KernelTable, type Runtime } from './runtime.ts';

interface Geometry {
  readonly x: TensorInfo;
  readonly rows: number;
  readonly features: number;
}

/** Checks the inputs against `x [..., features]`: `perFeature` are [features], `perRow` [rows], `alike` have the shape of `x`. */
function geometry(
  kernelName: string,
  inputs: NamedTensorInfoMap,
  { perFeature, perRow = [], alike = [] }: { perFeature: readonly string[]; perRow?: readonly string[]; alike?: readonly string[] },
): Geometry {
  const x = input(inputs, 'x');
  const features = x.shape.at(-1) ?? 0;
  const check = (name: string, expected: readonly number[]): void => {
    const { shape, dtype } = input(inputs, name);
    if (dtype === 'float32' && util.arraysEqual(shape, [...expected])) return;
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${kernelName}: \`${name}\` must be float32 [${expected.join(', ')}], got ${dtype} [${shape.join(', ')}]`,
    );
  };
  if (features === 0) throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: \`x\` must have features, got [${x.shape.join(', ')}]`);
  const rows = util.sizeFromShape(x.shape) / features;
  check('x', x.shape);
  for (const name of perFeature) check(name, [features]);
  for (const name of perRow) check(name, [rows]);
  for (const name of alike) check(name, x.shape);
  return { x, rows, features };
}

/**
 * Layer normalization over the last axis.
 *
 * SelfsupLayerNorm: inputs `x [..., features]`, `scale [features]`, `offset [features]`, attribute `epsilon` (default 1e-5) → `[y, mean, inverse]`, the
 * last two `[rows]`, inverse = 1/√(biased variance + epsilon).
 * SelfsupLayerNormGrad: inputs `dy`, `x`, `mean`, `inverse`, `scale` → `[dx, dScale, dOffset]`.
 */
export function layerNormKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  const offsets = (inputs: NamedTensorInfoMap, ...names: string[]): number[] => names.map((name) => runtime.offset(input(inputs, name)));
  return {
    SelfsupLayerNorm(inputs, attrs) {
      const { x, rows, features } = geometry('SelfsupLayerNorm', inputs, { perFeature: ['scale', 'offset'] });
      const epsilon = (attrs['epsilon'] as number | undefined) ?? 1e-5;
      return produceAll(runtime, [x.shape, [rows], [rows]], (y, mean, inverse) => {
        const [from, scale, offset] = offsets(inputs, 'x', 'scale', 'offset') as [number, number, number];
        kernels.layerNorm(from, scale, offset, y, mean, inverse, rows, features, epsilon);
      });
    },
    SelfsupLayerNormGrad(inputs) {
      const names = { perFeature: ['scale'], perRow: ['mean', 'inverse'], alike: ['dy'] };
      const { x, rows, features } = geometry('SelfsupLayerNormGrad', inputs, names);
      return produceAll(runtime, [x.shape, [features], [features]], (dx, dScale, dOffset) => {
        const scratch = runtime.scratch(kernels.layerNormScratch(rows, features));
        const [dy, at, mean, inverse, scale] = offsets(inputs, 'dy', 'x', 'mean', 'inverse', 'scale') as [
          number,
          number,
          number,
          number,
          number,
        ];
        kernels.layerNormGrad(dy, at, mean, inverse, scale, dx, dScale, dOffset, rows, features, scratch);
      });
    },
  };
}
