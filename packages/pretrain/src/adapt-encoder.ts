import { printable, SelfsupError } from '@selfsup/core';
import { chain, layerwiseDecay, type GradientTransform } from '@selfsup/optim';
import type * as tf from '@tensorflow/tfjs-core';
import type { AnyEncoderFactory, EncoderLayers, EncoderRecipe } from './encoder-recipe.ts';
import type { AnyModule } from './modality.ts';
import type { Settings } from './settings.ts';

/** The settings that say how the weights of an encoder may move. */
export type AdaptSettings = Pick<Settings, 'layerDecay' | 'frozenLayers'>;

/** What makes the encoders of a run, and what their layers do to its optimizer. */
export interface AdaptedEncoder {
  /** The factory, whose encoders have layers that stand still. */
  readonly factory: AnyEncoderFactory;
  /** The optimizer of the run with the rates of the layers; it must be used for encoders of this factory. */
  withRates(optimizer: GradientTransform): GradientTransform;
}

/**
 * Refuses settings by layer that an encoder cannot follow.
 *
 * @param encoder the recipe
 * @param options its options, parsed
 * @param given the settings, and how an option is written where the user wrote it
 * @throws SelfsupError `SELFSUP_OPTION` on an encoder that does not say its layers, or when all of them would stand still
 */
export function assertLayers(
  encoder: EncoderRecipe,
  options: object,
  { settings, nameOf }: { readonly settings: AdaptSettings; readonly nameOf: (name: string) => string },
): void {
  const { layerDecay, frozenLayers } = settings;
  if (layerDecay === 1 && frozenLayers === 0) return;
  const layers = encoder.layers?.(options);
  if (!layers)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf(layerDecay === 1 ? 'frozenLayers' : 'layerDecay')} must be left out: the encoder ${printable(encoder.name)} does not say what its layers are (\`layers\` of its recipe)`,
    );
  if (frozenLayers >= layers.count)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf('frozenLayers')} must be less than ${layers.count}, the layers of the encoder ${encoder.name}, got ${frozenLayers}; something must learn`,
    );
}

/**
 * Makes the first layers of the encoders of a factory stand still, and gives the others rates of their own.
 *
 * @param factory makes the encoders
 * @param layers what their layers are; may be undefined where the settings ask for nothing
 * @param settings see {@link AdaptSettings}
 * @returns see {@link AdaptedEncoder}; at the default settings the factory and the optimizer themselves
 */
export function adaptEncoder(factory: AnyEncoderFactory, layers: EncoderLayers | undefined, settings: AdaptSettings): AdaptedEncoder {
  const { layerDecay, frozenLayers } = settings;
  if (!layers || (layerDecay === 1 && frozenLayers === 0)) return { factory, withRates: (optimizer) => optimizer };
  const layerOf = new WeakMap<tf.Variable, number>();
  const make = (...args: Parameters<AnyEncoderFactory>): AnyModule => {
    const module = factory(...args);
    for (const [path, variable] of Object.entries(module.trainable)) {
      const layer = layers.layerOf(path);
      layerOf.set(variable, layer);
      if (layer < frozenLayers) variable.trainable = false; // the trainer leaves it alone, and a norm runs on its statistics
    }
    return module;
  };
  return {
    factory: Object.assign(make, { ...factory }),
    withRates: (optimizer) =>
      layerDecay === 1
        ? optimizer
        : chain(
            optimizer,
            layerwiseDecay({
              decay: layerDecay,
              numLayers: layers.count,
              layerOf: (_path, variable) => layerOf.get(variable) ?? layers.count, // heads are on top
            }),
          ),
  };
}
