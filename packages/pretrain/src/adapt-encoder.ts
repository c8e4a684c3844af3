import { printable, SelfsupError } from '@selfsup/core';
import { lora } from '@selfsup/encoders';
import { chain, layerwiseDecay, type GradientTransform } from '@selfsup/optim';
import type * as tf from '@tensorflow/tfjs-core';
import type { AnyEncoderFactory, EncoderLayers, EncoderRecipe } from './encoder-recipe.ts';
import type { AnyModule } from './modality.ts';
import type { Settings } from './settings.ts';

/** The settings that say how the weights of an encoder may move. */
export type AdaptSettings = Pick<Settings, 'layerDecay' | 'frozenLayers' | 'loraRank' | 'loraAlpha' | 'loraTargets' | 'loraNorms'>;

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
  {
    settings,
    nameOf,
  }: { readonly settings: Pick<AdaptSettings, 'layerDecay' | 'frozenLayers'>; readonly nameOf: (name: string) => string },
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
 * Refuses adapters beside weights that nobody trained, and their options without them.
 *
 * @param settings see {@link AdaptSettings}
 * @param given whether the encoder starts with weights that know something, and how an option is written where the user wrote it
 * @throws SelfsupError `SELFSUP_OPTION`
 */
export function assertAdapters(
  { loraRank, loraAlpha, loraNorms }: AdaptSettings,
  { isTrained, nameOf }: { readonly isTrained: boolean; readonly nameOf: (name: string) => string },
): void {
  if (loraRank > 0 && !isTrained)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf('loraRank')} must be 0 where the encoder starts with fresh weights, which adapters cannot make good, got ${loraRank}; start from an encoder (${nameOf('init')})`,
    );
  if (loraRank === 0 && (loraAlpha !== undefined || loraNorms))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf(loraNorms ? 'loraNorms' : 'loraAlpha')} must be left out without adapters; give ${nameOf('loraRank')}, too`,
    );
}

/** A factory whose encoders have adapters beside their weights, which stand still. */
const withAdapters = (factory: AnyEncoderFactory, { loraRank: rank, loraAlpha, loraTargets: targets, loraNorms: norms }: AdaptSettings) =>
  rank === 0 ? factory : lora(factory, { rank, alpha: loraAlpha ?? rank, targets, norms });

/**
 * Gives the encoders of a factory adapters, makes their first layers stand still, and gives the others rates of their own, as the settings have it.
 *
 * @param plain makes the encoders
 * @param layers what their layers are; may be undefined where the settings ask for nothing
 * @param settings see {@link AdaptSettings}
 * @returns see {@link AdaptedEncoder}; at the default settings the factory and the optimizer themselves
 */
export function adaptEncoder(plain: AnyEncoderFactory, layers: EncoderLayers | undefined, settings: AdaptSettings): AdaptedEncoder {
  const { layerDecay, frozenLayers } = settings;
  const factory = withAdapters(plain, settings);
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
