import * as tf from '@tensorflow/tfjs-core';
import {
  drawNormal,
  drawUniform,
  emaUpdate,
  oneHot,
  patchify,
  stopGradient,
  takeRows,
  type ModuleFactory,
  type PretextTask,
  type Rng,
  type Targets,
} from '@selfsup/core';
import { applyOptions } from './apply-options.ts';
import { checkCounts, checkMomenta, checkWeights, optionError } from './check-options.ts';
import { joinNetworks } from './join-networks.ts';
import { nearestRows } from './nearest-rows.ts';
import { checkImages } from './patch-masking.ts';
import { patchStates, type PatchEncoder } from './patch-networks.ts';

/** Values of one-hot rows that are held at a time. */
const BLOCK_VALUES = 2 ** 22;

/** What {@link vqTokenizer} trains on: `images` float32 `[n, height, width, channels]`, one view each, already normalized. */
export type VqTokenizerBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** What outlives the tape: `states` float32 `[n, length, width]` of all patches. */
export type VqTokenizerKept = Readonly<Record<'states', tf.Tensor3D>>;

/** Options of {@link vqTokenizer}. */
export interface VqTokenizerOptions {
  /** Makes the backbone, which is kept. */
  backbone: (rng: Rng) => PatchEncoder;
  /** Makes the decoder, codes `[n, length, width]` to pixels `[n, length, patchSize²·channels]`, thrown away afterwards; `patchDecoder` of @selfsup/encoders. */
  decoder: ModuleFactory<tf.Tensor3D, tf.Tensor3D>;
  /** Columns of the backbone's states, which the codes have, too. */
  width: number;
  /** How many codes there are; an integer ≥ 2, default 512. */
  vocabularySize?: number;
  /** The weight of the distance of states from their codes; ≥ 0, default 0.25. */
  commitmentWeight?: number;
  /** The weight of the old codes, in [0, 1]; default 0.99. */
  momentum?: number;
  /**
   * A code that is used less than this part of the mean use begins anew where a patch of the update is, again and again until it is used, as all do at the start;
   * ≥ 0, default 0.03. 0: none does.
   */
  restartUsage?: number;
}

/**
 * A tokenizer of images that is learned, by a VQ-VAE: each patch's state is replaced by the nearest code, from all codes of an image a decoder paints its pixels,
 * and the codes follow the states that they stand for.
 *
 * @param options see {@link VqTokenizerOptions}
 * @returns the task; its variables lie under `backbone/` and `decoder/`, its buffers are `codebook` `[vocabularySize, width]`, `codeSums` of the same shape, and
 * `codeCounts` `[vocabularySize]`. The loss is the mean squared difference of pixels + `commitmentWeight` · that of states from their codes; the metrics are both,
 * `reconstructionLoss` and `commitmentLoss`, and `perplexity`, how many codes the batch uses, if all were used alike: 1 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, from `loss` when the states have not `width` columns or the decoder paints something else;
 * `SELFSUP_BATCH` without `images`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when they do not fit
 * @see van den Oord et al.: "Neural Discrete Representation Learning", eq. 3 and appendix A.1, https://arxiv.org/abs/1711.00937
 * @see Bao et al.: "BEiT: BERT Pre-Training of Image Transformers", section 2.1, https://arxiv.org/abs/2106.08254, whose tokenizer is a discrete VAE
 * @remarks The codes move by the moving averages of the appendix, not by gradients, after the update and by the states from before it, of all micro-batches and
 * ranks. The gradient of the pixels passes the choice of a code as if it were not there. The paper's networks are convolutional and its loss has the likelihood
 * of pixels; its codes begin at random and none begins anew, which leaves most of them unused in short runs.
 * @example
 * ```ts
 * import { patchDecoder, vit } from '@selfsup/encoders';
 * import { vqTokenizer } from '@selfsup/pretext-tasks/vq-tokenizer';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 2, width: 96, numHeads: 3, pooling: 'mean' });
 * const { outputDim: width, gridSize } = backbone;
 * const task = vqTokenizer({ backbone, decoder: patchDecoder({ width, gridSize, outputDim: 4 * 4 * 3, numHeads: 3 }), width });
 * console.log(task.name);
 * ```
 */
