import { drawUniform, type Rng } from '@selfsup/core';

/** One Bernoulli draw per image: true with `probability` (0 never, 1 always, as the draw is below 1). */
export function drawChosen(rng: Rng, count: number, probability: number): boolean[] {
  return Array.from(drawUniform(rng, count), (draw) => draw < probability);
}
