import { createRng } from '@selfsup/core';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { AnyModule } from '../modality.ts';
import { findStart, freshRng } from '../data-start.ts';
import { RANDOM } from '../start-alone.ts';
import { parseOptions } from '../option-schema.ts';
import { silentProgress, type Progress } from '../progress.ts';
import { createReadout } from '../readout.ts';
import type { Registry } from '../registry.ts';
import type { Samples } from '../samples.ts';

/**
 * The network that a run began with where its weights were computed from the data: what training added is seen beside it.
 *
 * @param encoder of the run, from `loadEncoder`
 * @param samples the run's own training samples
 * @param options the registry with its recipe
 * @returns the network and what gives its features, read like `encoder`; dispose `encoder`. Undefined where the run began with other weights, or with nothing trained
 * on top
 */
export async function createStartOf(
  encoder: LoadedEncoder,
  samples: Samples,
  { registry, progress = silentProgress, signal }: { registry: Registry; progress?: Progress; signal?: AbortSignal | undefined },
): Promise<{ readonly encoder: AnyModule; readonly features: AnyModule } | undefined> {
  const { run, step, input, files, readout } = encoder;
  if (!run || run.settings.start === RANDOM || run.init || step === 0) return undefined;
  const recipe = registry.encoders.get(encoder.encoder.name);
  const start = findStart(recipe, run.settings.start, (name) => name);
  if (!start) return undefined;
  const { seed } = run.settings;
  const module = recipe.create(
    parseOptions(recipe.options, encoder.encoder.options, { who: `encoder ${recipe.name}` }),
    input,
  )(freshRng(seed));
  try {
    await start.apply(module, { samples, input, files, rng: createRng(seed).fold('start'), progress, signal });
    return { encoder: module, features: createReadout(module, recipe, { ...readout, input, files }) };
  } catch (error) {
    module.dispose();
    throw error;
  }
}
