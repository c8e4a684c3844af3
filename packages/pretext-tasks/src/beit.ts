import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, takeRows, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import type { PatchTokenizer } from './codebook-tokenizer.ts';
import { countLabels } from './count-labels.ts';
import { joinNetworks } from './join-networks.ts';
import { checkImages, drawHidden, type PatchMasking } from './patch-masking.ts';
import { patchStates, type PatchEncoder } from './patch-networks.ts';

export { codebookTokenizer, type CodebookTokenizerOptions, type PatchTokenizer } from './codebook-tokenizer.ts';
export { describePatches, encoderTokenizer, type DescribePatchesOptions, type EncoderTokenizerOptions } from './encoder-tokenizer.ts';

/** What {@link beit} trains on: `images` float32 `[n, height, width, channels]`, one view each, already normalized. */
export type BeitBatch = Readonly<Record<'images', tf.Tensor4D>>;

/**
 * What {@link beit} compares: `mask` float32 `[n, length]`; the places `hidden` int32 `[masked]` of the masked patches among the `n · length` of the batch; and
 * their `tokens` int32 `[masked]`.
 */
export type BeitTargets = Readonly<Record<'mask', tf.Tensor2D> & Record<'hidden' | 'tokens', tf.Tensor1D>>;

/** Options of {@link beit}. */
export interface BeitOptions {
  /** Makes the backbone, which is kept; it has a mask token. */
  backbone: (rng: Rng) => PatchEncoder;
  /** Makes the head from a patch's state to the logits of its token, `[rows, width]` to `[rows, vocabularySize]`: one linear layer. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Draws the masks; `maskPatches` of @selfsup/augment with `kind: 'block'`. The paper masks 0.4. */
  masking: PatchMasking;
  /** Makes what turns patches into tokens, which nothing trains; {@link codebookTokenizer} for centers of k-means, {@link encoderTokenizer} for a trained encoder. */
  tokenizer: () => PatchTokenizer;
}

/**
 * BEiT: a mask token stands for a part of the patches, and the backbone tells which visual tokens are there.
 *
 * @param options see {@link BeitOptions}
 * @returns the task; its variables lie under `backbone/` and `head/`, the tokenizer's among the buffers, and those of a trained encoder among the frozen ones, under `tokenizer/`. The loss is `maskedCrossEntropy` at
 * the masked patches, whose metric is `accuracy`
 * @throws SelfsupError from `targets` and `loss` `SELFSUP_BATCH` without `images`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when they do not fit, `SELFSUP_OPTION`
 * when the masking is for another number of patches, or the backbone has no mask token
 * @see Bao et al.: "BEiT: BERT Pre-Training of Image Transformers", https://arxiv.org/abs/2106.08254
 * @remarks The tokens are those of the view that the backbone sees. The paper's tokenizer is the discrete variational autoencoder of DALL-E, 8192 tokens, on a
 * view of its own size; `vq-tokenizer` trains one like it. The centers of k-means of patches need no training, and their tokens say which colors and edges are
 * where, less of what is seen. Logits are computed at the masked patches only.
 * @example
 * ```ts
 * import { maskPatches } from '@selfsup/augment';
 * import { linear, vit } from '@selfsup/encoders';
 * import { beit, codebookTokenizer } from '@selfsup/pretext-tasks/beit';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3, pooling: 'mean', maskToken: true });
 * const codebook = Float32Array.from({ length: 512 * 48 }, () => Math.random()); // better: `kMeans` of @selfsup/evaluate on patches
 * const task = beit({
 *   backbone,
 *   head: linear({ inputDim: backbone.outputDim, outputDim: 512 }),
 *   masking: maskPatches({ gridSize: backbone.gridSize, maskRatio: 0.4, kind: 'block' }),
 *   tokenizer: codebookTokenizer({ codebook, vocabularySize: 512 }),
 * });
 * console.log(task.name);
 * ```
 */
export function beit(options: BeitOptions): PretextTask<BeitBatch, BeitTargets> {
  return {
    api: 1,
    name: 'beit',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      const tokenizer = options.tokenizer();
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, head, tokenizer: { ...tokenizer, trainable: {} } }),
        ...(tokenizer.frozen && { frozen: joinVariables({ tokenizer: tokenizer.frozen }) }),
        targets(batch, { stream }) {
          const images = checkImages('beit', batch.images);
          const [n, height, width] = images.shape;
          const length = (height / backbone.patchSize) * (width / backbone.patchSize);
          const { mask, hidden } = drawHidden('beit', options.masking, { n, length, rng: stream('masking') });
          return { mask, hidden, tokens: tf.gather(tokenizer.tokenIds(images, backbone.patchSize), hidden) };
        },
        loss(batch, { mask, hidden, tokens }, context) {
          const apply = applyOptions(context, 'networks');
          const states = backbone.encode({ images: checkImages('beit', batch.images), mask }, apply); // [n, 1 + length, width]
          const [n, length] = mask.shape;
          const rows = tf.reshape(patchStates(states, length), [n * length, -1]);
          const logits = head.apply(takeRows(rows, hidden) as tf.Tensor2D, apply); // [masked, vocabularySize]
          return {
            loss: maskedCrossEntropy(logits, tokens),
            metrics: { accuracy: maskedAccuracy(logits, tokens) },
            weight: countLabels(tokens),
          };
        },
      };
    },
  };
}