export function vqTokenizer(options: VqTokenizerOptions): PretextTask<VqTokenizerBatch, Targets, undefined, VqTokenizerKept> {
  const { width, vocabularySize = 512, commitmentWeight = 0.25, momentum = 0.99, restartUsage = 0.03 } = options;
  checkCounts('vq-tokenizer', { width });
  checkCounts('vq-tokenizer', { vocabularySize }, 2);
  checkWeights('vq-tokenizer', { commitmentWeight, restartUsage });
  checkMomenta('vq-tokenizer', { momentum });
  return {
    api: 1,
    name: 'vq-tokenizer',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const decoder = options.decoder(rng.fold('decoder'));
      const drawn = drawNormal(rng.fold('codebook'), vocabularySize * width);
      const [codebook, codeSums] = [0, 1].map((i) =>
        tf.tidy(() =>
          tf.variable(i === 0 ? tf.tensor2d(drawn, [vocabularySize, width]) : tf.zeros<tf.Rank.R2>([vocabularySize, width]), false),
        ),
      ) as [tf.Variable<tf.Rank.R2>, tf.Variable<tf.Rank.R2>];
      const codeCounts = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([vocabularySize]), false));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, decoder }, { codebook, codeSums, codeCounts }),
        loss(batch, _, context) {
          const apply = applyOptions(context, 'networks');
          const images = checkImages('vq-tokenizer', batch.images);
          const pixels = patchify(images, { patchSize: backbone.patchSize }); // [n, length, patchDim]
          const [n, length, patchDim] = pixels.shape;
          const states = patchStates(backbone.encode({ images }, apply), length); // [n, length, width]
          if (states.shape[2] !== width)
            throw optionError('vq-tokenizer', { name: 'width', expected: `${states.shape[2]}, the backbone's`, got: width });
          const rows = tf.reshape<tf.Rank.R2>(states, [n * length, width]);
          const { codes, ids } = quantized(rows, codebook);
          const chosen = tf.add<tf.Tensor2D>(rows, stopGradient(tf.sub(codes, rows))); // the codes, with the gradient of the states
          const painted = decoder.apply(tf.reshape(chosen, [n, length, width]), { ...apply, rng: apply.rng.fold('decoder') });
          if (painted.shape.join() !== pixels.shape.join())
            throw optionError('vq-tokenizer', {
              name: 'decoder',
              expected: `one that paints [${n}, ${length}, ${patchDim}]`,
              got: `[${painted.shape.join(', ')}]`,
            });
          const reconstructionLoss = tf.mean<tf.Scalar>(tf.square(tf.sub(painted, pixels)));
          const commitmentLoss = tf.mean<tf.Scalar>(tf.square(tf.sub(rows, codes)));
          return {
            loss: tf.add<tf.Scalar>(reconstructionLoss, tf.mul(commitmentLoss, commitmentWeight)),
            metrics: { reconstructionLoss, commitmentLoss, perplexity: perplexityOf(ids, vocabularySize) },
            keep: { states: stopGradient(states) },
          };
        },
        afterStep({ kept: { states } }, context) {
          const rows = tf.reshape<tf.Rank.R2>(states, [-1, width]);
          const ids = nearestRows(rows, codebook);
          const { counts, sums } = totalsOf(rows, { ids, count: vocabularySize });
          codeCounts.assign(emaUpdate(codeCounts, counts, momentum));
          codeSums.assign(emaUpdate(codeSums, sums, momentum));
          if (restartUsage > 0) {
            const least = tf.mul<tf.Scalar>(tf.mean(codeCounts), restartUsage);
            const unused = tf.less(codeCounts, least); // [vocabularySize]
            const places = drawUniform(context.stream('restart'), vocabularySize, { min: 0, max: rows.shape[0] }).map(Math.floor);
            const others = takeRows(rows, tf.tensor1d(Int32Array.from(places), 'int32')) as tf.Tensor2D; // [vocabularySize, width]
            codeSums.assign(tf.where(tf.expandDims(unused, 1), tf.mul(others, least), codeSums));
            codeCounts.assign(tf.where(unused, tf.mul(tf.onesLike(codeCounts), least), codeCounts));
          }
          // a code without any use stays where it is
          const used = tf.expandDims(tf.greater(codeCounts, 1e-10), 1);
          codebook.assign(tf.where(used, tf.div(codeSums, tf.expandDims(tf.maximum(codeCounts, 1e-10), 1)), codebook));
        },
      };
    },
  };
}

/** The nearest code of each row `[rows, width]` and its number `[rows]`, of which nothing is taped. */
function quantized(rows: tf.Tensor2D, codebook: tf.Tensor2D): { codes: tf.Tensor2D; ids: tf.Tensor1D } {
  const [count, width] = rows.shape;
  const both = tf.customGrad((input) => {
    const ids = nearestRows(input as tf.Tensor2D, codebook);
    const codes = takeRows(codebook, ids) as tf.Tensor2D;
    const value = tf.concat<tf.Tensor2D>([codes, tf.cast(tf.reshape(ids, [count, 1]), 'float32')], 1);
    return { value, gradFunc: () => tf.zerosLike(rows) };
  })(rows);
  return {
    codes: tf.slice<tf.Rank.R2, tf.Tensor2D>(both, [0, 0], [count, width]),
    ids: tf.cast(tf.reshape(tf.slice(both, [0, width], [count, 1]), [count]), 'int32'),
  };
}

/** How many rows have each number, `[count]`, and their sums `[count, width]`. */
function totalsOf(rows: tf.Tensor2D, { ids, count }: { ids: tf.Tensor1D; count: number }): { counts: tf.Tensor1D; sums: tf.Tensor2D } {
  const [n, width] = rows.shape;
  const block = Math.max(1, Math.floor(BLOCK_VALUES / count));
  let totals = tf.zeros<tf.Rank.R2>([count, width + 1]);
  const counted = tf.concat<tf.Tensor2D>([rows, tf.ones([n, 1])], 1);
  for (let start = 0; start < n; start += block) {
    const size = Math.min(block, n - start);
    const chosen = oneHot(tf.slice(ids, start, size), count); // [size, count]
    totals = tf.add(totals, tf.matMul(chosen, tf.slice(counted, [start, 0], [size, width + 1]), true, false));
  }
  return { counts: tf.reshape(tf.slice(totals, [0, width], [count, 1]), [count]), sums: tf.slice(totals, [0, 0], [count, width]) };
}

/** exp of the entropy of how often each number comes up. */
function perplexityOf(ids: tf.Tensor1D, count: number): tf.Scalar {
  const shares = tf.div(tf.unsortedSegmentSum(tf.ones<tf.Rank.R1>([ids.shape[0]]), ids, count), ids.shape[0]); // [count]
  return tf.exp<tf.Scalar>(tf.neg(tf.sum(tf.mul(shares, tf.log(tf.maximum(shares, 1e-12))))));
}
