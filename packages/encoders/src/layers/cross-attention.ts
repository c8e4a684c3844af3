import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, SelfsupError, type ApplyOptions, type Rng, type VariableMap } from '@selfsup/core';
import { checkRates } from './apply-part.ts';
import { attendHeads } from './attend-heads.ts';
import { checkIntegers } from './check-option.ts';
import { kaimingUniform, zeros, type Initializer } from './initializers.ts';
import { linear } from './linear.ts';

/** What a decoder attends to: the states of a sequence, or one vector for each sequence. */
export type MemoryKind = 'sequence' | 'vector';

/** Options of {@link crossAttention}. */
export interface CrossAttentionOptions {
  /** Columns of input and output, a multiple of `numHeads`. */
  width: number;
  /** Heads, ≥ 1. */
  numHeads: number;
  /** Columns of the memory; default `width`. */
  memoryDim?: number;
  /** `'sequence'` (default), or `'vector'`: one row each, for which there is nothing to choose, so that there are no queries and keys. */
  memory?: MemoryKind;
  /** How much of the attention is dropped while training, in [0, 1); default 0. A vector is not dropped. */
  dropoutRate?: number;
  /** Initial kernels; default {@link kaimingUniform}. Biases start as zeros. */
  initializer?: Initializer;
}

/** Attention of one sequence to another. */
export interface CrossAttention {
  /** `query/kernel` `[width, width]`, `key/kernel` `[memoryDim, width]`, `value/…`, `output/…` with their biases; for vectors `value` and `output` alone. */
  readonly trainable: VariableMap;
  /** None. */
  readonly buffers: VariableMap;
  /**
   * What each of `input` `[batch, length, width]` reads of `memory` `[batch, keys, memoryDim]`, float32 `[batch, length, width]`; `mask` is added to the scores
   * and broadcasts to `[batch, heads, length, keys]`.
   */
  attend(input: tf.Tensor3D, memory: tf.Tensor3D, options: ApplyOptions & { mask?: tf.Tensor }): tf.Tensor3D;
  /** Disposes all variables. */
  dispose(): void;
}

/**
 * Multi-head attention of one sequence to another: the queries come from one, keys and values from the other.
 *
 * @param options see {@link CrossAttentionOptions}
 * @returns a factory of {@link CrossAttention}
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or dropout without `rng`; from `attend` `SELFSUP_SHAPE`
 * @see Vaswani et al.: "Attention Is All You Need", section 3.2.3, https://arxiv.org/abs/1706.03762
 * @remarks With a single key the softmax is 1, whatever the query: every place reads the same, the output layer of the value of the vector.
 */
export function crossAttention(options: CrossAttentionOptions): (rng: Rng) => CrossAttention {
  const { width, numHeads, memoryDim = width, memory: kind = 'sequence', dropoutRate = 0, initializer = kaimingUniform } = options;
  checkIntegers('crossAttention', { width, numHeads, memoryDim });
  checkRates('crossAttention', { dropoutRate });
  if (width % numHeads !== 0)
    throw new SelfsupError('SELFSUP_OPTION', `crossAttention: \`numHeads\` must divide the width ${width}, got ${numHeads}`);
  const layer = (inputDim: number) => linear({ inputDim, outputDim: width, initializer, biasInitializer: zeros });
  return (rng) => {
    const chooses = kind === 'sequence' ? { query: layer(width)(rng.fold('query')), key: layer(memoryDim)(rng.fold('key')) } : undefined;
    const [value, output] = [layer(memoryDim)(rng.fold('value')), layer(width)(rng.fold('output'))];
    const parts = { ...chooses, value, output };
    return {
      trainable: joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))),
      buffers: {},
      attend(input, memory, apply) {
        const [batch, length] = input.shape;
        const expected = `[${batch}, ${chooses ? 'keys' : 1}, ${memoryDim}]`;
        if (memory.rank !== 3 || memory.shape[0] !== batch || memory.shape[2] !== memoryDim || (!chooses && memory.shape[1] !== 1))
          throw new SelfsupError(
            'SELFSUP_SHAPE',
            `crossAttention: \`memory\` must have shape ${expected}, got [${memory.shape.join(', ')}]`,
          );
        return tf.tidy(() => {
          if (chooses)
            return attendHeads(input, memory, {
              who: 'crossAttention',
              layers: { ...chooses, value, output },
              numHeads,
              width,
              dropoutRate,
              apply,
            });
          const read = output.apply(value.apply(tf.reshape(memory, [batch, memoryDim]), apply), apply); // [batch, width]
          return tf.tile(tf.reshape<tf.Rank.R3>(read, [batch, 1, width]), [1, length, 1]);
        });
      },
      dispose() {
        for (const part of Object.values(parts)) part.dispose();
      },
    };
  };
}
