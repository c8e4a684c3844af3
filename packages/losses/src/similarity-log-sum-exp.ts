import { rowLogSumExp, rowLogSumExpGradient, type OmittedEntries } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Options of {@link similarityLogSumExp}. */
export interface SimilarityLogSumExpOptions {
  /** The similarities are divided by it; > 0. */
  temperature: number;
  /** For candidates that are the anchors: what is left out of an anchor's sum, `'itself'` or all views of `'its image'`; by default every candidate counts. */
  omit?: 'itself' | 'its image';
  /** With `'its image'`: how many images; anchors i, i + images, … are views of one. */
  images?: number;
  /** True: no gradient towards the candidates is computed; default false. */
  detachCandidates?: boolean;
  /** Anchors whose similarities are computed at a time, ≥ 1; default all. Bounds the memory to `[blockSize, candidates]`, forward and backward. */
  blockSize?: number;
}

/**
 * For each anchor the logarithm of the summed exponentials of its similarities to all candidates: log Σⱼ exp(⟨aᵢ, cⱼ⟩ / temperature).
 *
 * @param anchors float32 `[anchors, dim]`
 * @param candidates float32 `[candidates, dim]`
 * @param options see {@link SimilarityLogSumExpOptions}
 * @returns float32 `[anchors]`
 * @remarks The similarity matrix is the largest tensor of a contrastive loss. It is not kept for the gradient but computed again there from the saved
 * result, so that at most three matrices of its size are alive at a time; with `blockSize` three of that many rows. The largest counted entry of each row is subtracted before the exponential;
 * an anchor's similarity to itself first takes the place of the row's smallest entry and is then multiplied by zero, which needs no huge constant.
 */
export function similarityLogSumExp(anchors: tf.Tensor2D, candidates: tf.Tensor2D, options: SimilarityLogSumExpOptions): tf.Tensor1D {
  const { temperature, omit, images = 1, detachCandidates = false } = options;
  const [numAnchors, numCandidates] = [anchors.shape[0], candidates.shape[0]];
  const { blockSize = numAnchors } = options;
  const starts = Array.from({ length: Math.ceil(numAnchors / blockSize) }, (_, i) => i * blockSize);
  const rowsOf = <T extends tf.Tensor>(x: T, from: number): T => tf.slice(x, from, Math.min(blockSize, numAnchors - from));
  const logitsOf = (a: tf.Tensor2D, c: tf.Tensor2D): tf.Tensor2D => tf.matMul(tf.div(a, temperature), c, false, true); // [anchors, candidates]
  /** What does not count for the anchors from `from` on. */
  const omitted = (from: number): OmittedEntries | undefined =>
    omit === undefined ? undefined : { from, period: omit === 'itself' ? numCandidates : images };
  const forward = (a: tf.Tensor2D, c: tf.Tensor2D, from: number): tf.Tensor1D => rowLogSumExp(logitsOf(a, c), omitted(from));

  /** The gradients of one block of anchors: towards them, and towards all candidates. */
  const backwardBlock = (block: Record<'a' | 'c' | 'result' | 'dy', tf.Tensor>, from: number): tf.Tensor[] =>
    tf.tidy(() => {
      const [a, c] = [block.a as tf.Tensor2D, block.c as tf.Tensor2D];
      const dy = tf.div(block.dy, temperature);
      const weights = rowLogSumExpGradient({ logits: logitsOf(a, c), result: block.result, dy }, omitted(from)); // [count, candidates]
      const towardsAnchors = tf.matMul(weights, c);
      return detachCandidates ? [towardsAnchors] : [towardsAnchors, tf.matMul(weights, a, true)];
    });

  const backward = (dy: tf.Tensor, saved: readonly tf.Tensor[]): tf.Tensor[] =>
    tf.tidy(() => {
      const [a, c, result] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
      if (starts.length === 1) return backwardBlock({ a, c, result, dy }, 0);
      const towardsAnchors: tf.Tensor[] = [];
      let towardsCandidates: tf.Tensor | undefined;
      for (const from of starts) {
        const [anchorPart, candidatePart] = backwardBlock(
          { a: rowsOf(a, from), c, result: rowsOf(result, from), dy: rowsOf(dy, from) },
          from,
        );
        towardsAnchors.push(anchorPart!);
        if (!candidatePart) continue;
        const sum: tf.Tensor = towardsCandidates ? tf.add(towardsCandidates, candidatePart) : candidatePart;
        if (towardsCandidates) tf.dispose([towardsCandidates, candidatePart]);
        towardsCandidates = sum;
      }
      return [tf.concat(towardsAnchors, 0), ...(towardsCandidates ? [towardsCandidates] : [])];
    });

  const op = tf.customGrad((...inputs) => {
    const save = inputs.at(-1) as unknown as (tensors: tf.Tensor[]) => void;
    const blocks = starts.map((from) => tf.tidy(() => forward(starts.length === 1 ? anchors : rowsOf(anchors, from), candidates, from)));
    const value = blocks.length === 1 ? blocks[0]! : tf.concat(blocks, 0);
    save([anchors, candidates, value]);
    return { value, gradFunc: backward };
  });
  return detachCandidates ? op(anchors) : op(anchors, candidates);
}
