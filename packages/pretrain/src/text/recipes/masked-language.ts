import { nextSentenceHead } from '@selfsup/encoders';
import { maskedLanguage } from '@selfsup/pretext-tasks/masked-language';
import { z } from 'zod';
import { defineTextTask } from '../text-task.ts';
import { maskingOf, maskOptions } from './mask-options.ts';
import { tokenHead } from './token-head.ts';

/** BERT's masked language modeling; with pairs of sentences also its prediction of the next one. */
export const maskedLanguageTask = defineTextTask({
  name: 'masked-language',
  aliases: ['mlm', 'bert', 'masked-language-modeling'],
  title: 'Masked language modeling (BERT)',
  paper: 'https://arxiv.org/abs/1810.04805',
  summary: 'Some of the tokens are hidden, and the encoder says which they were, from both sides of them.',
  advice: {
    take: 'You will fine-tune to classify texts or to tag them token by token: it is the standard.',
    leave: 'You have ten minutes and a few thousand documents: take `declutr` from PPMI embeddings, or `skip-gram`.',
  },
  options: z.strictObject(maskOptions({ maskFraction: 0.8, randomFraction: 0.1 })),
  hidesTokens: true,
  tokenLoss: 'maskedLoss',
  guessers: 'head',
  create(parts, options) {
    const { backbone, tokenizer, nextSentence } = parts;
    return maskedLanguage({
      backbone,
      head: tokenHead(backbone, parts),
      masking: maskingOf(tokenizer, options),
      ...(nextSentence && { nextSentenceHead: nextSentenceHead({ width: backbone.outputDim }) }),
    });
  },
});
