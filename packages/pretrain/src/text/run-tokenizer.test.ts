import { wordPieceTokenizer } from '@selfsup/data/text';
import { expect, it } from 'vitest';
import { hashTokenizer, readRunTokenizer, tokenizerFile } from './run-tokenizer.ts';

const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'good', 'bad']);

it('gives the tokenizer that the run began with, and refuses none, a damaged and another one', async () => {
  const input = { vocabularySize: 7, length: 8, tokenizerHash: await hashTokenizer(tokenizer) };
  const text = tokenizerFile(tokenizer);
  const read = (content: string) => readRunTokenizer({ 'tokenizer.json': content }, input);
  expect((await read(text)).vocabularySize).toBe(7);
  await expect(readRunTokenizer({}, input)).rejects.toMatchObject({ code: 'SELFSUP_CHECKPOINT' });
  for (const damaged of [text.slice(0, -9), `${text}}`, 'null'])
    await expect(read(damaged)).rejects.toMatchObject({
      code: 'SELFSUP_CHECKPOINT',
      message: expect.stringContaining('the tokenizer of the run is damaged') as string,
    });
  await expect(read(text.replace('good', 'gold'))).rejects.toThrow('is not the tokenizer that this run began with');
});
