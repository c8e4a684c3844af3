import { maskPatches } from '@selfsup/augment';
import { joinVariables, SelfsupError, type ModuleFactory, type PretextTask } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { SeriesEncoderFactory } from '../series-net.ts';

/** Windows, normalized: float32 `[n, 1, length, channels]`. */
export type MaskedReconstructionBatch = { readonly windows: tf.Tensor4D };

/** 1 for a time step that is hidden and 0 for one that is seen: float32 `[n, 1, length, 1]`. */
export type MaskedReconstructionTargets = { readonly mask: tf.Tensor4D };

/** Options of {@link maskedReconstruction}. */
export interface MaskedReconstructionOptions {
  /** The encoder that is kept. */
  backbone: SeriesEncoderFactory;
  /** From the features of a place in time to its `stride · channels` numbers, `[rows, outputDim]` to `[rows, stride · channels]`; best a single linear layer. */
  decoder: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** The share of the spans that are hidden, in (0, 1); default 0.5. */
  maskRatio?: number;
  /** Time steps of a span, a divisor of the windows' length; default 16. */
  spanLength?: number;
}

/**
 * Masked reconstruction: spans of a window are hidden in all channels, and a small decoder reconstructs them from the encoder's features around.
 *
 * @param options see {@link MaskedReconstructionOptions}
 * @returns the task; its variables lie under `backbone/` and `decoder/`. The loss is the mean squared error of the hidden values; the metric `explained` is the
 * share of their square that is gone: 0 for a decoder that always says 0, 1 for a perfect one
 * @throws SelfsupError `SELFSUP_OPTION` on a ratio out of range; from `targets` `SELFSUP_BATCH` without windows, `SELFSUP_SHAPE` when spans or places do not fill them
 * @see Xie et al.: "SimMIM", https://arxiv.org/abs/2111.09886, of images
 */
export function maskedReconstruction(
  options: MaskedReconstructionOptions,
): PretextTask<MaskedReconstructionBatch, MaskedReconstructionTargets> {
  const { maskRatio = 0.5, spanLength = 16 } = options;
  const { stride } = options.backbone;
  if (!(maskRatio > 0 && maskRatio < 1))
    throw new SelfsupError('SELFSUP_OPTION', `masked-reconstruction: \`maskRatio\` must be a number in (0, 1), got ${maskRatio}`);
  const check = (windows: tf.Tensor4D | undefined): tf.Tensor4D => {
    if (windows?.rank !== 4)
      throw new SelfsupError('SELFSUP_BATCH', 'masked-reconstruction: the batch must have `windows` [n, 1, length, channels]');
    for (const [name, divisor] of Object.entries({ 'the stride of the encoder': stride, '`spanLength`': spanLength }))
      if (windows.shape[2] % divisor !== 0)
        throw new SelfsupError(
          'SELFSUP_SHAPE',
          `masked-reconstruction: ${name} must divide the ${windows.shape[2]} time steps of a window, got ${divisor}`,
        );
    return windows;
  };
  return {
    api: 1,
    name: 'masked-reconstruction',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const decoder = options.decoder(rng.fold('decoder'));
      return {
        encoders: { backbone },
        trainable: joinVariables({ backbone: backbone.trainable, decoder: decoder.trainable }),
        buffers: joinVariables({ backbone: backbone.buffers, decoder: decoder.buffers }),
        targets(batch, { stream }) {
          const [n, , length] = check(batch.windows).shape;
          const numSpans = length / spanLength;
          const { mask } = maskPatches({ gridSize: [1, numSpans], maskRatio })({ count: n }, stream('mask'));
          const spans = tf.tensor4d(mask, [n, numSpans, 1, 1]);
          return { mask: tf.reshape(tf.tile(spans, [1, 1, spanLength, 1]), [n, 1, length, 1]) };
        },
        loss({ windows }, { mask }, { training, synchronize, stream }) {
          const [n, , length, channels] = windows.shape;
          const seen = tf.mul<tf.Tensor4D>(windows, tf.sub(1, mask));
          const places = backbone.encodePlaces(seen, { training, synchronize, rng: stream('backbone') }); // [n, 1, length / stride, outputDim]
          const rows = tf.reshape<tf.Rank.R2>(places, [(n * length) / stride, -1]);
          const decoded = decoder.apply(rows, { training, synchronize, rng: stream('decoder') }); // [n * length / stride, stride * channels]
          if (decoded.shape[1] !== stride * channels)
            throw new SelfsupError(
              'SELFSUP_SHAPE',
              `masked-reconstruction: \`decoder\` must give ${stride * channels} numbers, got ${decoded.shape[1]}`,
            );
          const errors = tf.mul(tf.sub(tf.reshape(decoded, windows.shape), windows), mask);
          const count = tf.mul(tf.sum(mask), channels);
          const loss = tf.div<tf.Scalar>(tf.sum(tf.square(errors)), count);
          const power = tf.div(tf.sum(tf.square(tf.mul(windows, mask))), count);
          return { loss, metrics: { explained: tf.sub<tf.Scalar>(1, tf.div(loss, tf.maximum(power, 1e-12))) } };
        },
        dispose() {
          backbone.dispose();
          decoder.dispose();
        },
      };
    },
  };
}
