import { nextToken } from '@selfsup/pretext-tasks/next-token';
import { z } from 'zod';
import { defineTextTask } from '../text-task.ts';
import { tokenHead } from './token-head.ts';

/** GPT's causal language modeling, with BERT's blocks. */
export const nextTokenTask = defineTextTask({
  name: 'next-token',
  title: 'Causal language modeling (GPT)',
  paper: 'https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf',
  summary: 'The encoder says which token comes next, from those before it.',
  advice: {
    take: 'You want to continue text, or the encoder must never look ahead.',
    leave: 'You want embeddings of sentences: it sees only what is to the left.',
  },
  options: z.strictObject({}),
  sees: 'before',
  guessers: 'head',
  create: (parts) => nextToken({ backbone: parts.backbone, head: tokenHead(parts.backbone, parts) }),
});
