import { l2Normalize, SelfsupError, type ApplyOptions, type Module, type ModuleFactory, type Rng, type StepContext } from '@selfsup/core';
import { embeddingStd, keyAccuracy } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { applyOptions } from './apply-options.ts';
import { checkChoice, optionError } from './check-options.ts';
import { checkTokens, withIds } from './check-tokens.ts';
import { joinNetworks } from './join-networks.ts';
import type { EncodedSequences } from './token-networks.ts';

/**
 * What the tasks on images with texts train on: `images` float32 `[n, height, width, channels]`; `tokenIds` int32 `[n, length]`, row i of the text of image i; and
 * `attentionMask` `[n, length]`, 0 at padding, if there is any.
 */
export type ImageTextBatch = Readonly<
  Record<'images', tf.Tensor4D> & Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask', tf.Tensor2D>>
>;

/** What the tasks on images with texts compare: unit rows `[n, dim]`, row i of both from pair i. */
export type ImageTextEmbeddings = Readonly<Record<'images' | 'texts', tf.Tensor2D>>;

/** What the tasks on images with texts need of an encoder of texts; `bert` of @selfsup/encoders makes one. */
export interface TextStates extends Module<tf.Tensor2D, tf.Tensor3D> {
  /** The states float32 `[n, length, dim]`. */
  encode(sequences: EncodedSequences, options: ApplyOptions): tf.Tensor3D;
}

/** The networks of a task on images with texts: both give rows of one width. */
export interface ImageTextFactories {
  /** Makes the encoder of images, which is kept: to `[n, dim]`. */
  image: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the encoder of texts, which is kept: to states `[n, length, dim]`. */
  text: (rng: Rng) => TextStates;
  /** What stands for a text: the `'mean'` (default) of the states of its tokens, or that of the `'first'`. */
  pooling?: 'mean' | 'first';
}

/** The mean of the states where the mask is 1, or the first state: `[n, dim]`. */
function poolStates(states: tf.Tensor3D, mask: tf.Tensor2D | undefined, pooling: 'mean' | 'first'): tf.Tensor2D {
  const [n, , dim] = states.shape;
  if (pooling === 'first') return tf.reshape(tf.slice(states, [0, 0, 0], [n, 1, dim]), [n, dim]);
  if (!mask) return tf.mean(states, 1);
  const present = tf.expandDims(tf.cast(mask, 'float32'), 2); // [n, length, 1]
  return tf.div(tf.sum(tf.mul(states, present), 1), tf.maximum(tf.sum(present, 1), 1));
}

function checkImages(who: string, images: tf.Tensor4D | undefined, texts: number): tf.Tensor4D {
  if (images === undefined)
    throw new SelfsupError('SELFSUP_BATCH', `${who}: the batch must have \`images\`, float32 [n, height, width, channels], got undefined`);
  if (images.rank !== 4 || images.shape[0] !== texts)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`images\` must have shape [${texts}, height, width, channels], one for each row of \`tokenIds\`, got [${(images as tf.Tensor).shape.join(', ')}]`,
    );
  return images;
}

/** Both networks with numbers that are learned beside them, and what each pair says. Internal. */
export function createImageTextNetworks(
  who: string,
  { image: makeImage, text: makeText, pooling = 'mean' }: ImageTextFactories,
  { rng, learned }: { rng: Rng; learned: Readonly<Record<string, number>> },
) {
  checkChoice(who, { pooling }, ['mean', 'first']);
  const [image, text] = [makeImage(rng.fold('backbone')), makeText(rng.fold('text'))]; // as the backbone of any task
  const numbers = Object.fromEntries(
    Object.entries(learned).map(([name, value]) => [name, tf.tidy(() => tf.variable<tf.Rank.R0>(tf.scalar(value), true))]),
  );
  const joined = joinNetworks({ image, text });
  return {
    encoders: { image, text },
    ...joined,
    trainable: { ...joined.trainable, ...numbers },
    dispose() {
      joined.dispose();
      for (const number of Object.values(numbers)) number.dispose();
    },
    numbers,
    embed: (batch: ImageTextBatch, context: StepContext): ImageTextEmbeddings => {
      const { tokenIds, attentionMask } = batch;
      checkTokens(who, { tokenIds, attentionMask });
      const images = image.apply(checkImages(who, batch.images, tokenIds.shape[0]), applyOptions(context, 'image'));
      const states = text.encode(withIds({ attentionMask }, tokenIds), applyOptions(context, 'text'));
      const texts = poolStates(states, attentionMask, pooling);
      if (images.shape.join() !== texts.shape.join())
        throw optionError(who, {
          name: 'text',
          expected: `an encoder to ${images.shape[1]} columns like \`image\``,
          got: `one to ${texts.shape[1]}`,
        });
      return { images: l2Normalize(images), texts: l2Normalize(texts) };
    },
  };
}

/** What is worth plotting of pairs: how often each finds its own among all, and how far the unit rows of images are spread. Internal. */
export function pairMetrics(
  { images, texts }: ImageTextEmbeddings,
  scale: tf.Scalar,
): Readonly<Record<'accuracy' | 'zStd' | 'scale', tf.Scalar>> {
  const [found, back] = [keyAccuracy(images, texts, { normalized: true }), keyAccuracy(texts, images, { normalized: true })];
  return { accuracy: tf.mul<tf.Scalar>(tf.add(found, back), 0.5), zStd: embeddingStd(images, { normalized: true }), scale };
}
