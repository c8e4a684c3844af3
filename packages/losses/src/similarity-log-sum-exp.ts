import * as tf from '@tensorflow/tfjs-core';

/** Options of {@link similarityLogSumExp}. */
export interface SimilarityLogSumExpOptions {
  /** The similarities are divided by it; > 0. */
  temperature: number;
  /** Anchor i is candidate `selfOffset + i` and is left out of its own sum; by default every candidate counts. */
  selfOffset?: number;
  /** True: no gradient towards the candidates is computed; default false. */
  detachCandidates?: boolean;
}

/** Applies the steps in turn and disposes what each of them consumed: two large matrices alive instead of one per step. */
function through(x: tf.Tensor2D, ...steps: readonly ((x: tf.Tensor2D) => tf.Tensor)[]): tf.Tensor2D {
  return steps.reduce<tf.Tensor2D>((input, step) => {
    const output = step(input) as tf.Tensor2D;
    input.dispose();
    return output;
  }, x);
}

const maskedBy =
  (counted: tf.Tensor | undefined) =>
  (x: tf.Tensor2D): tf.Tensor =>
    counted ? tf.mul(x, counted) : tf.clone(x);

/**
 * For each anchor the logarithm of the summed exponentials of its similarities to all candidates: log Σⱼ exp(⟨aᵢ, cⱼ⟩ / temperature).
 *
 * @param anchors float32 `[anchors, dim]`
 * @param candidates float32 `[candidates, dim]`
 * @param options see {@link SimilarityLogSumExpOptions}
 * @returns float32 `[anchors]`
 * @remarks The similarity matrix is the largest tensor of a contrastive loss. It is not kept for the gradient but computed again there from the saved
 * result, so that at most three matrices of its size are alive at a time. The largest counted entry of each row is subtracted before the exponential;
 * an anchor's similarity to itself first takes the place of the row's smallest entry and is then multiplied by zero, which needs no huge constant.
 */
export function similarityLogSumExp(anchors: tf.Tensor2D, candidates: tf.Tensor2D, options: SimilarityLogSumExpOptions): tf.Tensor1D {
  const { temperature, selfOffset, detachCandidates = false } = options;
  const [numAnchors, numCandidates] = [anchors.shape[0], candidates.shape[0]];
  const logitsOf = (a: tf.Tensor2D, c: tf.Tensor2D): tf.Tensor2D => tf.matMul(tf.div(a, temperature), c, false, true); // [anchors, candidates]
  const countedMask = (): tf.Tensor | undefined =>
    // through int32: the wasm backend's OneHot writes integers into float32 tensors
    selfOffset === undefined
      ? undefined
      : tf.tidy(() => tf.cast(tf.oneHot(tf.range(selfOffset, selfOffset + numAnchors, 1, 'int32'), numCandidates, 0, 1), 'float32')); // [anchors, candidates]

  const forward = (a: tf.Tensor2D, c: tf.Tensor2D): tf.Tensor1D => {
    const counted = countedMask();
    let logits = logitsOf(a, c);
    const masked = maskedBy(counted);
    const floor = counted ? tf.min(logits, 1, true) : tf.zeros([numAnchors, 1]); // [anchors, 1]
    logits = through(logits, (x) => tf.sub(x, floor), masked); // counted entries >= 0, the anchor itself 0
    const top = tf.max(logits, 1, true); // [anchors, 1]
    const sums = through(
      logits,
      (x) => tf.sub(x, top),
      tf.exp,
      masked,
      (x) => tf.sum(x, 1, true),
    ); // [anchors, 1]
    return tf.reshape(tf.add(tf.add(tf.log(sums), top), floor), [numAnchors]);
  };

  const backward = (dy: tf.Tensor, saved: readonly tf.Tensor[]): tf.Tensor[] =>
    tf.tidy(() => {
      const [a, c, result] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
      const counted = countedMask();
      const masked = maskedBy(counted);
      const column = tf.reshape(result, [numAnchors, 1]);
      const scale = tf.reshape(tf.div(dy, temperature), [numAnchors, 1]);
      const weights = through(
        logitsOf(a, c),
        (x) => tf.sub(x, column),
        masked, // the anchor itself becomes 0: everything counted is below 0 but for rounding
        tf.exp,
        masked,
        (x) => tf.mul(x, scale),
      ); // [anchors, candidates]
      const towardsAnchors = tf.matMul(weights, c);
      return detachCandidates ? [towardsAnchors] : [towardsAnchors, tf.matMul(weights, a, true)];
    });

  const op = tf.customGrad((...inputs) => {
    const save = inputs.at(-1) as unknown as (tensors: tf.Tensor[]) => void;
    const value = forward(anchors, candidates);
    save([anchors, candidates, value]);
    return { value, gradFunc: backward };
  });
  return detachCandidates ? op(anchors) : op(anchors, candidates);
}
