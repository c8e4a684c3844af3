import type { CollapseCauses } from '@selfsup/evaluate';

/** One cause of collapse for both kinds of alarm: `dimensional` may lie in the size of the text, too. */
const causesOf = (likelyCause: string, advice: string): CollapseCauses => ({
  complete: { likelyCause, advice },
  dimensional: { likelyCause: `${likelyCause}; or the text is small for the encoder`, advice: `${advice}; or take a smaller encoder` },
});

const patience = 'train on (`resume` with more `epochs`) or on more text; where the loss does not fall any more, lower the learning rate';

/** What usually lies behind alarms of collapse on text, where words are predicted. */
export const textCollapseCauses = causesOf(
  'the model guesses by how often words occur and does not look at their context yet, which is where all training on text begins; or the learning rate is too high',
  `${patience}, or correct the moments of adamw for their start (\`biasCorrection\`), without which its first updates are three times as large`,
);

/** The same, where texts or words are told from others of the batch. */
export const comparisonCauses = causesOf(
  'texts are not told apart yet, as at the start of training; or the learning rate is too high',
  `${patience}, or compare larger batches`,
);

/** The same, where the states of a slowly moving copy are predicted. */
export const teacherCauses = causesOf(
  'the copy whose states are predicted says nearly the same of all tokens, as at the start of training; or it follows the encoder too closely',
  `${patience} or raise \`momentum\` and \`finalMomentum\`, so that the copy follows more slowly`,
);
