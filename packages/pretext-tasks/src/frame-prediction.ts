import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type ModuleFactory, type PretextTask } from '@selfsup/core';
import { gradientDifferenceLoss, maskedPixelLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkChoice, checkWeights } from './check-options.ts';
import { joinNetworks } from './join-networks.ts';
import { encodeParts } from './part-images.ts';

/** What {@link framePrediction} trains on: `frames` float32 `[n, numFrames, height, width, channels]`, clips in the order in which they were filmed, at least 2 frames. */
export type FramePredictionBatch = Readonly<Record<'frames', tf.Tensor5D>>;

/** What {@link framePrediction} makes of a batch: the frames that are `seen` `[n, numFrames − 1, height, width, channels]`, and the one that is predicted, `frame` `[n, height, width, channels]`. */
export type FramePredictionTargets = Readonly<Record<'seen', tf.Tensor5D> & Record<'frame', tf.Tensor4D>>;

/** Options of {@link framePrediction}. */
export interface FramePredictionOptions {
  /** Makes the backbone, which is kept: frames `[n, height, width, channels]` to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /**
   * Makes the painter, the features of the seen frames in a row `[n, (numFrames − 1) · dim]` to pixels `[n, height, width, channels]`, thrown away afterwards;
   * `inpaintingDecoder` of @selfsup/encoders.
   */
  decoder: ModuleFactory<tf.Tensor2D, tf.Tensor4D>;
  /** Which frame of a clip is predicted: the last, `'next'` (default), or the one in the middle, `'between'`, number ⌊numFrames / 2⌋ from 0. */
  predict?: 'next' | 'between';
  /** How far pixels are apart: `'absolute'` (default) or `'squared'`, the paper's p of 1 or 2. */
  distance?: 'absolute' | 'squared';
  /** The weight of {@link gradientDifferenceLoss} beside that of the pixels; ≥ 0, default 1, as in the paper. */
  gradientWeight?: number;
}

/**
 * Predicting a frame of a clip from the others: the backbone sees each of them on its own, and from all of its answers a decoder paints the one that is left out.
 *
 * @param options see {@link FramePredictionOptions}
 * @returns the task; its variables lie under `backbone/` and `decoder/`. The loss is the mean distance of the pixels + `gradientWeight` ·
 * `gradientDifferenceLoss`; the metrics are both, `pixelLoss` and `gradientLoss`, and `copyLoss`, the loss of the frame just before in place of the prediction
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `targets` `SELFSUP_BATCH` without frames, `SELFSUP_SHAPE` when they are not clips of two
 * or more; from `loss` `SELFSUP_SHAPE` when the decoder paints another size
 * @see Mathieu et al.: "Deep multi-scale video prediction beyond mean square error", eq. 5 to 7, https://arxiv.org/abs/1511.05440
 * @remarks The paper's networks take the frames as channels of one image and paint at several scales; here each frame becomes a feature vector, so that the
 * backbone is one of images, and the decoder has these vectors alone. Its adversarial loss, which sharpens the pictures, is not here. All frames of a batch pass
 * the backbone together, so batch normalization takes its statistics over them. Of `'between'` the paper knows nothing.
 * @example
 * ```ts
 * import { convNet, inpaintingDecoder } from '@selfsup/encoders';
 * import { framePrediction } from '@selfsup/pretext-tasks/frame-prediction';
 * const backbone = convNet({ channels: 3 });
 * const decoder = inpaintingDecoder({ inputDim: 3 * backbone.outputDim, outputSize: 32 }); // clips of four frames of 32 pixels
 * const task = framePrediction({ backbone, decoder });
 * console.log(task.name);
 * ```
 */
export function framePrediction(options: FramePredictionOptions): PretextTask<FramePredictionBatch, FramePredictionTargets> {
  const { predict = 'next', distance = 'absolute', gradientWeight = 1 } = options;
  checkChoice('frame-prediction', { predict }, ['next', 'between']);
  checkChoice('frame-prediction', { distance }, ['absolute', 'squared']);
  checkWeights('frame-prediction', { gradientWeight });
  const lossOf = (painted: tf.Tensor4D, frame: tf.Tensor4D) => {
    const [n, ...size] = frame.shape;
    const values = (x: tf.Tensor4D) => tf.reshape<tf.Rank.R3>(x, [n, 1, size.reduce((a, b) => a * b)]);
    const pixelLoss = maskedPixelLoss(values(painted), values(frame), { mask: tf.ones([n, 1]), distance });
    const gradientLoss = gradientDifferenceLoss(painted, frame, { exponent: distance === 'squared' ? 2 : 1 });
    return { loss: tf.add<tf.Scalar>(pixelLoss, tf.mul(gradientLoss, gradientWeight)), pixelLoss, gradientLoss };
  };
  return {
    api: 1,
    name: 'frame-prediction',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const decoder = options.decoder(rng.fold('decoder'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, decoder }),
        targets({ frames }: Partial<FramePredictionBatch>) {
          if (!frames) throw new SelfsupError('SELFSUP_BATCH', 'frame-prediction: the batch must have `frames`, got undefined');
          if (frames.rank !== 5 || frames.shape[1] < 2 || frames.size === 0)
            throw new SelfsupError(
              'SELFSUP_SHAPE',
              `frame-prediction: \`frames\` must have shape [n, numFrames >= 2, height, width, channels], got [${frames.shape.join(', ')}]`,
            );
          const [n, numFrames, height, width, channels] = frames.shape;
          const at = predict === 'next' ? numFrames - 1 : Math.floor(numFrames / 2);
          const some = (from: number, count: number) =>
            tf.slice<tf.Rank.R5, tf.Tensor5D>(frames, [0, from, 0, 0, 0], [n, count, height, width, channels]);
          const seen = at === numFrames - 1 ? some(0, at) : tf.concat<tf.Tensor5D>([some(0, at), some(at + 1, numFrames - at - 1)], 1);
          return { seen, frame: tf.reshape<tf.Rank.R4>(some(at, 1), [n, height, width, channels]) };
        },
        loss({ frames }, { seen, frame }, context) {
          const apply = applyOptions(context, 'networks');
          const painted = decoder.apply(encodeParts(backbone, seen, apply), apply);
          if (painted.shape.join() !== frame.shape.join())
            throw new SelfsupError(
              'SELFSUP_SHAPE',
              `frame-prediction: \`decoder\` must paint a frame [${frame.shape.join(', ')}], got [${painted.shape.join(', ')}]`,
            );
          const before = (predict === 'next' ? frames.shape[1] - 1 : Math.floor(frames.shape[1] / 2)) - 1;
          const copied = tf.reshape<tf.Rank.R4>(tf.slice(frames, [0, before], [frame.shape[0], 1]), frame.shape);
          const { loss, pixelLoss, gradientLoss } = lossOf(painted, frame);
          return { loss, metrics: { pixelLoss, gradientLoss, copyLoss: lossOf(copied, frame).loss } };
        },
      };
    },
  };
}
