import { SelfsupError, type ApplyOptions } from '@selfsup/core';
import { causalMask, type BertEncoder } from '@selfsup/encoders';
import type { TokenInput } from '@selfsup/evaluate';
import type * as tf from '@tensorflow/tfjs-core';
import type { AnyModule } from '../modality.ts';

/** An encoder of token sequences, such as `bert` makes. */
export type SequenceEncoder = AnyModule & Pick<BertEncoder, 'encode' | 'wordEmbedding'>;

/** A readout of an encoder of token sequences: gives features `[batch, dim]` of whole sequences. */
export interface SequenceReadout extends Omit<AnyModule, 'apply'> {
  /** Tells it from an encoder, whose states are pooled. */
  readonly readsSequences: true;
  apply(input: TokenInput, options: ApplyOptions): tf.Tensor2D;
}

/** Whether a network gives features of whole sequences. */
export const isSequenceReadout = (module: unknown): module is SequenceReadout =>
  typeof module === 'object' && module !== null && (module as Partial<SequenceReadout>).readsSequences === true;

/**
 * An encoder as one of token sequences.
 *
 * @param module the encoder of a run on text
 * @returns the same
 * @throws SelfsupError `SELFSUP_PLUGIN_API` when it cannot take masks
 */
export function sequenceEncoder(module: AnyModule): SequenceEncoder {
  if (typeof (module as Partial<SequenceEncoder>).encode === 'function') return module as SequenceEncoder;
  throw new SelfsupError(
    'SELFSUP_PLUGIN_API',
    'the encoder does not take token sequences; it must have `encode({ tokenIds, attentionMask, segmentIds }, options)` like `bert` of @selfsup/encoders',
  );
}

/**
 * An encoder under the mask that it learned with: of one that learned to predict the next token, each token sees itself and those before it.
 *
 * @param encoder gives states `[batch, length, dim]`
 * @param attention `causal` for such an encoder; see `TextInput`
 * @returns the encoder, with the same variables
 */
export function withAttention<E extends SequenceEncoder>(encoder: E, attention: 'causal' | undefined): E {
  if (attention !== 'causal') return encoder;
  const encode: E['encode'] = (sequences, apply) => {
    const { attentionMask } = sequences;
    return encoder.encode({ ...sequences, ...(attentionMask && { attentionMask: causalMask(attentionMask as tf.Tensor2D) }) }, apply);
  };
  return { ...encoder, encode };
}
