import type { Rng } from '@selfsup/core';
import { loadWeights } from '../load-weights.ts';
import type { SavedWeights, VariableOwner } from '../save-weights.ts';

/** A factory whose encoders get the weights, the embeddings of others excepted. */
export function withWeights<F extends (rng: Rng, ...rest: never[]) => VariableOwner>(build: F, weights: SavedWeights): F {
  const create = (rng: Rng, ...rest: never[]) => {
    const encoder = build(rng, ...rest);
    const own = { ...encoder.trainable, ...encoder.buffers };
    const shared = rest.length > 0;
    loadWeights(encoder, shared ? Object.fromEntries(Object.entries(weights).filter(([path]) => path in own)) : weights);
    return encoder;
  };
  return Object.assign(create, build);
}
