import type { AnyTaskRecipe } from '../../task-recipe.ts';
import { data2vecTextTask } from './data2vec-text.ts';
import { declutrTask } from './declutr.ts';
import { maskedLanguageTask } from './masked-language.ts';
import { nextTokenTask } from './next-token.ts';
import { replacedTokenTask } from './replaced-token.ts';
import { simCseTask } from './sim-cse.ts';
import { skipGramTask } from './skip-gram.ts';
import { spanCorruptionTask } from './span-corruption.ts';
import { tsdaeTask } from './tsdae.ts';

/** The tasks on text that selfsup has. */
export const textTasks: readonly AnyTaskRecipe[] = [
  maskedLanguageTask,
  replacedTokenTask,
  nextTokenTask,
  declutrTask,
  skipGramTask,
  simCseTask,
  tsdaeTask,
  spanCorruptionTask,
  data2vecTextTask,
];
