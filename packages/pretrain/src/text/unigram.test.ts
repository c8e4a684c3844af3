import { arrayTexts, wordPieceTokenizer } from '@selfsup/data/text';
import { describe, expect, it } from 'vitest';
import { countUnigrams, entropyOf } from './unigram.ts';

describe('entropyOf', () => {
  it.each([
    [[3, 3, 3], 0],
    [[1, 2, 3, 4], Math.log(4)],
    [[1, 1, 2, 3], 0.5 * Math.log(2) + 0.5 * Math.log(4)],
  ])('of %j is %f', (tokens, entropy) => {
    expect(entropyOf(tokens)).toBeCloseTo(entropy, 12);
  });
});

describe('countUnigrams', () => {
  it('counts each token once more than it occurs, without those that are ignored', async () => {
    const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'cat', 'dog']);
    const dataset = arrayTexts(['cat cat dog', 'cat'], { tokenizer, length: 6 });
    const unigram = await countUnigrams(dataset, { ignored: [0, 2, 3, 4] });
    // cat 3 + 1, dog 1 + 1, [UNK] 0 + 1
    expect(unigram.crossEntropy([5])).toBeCloseTo(Math.log(7 / 4), 12);
    expect(unigram.crossEntropy([5, 6, 1])).toBeCloseTo((Math.log(7 / 4) + Math.log(7 / 2) + Math.log(7)) / 3, 12);
  });
});
