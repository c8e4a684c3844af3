import { nextTurn, SelfsupError } from '@selfsup/core';
import { poolTokens, type TokenInput } from '@selfsup/evaluate';
import * as tf from '@tensorflow/tfjs-core';
import { gatherFeatures } from '../gather-features.ts';
import type { AnyModule, EncodeOptions, Features } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { isSequenceReadout, sequenceEncoder, withAttention } from './sequence-encoder.ts';
import { textInputOf } from './text-input.ts';
import { asTexts } from './text-samples.ts';

/** Sequences that are read at once; within them those of like lengths are encoded together. */
export const TEXT_WINDOW = 2048;
/** Sequences per forward pass. */
const BATCH = 64;
/** Batches are as long as their longest sequence, rounded up to a multiple of it. */
const STRIDE = 8;

/** A sequence without its filling. */
interface Sequence {
  readonly ids: Int32Array;
  readonly segments: Int32Array | undefined;
}

/** Tensors of sequences, filled up to the longest one. */
function inputOf(sequences: readonly Sequence[], most: number): TokenInput & { readonly segmentIds?: tf.Tensor2D } {
  const longest = sequences.reduce((length, { ids }) => Math.max(length, ids.length), 1);
  const shape: [number, number] = [sequences.length, Math.min(most, Math.ceil(longest / STRIDE) * STRIDE)];
  const [tokenIds, attentionMask, segmentIds] = [0, 1, 2].map(() => new Int32Array(shape[0] * shape[1])) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  for (const [row, { ids, segments }] of sequences.entries()) {
    const at = row * shape[1];
    tokenIds.set(ids, at);
    attentionMask.fill(1, at, at + ids.length);
    if (segments) segmentIds.set(segments, at);
  }
  const tensor = (values: Int32Array) => tf.tensor2d(values, shape, 'int32');
  return {
    tokenIds: tensor(tokenIds),
    attentionMask: tensor(attentionMask),
    ...(sequences[0]?.segments && { segmentIds: tensor(segmentIds) }),
  };
}

/**
 * Features of texts by an encoder of tokens at inference, batch by batch.
 *
 * @param encoder gives states `[batch, length, dim]` of token ids, masks and segments; or a readout, which gives features `[batch, dim]`
 * @param samples texts or sequences, with the pooling: the mean of the states, filling left out, or the state of the first token
 * @param options see {@link EncodeOptions}
 * @returns float32 `[n, dim]` of up to 2,048 texts at a time, in the order of the indices
 * @throws SelfsupError `SELFSUP_OPTION` on pooling `first` for an encoder whose first token has seen no other
 * @remarks Sequences of like lengths share a forward pass, so that little filling is computed. An encoder that learned to see only what is before a token is
 * used under the same mask.
 */
export async function* encodeTextBatches(
  encoder: AnyModule,
  samples: Samples,
  options: EncodeOptions,
): AsyncGenerator<Features, void, void> {
  const { dataset, pooling } = asTexts(samples);
  const { attention, length } = textInputOf(options.input);
  const { progress, stage: stageName, signal } = options;
  if (attention === 'causal' && pooling === 'first')
    throw new SelfsupError(
      'SELFSUP_OPTION',
      '`pooling` must be mean for an encoder that learned to predict the next token: its first state has seen no other token',
    );
  const indices = options.indices ? Int32Array.from(options.indices) : Int32Array.from({ length: samples.length }, (_, i) => i);
  const pooled = isSequenceReadout(encoder) ? encoder : poolTokens(withAttention(sequenceEncoder(encoder), attention), { pooling });
  const stage = progress.stage(stageName, { total: indices.length, unit: 'texts' });
  try {
    for (let first = 0; first < indices.length; first += TEXT_WINDOW) {
      const { tokenIds, attentionMask, segmentIds, shape } = await dataset.read(indices.subarray(first, first + TEXT_WINDOW));
      const sequences = Array.from({ length: shape[0] }, (_, row): Sequence => {
        const from = row * shape[1];
        const to = from + attentionMask.subarray(from, from + shape[1]).lastIndexOf(1) + 1;
        return { ids: tokenIds.subarray(from, to), segments: segmentIds?.subarray(from, to) };
      });
      const order = [...sequences.keys()].sort((a, b) => sequences[a]!.ids.length - sequences[b]!.ids.length || a - b);
      let data: Float32Array | undefined;
      let dim = 0;
      for (let at = 0; at < order.length; at += BATCH) {
        await nextTurn();
        signal?.throwIfAborted();
        const rows = order.slice(at, at + BATCH);
        const batch = rows.map((row) => sequences[row]!);
        const features = tf.tidy(() => pooled.apply(inputOf(batch, length), { training: false })); // [batch, dim]
        const values = await features.data<'float32'>();
        dim = features.shape[1]!;
        features.dispose();
        data ??= new Float32Array(order.length * dim);
        for (const [i, row] of rows.entries()) data.set(values.subarray(i * dim, (i + 1) * dim), row * dim);
        stage.update(first + at + rows.length);
      }
      yield { data: data!, shape: [order.length, dim], indices: indices.slice(first, first + TEXT_WINDOW) };
    }
  } finally {
    stage.end();
  }
}

/**
 * Features of texts by an encoder of tokens at inference.
 *
 * @param encoder gives states `[batch, length, dim]` of token ids, masks and segments; or a readout, which gives features `[batch, dim]`
 * @param samples texts or sequences, with the pooling: the mean of the states, filling left out, or the state of the first token
 * @param options see {@link EncodeOptions}
 * @returns float32 `[n, dim]`, in the order of the indices
 * @throws SelfsupError `SELFSUP_OPTION` on pooling `first` for an encoder whose first token has seen no other, `SELFSUP_DATA` when there is nothing to encode
 */
export async function encodeTexts(encoder: AnyModule, samples: Samples, options: EncodeOptions): Promise<Features> {
  const { name, length } = samples;
  if ((options.indices?.length ?? length) === 0)
    throw new SelfsupError('SELFSUP_DATA', `${name} must have at least one text to encode, got none`);
  return gatherFeatures(encodeTextBatches(encoder, samples, options), name);
}
