import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

/** Parameters of `batchNormTraining`. */
export interface BatchNormParameters {
  /** float32 `[channels]`. */
  scale: tf.Tensor;
  /** float32 `[channels]`. */
  offset: tf.Tensor;
  /** Added to the variance, > 0; default 1e-5. */
  epsilon?: number;
  /** What is applied last; default `linear`: nothing. */
  activation?: 'linear' | 'relu';
  /** float32, the shape of `x`: added before the activation, as at the end of a residual block. */
  residual?: tf.Tensor;
}

/** What `batchNormTraining` returns; `mean` and `variance` carry no gradient. */
export interface BatchNormResult {
  /** The normalized input, the shape of `x`. */
  readonly y: tf.Tensor;
  /** `[channels]`, over all leading axes. */
  readonly mean: tf.Tensor1D;
  /** `[channels]`, biased (divided by the count). */
  readonly variance: tf.Tensor1D;
}

const KERNEL = 'SelfsupBatchNorm';
const GRADIENT_KERNEL = 'SelfsupBatchNormGrad';

/** What the kernels are told beside tensors. Internal. */
export interface NormAttributes {
  readonly epsilon: number;
  readonly activation: 'linear' | 'relu';
}
/** What the forward pass is computed from. Internal. */
export interface NormInputs {
  readonly x: tf.Tensor;
  readonly scale: tf.Tensor;
  readonly offset: tf.Tensor;
  readonly residual?: tf.Tensor;
}
/** What the gradient is computed from. Internal. */
export interface NormSaved {
  readonly dy: tf.Tensor;
  readonly x: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
  readonly scale: tf.Tensor;
  readonly offset: tf.Tensor;
  /** There with a ReLU, whose mask it holds. */
  readonly y?: tf.Tensor;
}
/** [dx, dScale, dOffset, dResidual], the last one where there is a residual. Internal. */
export type NormGradients = [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]];

const axesOf = (x: tf.Tensor): number[] => Array.from({ length: x.rank - 1 }, (_, i) => i);

/** `[y, mean, variance]` of a batch by itself. Internal. */
export function normalizeBatch(
  { x, scale, offset, residual }: NormInputs,
  attributes: NormAttributes,
): [y: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor] {
  const { epsilon, activation } = attributes;
  if (hasKernel(KERNEL)) return runKernel(KERNEL, { x, scale, offset, ...(residual && { residual }) }, { ...attributes });
  const mean = tf.mean(x, axesOf(x)); // [c]
  const centered = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centered), axesOf(x)); // [c]
  const normalized = tf.add(tf.mul(centered, tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)))), offset);
  const sum = residual ? tf.add(normalized, residual) : normalized;
  return [activation === 'relu' ? tf.relu(sum) : sum, mean, variance];
}

/** The gradients, where the statistics are those of `x` alone. Internal. */
export function normGradients(
  { dy, x, y, mean, variance, scale, offset }: NormSaved,
  attributes: NormAttributes,
  hasResidual: boolean,
): NormGradients {
  if (hasKernel(GRADIENT_KERNEL)) {
    // without a residual the kernel finds the mask of the ReLU again, which costs less than reading y
    const mask: tf.NamedTensorMap = !y ? {} : hasResidual ? { y } : { offset };
    const gradients = runKernel<NormGradients>(GRADIENT_KERNEL, { dy, x, mean, variance, scale, ...mask }, { ...attributes });
    return hasResidual && !y ? [...gradients, tf.clone(dy)] : gradients;
  }
  // tfjs runs a gradient function outside of any scope of its own: without this one all intermediates live until the whole backward pass is over
  return tf.tidy(() => {
    const count = x.size / mean.size;
    const passed = y ? tf.mul(dy, tf.step(y)) : tf.clone(dy);
    const inverse = tf.rsqrt(tf.add(variance, attributes.epsilon)); // [c]
    const normalized = tf.mul(tf.sub(x, mean), inverse);
    const dOffset = tf.sum(passed, axesOf(x)); // [c]
    const dScale = tf.sum(tf.mul(passed, normalized), axesOf(x)); // [c]
    const projected = tf.add(tf.mul(normalized, tf.div(dScale, count)), tf.div(dOffset, count));
    const dx = tf.mul(tf.sub(passed, projected), tf.mul(scale, inverse));
    return hasResidual ? [dx, dScale, dOffset, passed] : [dx, dScale, dOffset];
  });
}

/**
 * Throws on parameters that do not fit `x`. Internal.
 *
 * @throws SelfsupError `SELFSUP_SHAPE`, `SELFSUP_OPTION`, in the name of `who`
 */
export function checkBatchNorm(
  who: string,
  x: tf.Tensor,
  { scale, offset, residual, activation = 'linear' }: Omit<BatchNormParameters, 'activation'> & { activation?: string },
): void {
  const channels = x.shape[x.rank - 1];
  const refuse = (message: string): never => {
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: ${message}`);
  };
  if (x.rank < 2) refuse(`\`x\` must have rank >= 2, got shape [${x.shape.join(', ')}]`);
  for (const [name, tensor] of Object.entries({ scale, offset }))
    if (tensor.rank !== 1 || tensor.shape[0] !== channels)
      refuse(`\`${name}\` must have shape [${channels!}], got [${tensor.shape.join(', ')}]`);
  if (residual && !tf.util.arraysEqual(residual.shape, x.shape))
    refuse(`\`residual\` must have shape [${x.shape.join(', ')}] like \`x\`, got [${residual.shape.join(', ')}]`);
  if (activation !== 'linear' && activation !== 'relu')
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`activation\` must be linear or relu, got ${activation}`);
}

/**
 * Runs batch normalization by two passes, under a tape or not. Internal.
 *
 * @param passes `forward` gives `[y, mean, variance]`; `backward` gets what it saved
 */
export function normalizeBy(
  x: tf.Tensor,
  { scale, offset, epsilon = 1e-5, activation = 'linear', residual }: BatchNormParameters,
  { forward, backward }: { forward: typeof normalizeBatch; backward: typeof normGradients },
): BatchNormResult {
  const attributes = { epsilon, activation };
  let statistics: [tf.Tensor, tf.Tensor] | undefined;
  const normalize = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: tf.Tensor[]) => void;
    const [$x, $scale, $offset, $residual] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor?];
    const [y, mean, variance] = forward({ x: $x, scale: $scale, offset: $offset, ...($residual && { residual: $residual }) }, attributes);
    statistics = [tf.keep(mean), tf.keep(variance)];
    save([$x, mean, variance, $scale, $offset, ...(activation === 'relu' ? [y] : [])]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const names = ['x', 'mean', 'variance', 'scale', 'offset', 'y'] as const;
      const named = Object.fromEntries(saved.map((tensor, i) => [names[i]!, tensor] as const)) as Omit<NormSaved, 'dy'>;
      return backward({ dy, ...named }, attributes, residual !== undefined);
    };
    return { value: y, gradFunc };
  });
  const y = normalize(x, scale, offset, ...(residual ? [residual] : []));
  const [mean, variance] = statistics!.map((kept) => {
    const result = tf.clone(kept); // owned by the caller's tidy, unlike the kept one
    kept.dispose();
    return result;
  });
  return { y, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}
