import * as tf from '@tensorflow/tfjs-core';
import type { ApplyOptions, Module, ModuleFactory, Rng, VariableMap } from '@selfsup/core';
import { withIds, type TokenTensors } from './check-tokens.ts';
import { joinNetworks } from './join-networks.ts';
import type { TokenEncoder, TokenHead } from './token-networks.ts';

/** The networks of a task that learns to tell a generator's tokens from real ones. */
export interface DiscriminatorFactories<E extends TokenEncoder = TokenEncoder> {
  /** Makes the discriminator's encoder, which is kept. */
  backbone: (rng: Rng) => E;
  /** Makes the generator's encoder. It gets the backbone to share its embeddings, as published; what it shares must not be in its own `trainable`. */
  generator: (rng: Rng, backbone: E) => TokenEncoder;
  /** Makes the generator's head. */
  generatorHead: (rng: Rng) => TokenHead;
  /** Makes the discriminator's head: states `[n, width]` to the log-odds `[n, 1]` that a token was replaced. */
  discriminatorHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
}

/** A generator and a discriminator with their heads. Internal. */
export interface DiscriminatorNetworks<E extends TokenEncoder> {
  readonly backbone: E;
  /** The variables of all, under the factories' names. */
  readonly variables: { readonly trainable: VariableMap; readonly buffers: VariableMap };
  /** The generator's logits `[n, vocabularySize]` at the masked positions. */
  generate(
    batch: TokenTensors,
    masked: Readonly<Record<'tokenIds', tf.Tensor2D> & Record<'positions', tf.Tensor1D>>,
    options: ApplyOptions,
  ): tf.Tensor2D;
  /** The discriminator's log-odds `[batch · length]` that a token was replaced. */
  discriminate(batch: TokenTensors, filledIds: tf.Tensor2D, options: ApplyOptions): tf.Tensor1D;
  readonly dispose: () => void;
}

/** Builds all four. Internal. */
export function createDiscriminatorNetworks<E extends TokenEncoder>(
  factories: DiscriminatorFactories<E>,
  rng: Rng,
): DiscriminatorNetworks<E> {
  const backbone = factories.backbone(rng.fold('backbone'));
  const generator = factories.generator(rng.fold('generator'), backbone);
  const generatorHead = factories.generatorHead(rng.fold('generatorHead'));
  const discriminatorHead: Module<tf.Tensor2D, tf.Tensor2D> = factories.discriminatorHead(rng.fold('discriminatorHead'));
  const { dispose, ...variables } = joinNetworks({ backbone, discriminatorHead, generator, generatorHead });
  return {
    backbone,
    variables,
    generate(batch, { tokenIds, positions }, options) {
      const hidden = generator.encode(withIds(batch, tokenIds), options); // [batch, length, generator's width]
      return generatorHead.predict(hidden, { positions, wordEmbedding: generator.wordEmbedding });
    },
    discriminate(batch, filledIds, options) {
      const hidden = backbone.encode(withIds(batch, filledIds), options); // [batch, length, width]
      const states = tf.reshape<tf.Rank.R2>(hidden, [filledIds.size, hidden.shape[2]]);
      return tf.reshape<tf.Rank.R1>(discriminatorHead.apply(states, options), [filledIds.size]);
    },
    dispose,
  };
}
