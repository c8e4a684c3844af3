import { createRng, SelfsupError } from '@selfsup/core';
import { assertFiniteWeights } from './assert-finite-weights.ts';
import type { AnyEncoderFactory, EncoderRecipe, StartContext, StartRecipe } from './encoder-recipe.ts';
import { withWeightsOf, type StartedFactory } from './start-encoder.ts';
import { RANDOM } from './start-alone.ts';
import { suggest } from './suggest.ts';

/**
 * Finds the start of an encoder by name.
 *
 * @param encoder the recipe of the encoder
 * @param start the name
 * @param nameOf how an option is written where the user wrote it
 * @returns its recipe; undefined for `random`
 * @throws SelfsupError `SELFSUP_OPTION` on a start that the encoder does not have
 */
export function findStart(
  { name, starts = [] }: Pick<EncoderRecipe, 'name' | 'starts'>,
  start: string,
  nameOf: (name: string) => string,
): StartRecipe | undefined {
  if (start === RANDOM) return undefined;
  const names = [RANDOM, ...starts.map((one) => one.name)];
  const found = (starts as readonly StartRecipe[]).find((one) => one.name === start);
  if (found) return found;
  throw new SelfsupError(
    'SELFSUP_OPTION',
    `the encoder ${name} has no ${nameOf('start')} '${start}'${suggest(start, names, (text) => text) || `; it has ${names.join(', ')}`}`,
  );
}

/** The stream of a run's encoder with fresh weights: that of trainer and task. */
export const freshRng = (seed: number): ReturnType<typeof createRng> => createRng(seed).fold('create').fold('backbone');

/**
 * A factory whose encoders have weights that were computed from the data: a target network or a teacher starts with them, too.
 *
 * @param factory makes encoders with fresh weights
 * @param start how they are computed
 * @param context the samples, and the seed of the run
 * @returns the factory; call `dispose` when all encoders are made
 * @throws SelfsupError `SELFSUP_DATA` when the data does not suffice, `SELFSUP_NON_FINITE` when weights are not finite
 */
export async function startFromData(
  factory: AnyEncoderFactory,
  start: StartRecipe,
  { seed, ...context }: Omit<StartContext, 'rng'> & { readonly seed: number },
): Promise<StartedFactory> {
  const pattern = factory(freshRng(seed));
  try {
    await start.apply(pattern, { ...context, rng: createRng(seed).fold('start') });
    await assertFiniteWeights(pattern);
  } catch (error) {
    pattern.dispose();
    throw error;
  }
  return withWeightsOf(factory, pattern);
}
