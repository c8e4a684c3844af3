import { SelfsupError } from '@selfsup/core';
import type { EncoderRecipe, ReadoutContext, ReadoutRecipe } from './encoder-recipe.ts';
import type { AnyModule } from './modality.ts';
import { parseOptions } from './option-schema.ts';
import { suggest } from './suggest.ts';

/** The readout that every encoder has: its own output. */
export const GLOBAL = 'global';

/** Which readout, and how. */
export interface ReadoutChoice {
  readonly readout: string;
  readonly readoutOptions: Readonly<Record<string, unknown>>;
}

type NameOf = (name: string) => string;

/** The readout that was chosen, with complete options; undefined for `global`. */
function chosen(
  { name, readouts = [] }: Pick<EncoderRecipe, 'name' | 'readouts'>,
  { readout, readoutOptions }: ReadoutChoice,
  nameOf: NameOf,
): { readonly recipe: ReadoutRecipe; readonly options: object } | undefined {
  const names = [GLOBAL, ...readouts.map((one) => one.name)];
  if (!names.includes(readout))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `the encoder ${name} has no ${nameOf('readout')} '${readout}'${suggest(readout, names, (text) => text) || `; it has ${names.join(', ')}`}`,
    );
  if (readout === GLOBAL) {
    if (Object.keys(readoutOptions).length === 0) return undefined;
    throw new SelfsupError('SELFSUP_OPTION', `${nameOf('readoutOptions')} must be left out for the readout ${GLOBAL}, which has none`);
  }
  const recipe = (readouts as readonly ReadoutRecipe[]).find((one) => one.name === readout)!;
  return { recipe, options: parseOptions(recipe.options, readoutOptions, { who: `readout ${readout}`, nameOf: (option) => nameOf(`readoutOptions.${option}`) }) }; // prettier-ignore
}

/**
 * Completes and checks the choice of a readout.
 *
 * @param encoder the recipe of the encoder
 * @param choice what the user gave
 * @param nameOf how an option is written where the user wrote it
 * @returns the choice with all options
 * @throws SelfsupError `SELFSUP_OPTION` on a readout that the encoder does not have, or an option out of range
 */
export function completeReadout(encoder: Pick<EncoderRecipe, 'name' | 'readouts'>, choice: ReadoutChoice, nameOf: NameOf): ReadoutChoice {
  const found = chosen(encoder, choice, nameOf);
  return { readout: choice.readout, readoutOptions: { ...(found?.options as Record<string, unknown> | undefined) } };
}

/**
 * Makes the network that gives the features of an encoder.
 *
 * @param encoder the network; it stays the caller's
 * @param recipe its recipe
 * @param choice which readout, and the context of the run
 * @returns the readout, which shares the variables of `encoder`; `encoder` itself for `global`
 */
export function createReadout(
  encoder: AnyModule,
  recipe: Pick<EncoderRecipe, 'name' | 'readouts'>,
  { input, files, ...choice }: ReadoutChoice & ReadoutContext,
): AnyModule {
  const found = chosen(recipe, choice, (name) => `\`${name}\``);
  return found ? found.recipe.create(encoder, found.options, { input, files }) : encoder;
}
