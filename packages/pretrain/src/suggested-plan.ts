import { printable, printableValue } from '@selfsup/core';
import { RANDOM } from './start-alone.ts';
import type { Suggestion } from './modality.ts';
import type { RunConfig } from './run-config.ts';
import type { GivenSettings } from './settings.ts';

/** What a plan is about: whoever names one of them plans without a suggestion. */
const ABOUT = ['task', 'taskOptions', 'encoder', 'encoderOptions', 'init'] as const;

/** What only training reads. */
const TRAINING = [
  ...['accumulate', 'optimizer', 'learningRate', 'schedule', 'warmupEpochs', 'momentum', 'beta2', 'epsilon', 'biasCorrection'],
  ...['trustCoefficient', 'trustClip', 'weightDecay', 'layerDecay', 'frozenLayers', 'clipNorm', 'views', 'projectionHead', 'recipe'],
];

const isGiven = (value: unknown): boolean =>
  value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/** The config without what is there and undefined. Internal. */
export const givenIn = (config: RunConfig): RunConfig =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));

/** Several names as one phrase: `a, b and c`. */
const all = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), names.at(-1)!].filter((part) => part !== '').join(' and ');

const namedAbout = (config: RunConfig) => ABOUT.filter((name) => isGiven(config[name]));

/** Whether the user says only how long a run may take, and leaves open what is trained. Internal. */
export const leavesOpen = (config: RunConfig): boolean => config.minutes !== undefined && namedAbout(config).length === 0;

/** A suggestion with what the user named in it. */
export interface SuggestedPlan {
  /** Before what the user gave, but for the options of the readout, which are those of both. */
  readonly settings: GivenSettings;
  /** Why: sentences. */
  readonly reasons: readonly string[];
}

const shownValue = (value: unknown): string => (typeof value === 'string' ? printable(value) : printableValue(value));

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/**
 * Puts what the user named into what is suggested.
 *
 * @param suggestion of the modality
 * @param config what the user gave
 * @param nameOf how an option is written where the user wrote it
 * @returns settings, and reasons that say what came from whom
 */
export function mergeSuggestion(
  { settings: suggested, reasons }: Suggestion,
  config: RunConfig,
  nameOf: (name: string) => string,
): SuggestedPlan {
  const given = givenIn(config);
  const { epochs, readoutOptions = {}, ...others } = suggested;
  const differs = (name: keyof GivenSettings) => given[name] !== undefined && !isSame(given[name], suggested[name]);
  const [isOtherStart, isOtherReadout] = [differs('start'), differs('readout')];
  const settings: GivenSettings = {
    ...others,
    ...(epochs !== undefined && !isOtherStart && { epochs }),
    readoutOptions: { ...(!isOtherReadout && readoutOptions), ...given.readoutOptions },
  };
  const says = ({ of }: { of: keyof GivenSettings }) => !differs(of) && !(of === 'epochs' && isOtherStart);
  const inPlaceOf = (name: keyof GivenSettings) => (suggested[name] === undefined ? '' : `, in place of ${shownValue(suggested[name])}`);
  const yours = (Object.keys(suggested) as (keyof GivenSettings)[])
    .filter((name) => name !== 'readoutOptions' && differs(name))
    .map((name) => `${nameOf(name)} ${shownValue(given[name])} is your choice${inPlaceOf(name)}`);
  const options = Object.keys(given.readoutOptions ?? {});
  const start = given.start ?? suggested.start ?? RANDOM;
  const decided = given.epochs ?? settings.epochs;
  const idle = decided === 0 ? TRAINING.filter((name) => given[name] !== undefined) : [];
  return {
    settings,
    reasons: [
      ...reasons.flatMap((reason) => (typeof reason === 'string' ? [reason] : says(reason) ? [reason.text] : [])),
      ...yours,
      ...(isOtherReadout && Object.keys(readoutOptions).length > 0
        ? [`the options that suit the readout ${shownValue(suggested.readout)} are dropped with it`]
        : []),
      ...(options.length > 0 && !isOtherReadout
        ? [
            `${all(options.map((name) => nameOf(`readoutOptions.${name}`)))} ${options.length === 1 ? 'is your choice' : 'are your choices'}; the readout's other options stay`,
          ]
        : []),
      ...(isOtherStart && epochs !== undefined && given.epochs === undefined
        ? [
            `${epochs === 0 ? 'to train nothing was' : `at most ${epochs} epochs were`} meant for the start ${shownValue(suggested.start)}; with yours the time decides the epochs`,
          ]
        : []),
      ...(given.epochs !== undefined && given.epochs > 0 ? [`the time decides no epochs, since ${nameOf('epochs')} says how many`] : []),
      ...(decided === 0 && start === RANDOM ? ['nothing is trained: the encoder keeps its random weights'] : []),
      ...(idle.length > 0
        ? [`${all(idle.map(nameOf))} ${idle.length === 1 ? 'changes' : 'change'} nothing, since nothing is trained`]
        : []),
    ],
  };
}

const shown = ({ task, encoder, start, readout, epochs }: GivenSettings): string =>
  Object.entries({ task, encoder, start, readout, epochs })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');

/**
 * Says what is not done because the user named what the plan is about.
 *
 * @param suggestion what would be done
 * @param plan the settings that are planned, and what the user gave
 * @param nameOf how an option is written where the user wrote it
 * @returns sentences
 */
export function reasonsWithout(
  { settings }: Suggestion,
  { planned, config }: { planned: GivenSettings; config: RunConfig },
  nameOf: (name: string) => string,
): string[] {
  const named = namedAbout(config);
  const [are, them] = named.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const { task, encoder, start, readout } = planned;
  return [
    `${all(named.map(nameOf))} ${are} yours, so all that you do not name is as usual for ${String(task)}: ${shown({ encoder, ...(config.init === undefined && { start }), readout })}; without ${them} the plan would be ${shown(settings)}`,
  ];
}
