import { printableValue, SelfsupError } from '@selfsup/core';
import type { AnyModality } from './modality.ts';
import { onlyOf, optimizerDefaults } from './optimizers.ts';
import { describeOptions, parseOptions } from './option-schema.ts';
import { optimizerNames, settingsSchema, type GivenSettings, type Settings } from './settings.ts';
import type { AnyTaskRecipe } from './task-recipe.ts';

type Defaults = AnyTaskRecipe['defaults'];

const present = (given: GivenSettings): GivenSettings =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

/** Defaults may compute with `epochs`, which is checked only afterwards. */
function defaultsOf(defaults: Defaults, given: GivenSettings): GivenSettings {
  if (typeof defaults !== 'function') return present(defaults ?? {});
  return present(defaults(typeof given.epochs === 'number' ? given : { ...given, epochs: undefined }) ?? {});
}

/**
 * The rate with which a trained encoder goes on, in relation to that from fresh weights: what it knows is not to be lost at once.
 *
 * @see Girshick et al.: "Rich feature hierarchies for accurate object detection", section 2.3, https://arxiv.org/abs/1311.2524: a tenth of the pretraining's
 */
const CONTINUED_RATE = 0.1;
/** The warm-up of a trained encoder, in epochs: moments and heads start from nothing, the encoder does not. */
const CONTINUED_WARMUP = 1;

/** What a run that goes on from a trained encoder has unless the user says otherwise. */
const gentler = ({ learningRate, warmupEpochs = 2, loraRank = 0 }: GivenSettings, user: GivenSettings): GivenSettings => ({
  // beside adapters the weights stand still, and adapters are new
  ...(user.learningRate === undefined && learningRate !== undefined && loraRank === 0 && { learningRate: learningRate * CONTINUED_RATE }),
  ...(user.warmupEpochs === undefined && { warmupEpochs: Math.min(warmupEpochs, CONTINUED_WARMUP) }),
});

/** What {@link resolveSettings} needs to know. */
export interface ResolveSettingsContext {
  readonly recipe: AnyTaskRecipe;
  readonly modality: AnyModality;
  /** Whether the run goes on from an encoder that was trained before. */
  readonly continues?: boolean;
  /** How an option is written where the user wrote it. */
  readonly nameOf: (name: string) => string;
}

/**
 * Fills in the settings of a run: the user's go before the task's, the task's before the modality's, and these before the usual ones. A run that goes on
 * from a trained encoder has a tenth of the learning rate and at most one epoch of warm-up unless the user says otherwise.
 *
 * @param given what the user gave, with the names of task and encoder
 * @param context task and modality
 * @returns complete settings
 * @throws SelfsupError `SELFSUP_OPTION` naming the setting, what was expected and what came
 */
export function resolveSettings(given: GivenSettings, context: ResolveSettingsContext): Settings {
  const { recipe, modality, nameOf } = context;
  const user = present(given);
  const ofModality = defaultsOf(modality.defaults, user);
  const ofTask = defaultsOf(recipe.defaults, { ...ofModality, ...user });
  const known: GivenSettings = { batchSize: 128, ...ofModality, ...ofTask, ...user };
  const { optimizer = 'sgd', batchSize, accumulate = 1, limit } = known;
  const who = `task ${recipe.name}`;
  if (!(optimizerNames as readonly string[]).includes(optimizer))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: ${nameOf('optimizer')} must be one of ${optimizerNames.join(', ')}, got ${printableValue(optimizer)}`,
    );
  for (const [name, owner] of onlyOf) {
    // a config that selfsup wrote names all settings, with the values that they have by themselves
    const usual = { ...ofModality, ...ofTask }[name] ?? settingsSchema.shape[name].parse(undefined);
    if (optimizer === owner || user[name] === undefined || user[name] === usual) continue;
    const own = describeOptions(recipe.options).some((option) => option.name === name)
      ? `; the task's own is ${nameOf(`taskOptions.${name}`)}`
      : '';
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: ${nameOf(name)} is for the optimizer ${owner}, the run has ${optimizer}; leave it out${own}`,
    );
  }
  const samples = typeof batchSize === 'number' && typeof accumulate === 'number' ? batchSize * accumulate : NaN;
  const rates =
    samples > 0 && Number.isFinite(samples) ? optimizerDefaults(optimizer, samples, recipe.rateScale) : { learningRate: 1, weightDecay: 0 };
  return parseOptions(
    settingsSchema,
    {
      ...rates,
      ...(typeof limit === 'number' && { testLimit: Math.max(1, Math.round(limit / 5)) }),
      ...known,
      ...(context.continues === true && gentler({ ...rates, ...known }, user)),
    },
    { who, nameOf },
  );
}
