import type { Tokenizer } from '@selfsup/data/text';
import type { BertFactory, TokenStatistics } from '@selfsup/encoders';
import type { AnyTaskRecipe, TaskParts, TaskRecipe } from '../task-recipe.ts';

/** What a task on text is built from. */
export interface TextTaskParts extends TaskParts {
  /** The encoder that is pretrained. */
  readonly backbone: BertFactory;
  /** What made the token ids. */
  readonly tokenizer: Tokenizer;
  /** Tokens of a sequence, special ones included. */
  readonly length: number;
  /** Whether sequences are pairs of sentences with labels `nextSentence`. */
  readonly nextSentence: boolean;
  /** What the features of a text are, and so what a task on whole texts trains: the mean of its states, or the state of its first token. */
  readonly pooling: 'mean' | 'first';
  /** The part of the training sequences with fewer than two tokens, special ones not counted; in [0, 1]. */
  readonly shortShare: number;
  /** How frequent the tokens of the training text are, and how much each says. */
  readonly counts: () => TokenStatistics;
}

/** What a task on text says beside a {@link TaskRecipe}. */
export interface TextTaskFacts {
  /** Whether tokens are hidden, so that the vocabulary must have a token such as [MASK]; default false. */
  readonly hidesTokens?: boolean;
  /** Whether spans are replaced by sentinels, for which the vocabulary must have tokens; default false. */
  readonly needsSentinels?: boolean;
  /** Whether the loss is about tokens that are predicted, so that held-out text has one to compare with word frequencies; default true. */
  readonly predictsTokens?: boolean;
  /** What a token's state has seen: the tokens on both sides of it (default), or `before`: itself and those before it. */
  readonly sees?: 'both sides' | 'before';
  /** The metric of the task that is the cross entropy of the predicted tokens in nats; default the loss itself. */
  readonly tokenLoss?: string;
  /**
   * The metric of the task that is the cross entropy of telling replaced tokens from original ones: the encoder is judged by it on held-out text, instead of by
   * `tokenLoss`. Its targets have `filledIds` and `replaced`; default none.
   */
  readonly detectionLoss?: string;
  /**
   * Which networks guess tokens, for the report: `head`, a `maskedLanguageHead` under `head/` on the encoder; or `generator`, that under `generator/` with its
   * head under `generatorHead/`, whose guesses the encoder judges by `discriminatorHead/`. Default none: the report guesses no words.
   */
  readonly guessers?: 'head' | 'generator';
}

/** How a task on text is trained. */
export interface TextTask<O extends object = object> extends TaskRecipe<TextTaskParts, O>, TextTaskFacts {
  readonly modality: 'text';
}

/**
 * Makes the recipe of a task on text: all that a new one needs to be trained.
 *
 * @param task name, title, options, and how it is built; see {@link TextTaskFacts}
 * @returns the recipe, for a plugin, or the default export of a file for `--task`
 * @example
 * ```ts
 * import { maskedLanguageHead } from '@selfsup/encoders';
 * import { nextToken } from '@selfsup/pretext-tasks/next-token';
 * import { defineTextTask } from '@selfsup/pretrain';
 * import { z } from 'zod';
 *
 * export default defineTextTask({
 *   name: 'my-next-token',
 *   title: 'My next token',
 *   options: z.strictObject({}),
 *   sees: 'before',
 *   guessers: 'head',
 *   create: ({ backbone }) => {
 *     const { outputDim: width, vocabularySize, embeddingDim } = backbone;
 *     return nextToken({ backbone, head: maskedLanguageHead({ width, vocabularySize, embeddingDim }) });
 *   },
 * });
 * ```
 */
export function defineTextTask<O extends object>(task: Omit<TextTask<O>, 'api' | 'modality'>): TextTask<O> {
  return { ...task, api: 1, modality: 'text' };
}

/** What a recipe says about text; of one that `defineTask` made, the defaults. */
export const textFacts = (recipe: AnyTaskRecipe): TextTaskFacts => recipe as AnyTaskRecipe & TextTaskFacts;
