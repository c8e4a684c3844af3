import { SelfsupError } from '@selfsup/core';

/** Throws unless the weights of a loss's terms are finite and ≥ 0. Internal. */
export function checkTermWeights(who: string, weights: Readonly<Record<string, number>>): void {
  for (const [name, weight] of Object.entries(weights))
    if (!(weight >= 0 && weight < Infinity))
      throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be a finite number >= 0, got ${weight}`);
}
