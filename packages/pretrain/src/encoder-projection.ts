import { projected, type BertFactory, type EncoderFactory } from '@selfsup/encoders';
import { z } from 'zod';
import type { EncoderLayers, EncoderRecipe } from './encoder-recipe.ts';

/** The option of encoders that can be projected. */
export const projectionOption = {
  projectionDim: z
    .int()
    .min(1)
    .exactOptional()
    .describe('columns of a linear projection of the features, such as into a space that images and texts share; default none'),
};

/** Layers of an encoder whose projection belongs to its output. */
const projectedLayers = (layers: EncoderLayers): EncoderLayers => ({
  ...layers,
  layerOf: (path) => (path.startsWith('projection/') ? layers.count : layers.layerOf(path)),
});

/**
 * An encoder that can be projected.
 *
 * @param recipe whose options have {@link projectionOption}; it itself knows nothing of it
 * @returns the recipe, whose encoders have the variable `projection/kernel` where `projectionDim` is given
 */
export function withProjection<F extends EncoderFactory | BertFactory, O extends { projectionDim?: number }>(
  recipe: EncoderRecipe<F, O>,
): EncoderRecipe<F, O> {
  return {
    ...recipe,
    ...(recipe.layers && { layers: (options: O) => projectedLayers(recipe.layers!(options)) }),
    create({ projectionDim, ...options }, input) {
      const factory = recipe.create(options as O, input);
      return projectionDim === undefined ? factory : projected(factory, { outputDim: projectionDim });
    },
  };
}
