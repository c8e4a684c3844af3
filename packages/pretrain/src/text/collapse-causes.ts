import type { CollapseCauses } from '@selfsup/evaluate';

const plateau =
  'the model guesses by how often words occur and does not look at their context yet, which is where all training on text begins; or the learning rate is too high';

const patience =
  'train on (`resume` with more `epochs`) or on more text; where the held-out loss does not fall any more, lower the learning rate, or correct the moments of adamw for their start (`biasCorrection`), without which its first updates are three times as large';

/** What usually lies behind alarms of collapse on text. */
export const textCollapseCauses: CollapseCauses = {
  complete: { likelyCause: plateau, advice: patience },
  dimensional: { likelyCause: `${plateau}; or the text is small for the encoder`, advice: `${patience}; or take a smaller encoder` },
};
