import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { refuse } from './check-operands.ts';
import type { Runtime } from './runtime.ts';

/** What a fused product or convolution does after its sum. */
export interface Epilogue {
  readonly bias?: TensorInfo | undefined;
  readonly activation: string;
  readonly alpha: number;
  readonly preluWeights?: TensorInfo | undefined;
}

const FUSED: Readonly<Record<string, number>> = { linear: 0, relu: 1, relu6: 2 };
const KERNELS: Readonly<Record<string, string>> = { relu: 'Relu', relu6: 'Relu6', elu: 'Elu', sigmoid: 'Sigmoid' };

/** Reads the epilogue of a fused kernel's inputs and attributes. */
export function readEpilogue(inputs: Record<string, TensorInfo | undefined>, attrs: Record<string, unknown>): Epilogue {
  return {
    bias: inputs['bias'],
    activation: (attrs['activation'] as string | undefined) ?? 'linear',
    alpha: (attrs['leakyreluAlpha'] as number | undefined) ?? 0,
    preluWeights: inputs['preluActivationWeights'],
  };
}

/**
 * Runs `compute(bias offset, activation code)` with as much of the epilogue as our kernels fuse, and the rest with stock kernels.
 * A bias is fused when it has one value per column. Without `columns` nothing is fused: the columns are not the last axis.
 */
export function withEpilogue(
  runtime: Runtime,
  epilogue: Epilogue,
  columns: number | undefined,
  compute: (bias: TensorInfo | undefined, act: number) => TensorInfo,
): TensorInfo {
  const { bias, activation } = epilogue;
  const perColumn = columns !== undefined && bias?.shape.length === 1 && bias.shape[0] === columns && bias.dtype === 'float32';
  const fusedBias = perColumn ? bias : undefined;
  const act = columns === undefined && activation !== 'linear' ? undefined : FUSED[activation];
  const rest = bias !== undefined && fusedBias === undefined;
  if (!rest && act !== undefined) return compute(fusedBias, act);
  let out = compute(fusedBias, 0);
  const replace = (next: TensorInfo): void => {
    runtime.release(out);
    out = next;
  };
  try {
    const { shape } = out;
    if (rest) replace(runtime.run('Add', { a: out, b: bias }));
    if (activation === 'leakyrelu') replace(runtime.run('LeakyRelu', { x: out }, { alpha: epilogue.alpha }));
    else if (activation === 'prelu') replace(runtime.run('Prelu', { x: out, alpha: epilogue.preluWeights! }));
    else if (activation !== 'linear') replace(runtime.run(KERNELS[activation] ?? activation, { x: out }));
    if (!util.arraysEqual(out.shape, shape))
      refuse('a fused kernel', 'bias', `broadcast to [${shape.join(', ')}]`, `[${out.shape.join(', ')}]`);
  } catch (error) {
    runtime.release(out);
    throw error;
  }
  return out;
}
