import { createRng } from '@selfsup/core';
import { loadWeights, type SavedWeights } from '@selfsup/encoders';
import { encodeCheckpoint } from '@selfsup/trainer';
import { assertFiniteWeights } from './assert-finite-weights.ts';
import { builtinPlugins } from './builtins.ts';
import { judgingDefaults, type ImportedEncoder } from './encoder-file.ts';
import { parseOptions, type OptionSchema } from './option-schema.ts';
import { createRegistry, type Registry } from './registry.ts';
import { moduleTensors } from './module-tensors.ts';

/** Where the variables of an imported encoder lie in its file: there, where those of most runs do. */
const PREFIX = 'backbone';

/** An encoder that another program trained. */
export interface ForeignEncoder {
  /** The kind of data that it takes, such as `image`. */
  readonly modality: string;
  /** The name of its recipe, such as `vit-small`. */
  readonly encoder: string;
  /** The options of the recipe. */
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  /** What it takes, such as `{ size, channels, mean, std }` of images. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Options of the modality, such as `imageSize`; default none. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The values of all its variables, by the paths of the recipe's encoder. */
  readonly weights: SavedWeights;
  /** Where it comes from. */
  readonly source: ImportedEncoder['source'];
  /** Files that belong to it, such as `tokenizer.json`; default none. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Makes an encoder file of weights that another program trained: for `loadEncoder`, and to start a run with (`init`). A backend must be in force.
 *
 * @param foreign see {@link ForeignEncoder}
 * @param registry where its recipe and its modality are; default what selfsup brings
 * @returns the bytes of an `encoder.safetensors`
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when weights are missing, unknown, of another shape or not finite, `SELFSUP_OPTION` on options that do not fit
 */
export async function importEncoder(foreign: ForeignEncoder, registry: Registry = createRegistry(builtinPlugins)): Promise<Uint8Array> {
  const { input, weights, source, files = {} } = foreign;
  const modality = registry.modalities.get(foreign.modality);
  const recipe = registry.encoders.get(foreign.encoder);
  const parsed = parseOptions<object>(recipe.options, foreign.encoderOptions, { who: `encoder ${recipe.name}` });
  const encoderOptions = (recipe.complete?.(parsed, input) ?? parsed) as Record<string, unknown>;
  const options = parseOptions<object>(modality.options as OptionSchema, foreign.options ?? {}, {
    who: `data of the kind ${modality.name}`,
  });
  const module = recipe.create(encoderOptions, input)(createRng(0));
  try {
    loadWeights(module, weights);
    await assertFiniteWeights(module);
    const description: ImportedEncoder = {
      format: 1,
      modality: modality.name,
      encoder: { name: recipe.name, options: encoderOptions, prefix: PREFIX },
      input: { ...input },
      options: { ...options },
      settings: judgingDefaults(),
      source,
    };
    return await encodeCheckpoint({
      metadata: {
        ...{ format: 'selfsup', task: 'imported', api: '1', seed: '0', step: '0', totalSteps: '0' },
        ...{ encoder: JSON.stringify(description), files: JSON.stringify(files) },
      },
      tensors: await moduleTensors(module, PREFIX),
    });
  } finally {
    module.dispose();
  }
}
