import { createRng, drawPermutation } from '@selfsup/core';
import { arrayTexts, wordPieceTokenizer, type Tokenizer } from '@selfsup/data/text';
import { describe, expect, it } from 'vitest';
import { sentences, textContext } from '../../fixtures/tiny-text.ts';
import type { OpenContext } from '../modality.ts';
import { parseOptions } from '../option-schema.ts';
import { silentProgress } from '../progress.ts';
import { settingsSchema } from '../settings.ts';
import type { AnyTaskRecipe } from '../task-recipe.ts';
import { documentSequences } from './document-sequences.ts';
import { maskedLanguageTask } from './recipes/masked-language.ts';
import { nextTokenTask } from './recipes/next-token.ts';
import { hashTokenizer } from './run-tokenizer.ts';
import { textModality } from './text-modality.ts';
import { textOptions } from './text-options.ts';

const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'cat', 'dog', '##s'];
const tokenizer = wordPieceTokenizer(WORDS);

interface Given {
  readonly settings?: object;
  readonly options?: object;
  readonly recipe?: AnyTaskRecipe;
  readonly context?: Partial<OpenContext>;
}

const open = (data: unknown, { settings = {}, options = {}, recipe = maskedLanguageTask, context = {} }: Given = {}) =>
  textModality.open(
    {
      data,
      options: parseOptions(textOptions, { length: 6, vocabularySize: 100, ...options }, { who: 'text' }),
      settings: settingsSchema.parse({
        task: recipe.name,
        encoder: 'bert-tiny',
        batchSize: 2,
        learningRate: 0.1,
        weightDecay: 0,
        testFraction: 0.25,
        ...settings,
      }),
      recipe,
    },
    textContext(context),
  );

describe('documents in memory', () => {
  it('are cut into framed sequences, the last of each shorter', async () => {
    const { dataset, tokens, unknownTokens } = documentSequences(['cats dog cat dog dog', 'cow', ''], {
      tokenizer,
      length: 6,
      name: 'pets',
    });
    expect([dataset.length, tokens, unknownTokens]).toEqual([3, 7, 1]);
    const { tokenIds, attentionMask, shape } = await dataset.read([0, 1, 2]);
    expect(shape).toEqual([3, 6]);
    expect([...tokenIds]).toEqual([2, 5, 7, 6, 5, 3, 2, 6, 6, 3, 0, 0, 2, 1, 3, 0, 0, 0]);
    expect([...attentionMask]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0]);
    expect(() => dataset.read([3])).toThrow('pets.read: `indices` must be integers in [0, 3), got 3');
    expect(() => documentSequences([' '], { tokenizer, length: 6, name: 'pets' })).toThrow('there is no text in pets');
  });

  it('are held out by the seed', async () => {
    const texts = ['cat', 'dog', 'cat dog', 'dog cat', 'cat cat', 'dog dog', 'cat dog dog', 'dog dog cat'];
    const data = await open({ texts, tokenizer, name: 'pets' }, { settings: { seed: 3 } });
    expect([data.name, data.unit, data.train.length, data.test!.length, data.testFrom]).toEqual(['pets', 'sequences', 6, 2, 'held out']);
    const order = drawPermutation(createRng(3).fold('hold out'), 8);
    const held = [...order.slice(0, 2)].sort().map((i) => ({ text: texts[i]! }));
    expect(await textModality.show!(data.test!, [0, 1])).toEqual(held);
    expect(data.facts).toEqual({ documents: 8, tokens: 16, unknownTokens: 0 });
    expect(data.skipped()).toEqual([]);
  });

  it('are cut apart at the end where there are too few to hold one out', async () => {
    const data = await open({ texts: ['cat dog dog cat '.repeat(8)], tokenizer });
    expect([data.name, data.train.length, data.test!.length]).toEqual(['texts', 6, 2]);
    expect((await open({ texts: ['cat'], tokenizer })).test).toBeUndefined();
    expect((await open({ texts: ['cat', 'dog dog dog dog dog'], tokenizer }, { settings: { testFraction: 0 } })).train.length).toBe(3);
  });

  it('with labels are one sequence each', async () => {
    const texts = ['cat cat cat cat cat cat', 'dog', 'cat', 'dog'];
    const data = await open({ texts, labels: [0, 1, 0, 1], classNames: ['c', 'd'], tokenizer });
    expect([data.train.length, data.test!.length]).toEqual([3, 1]);
    const all = [...data.train.texts!, ...data.test!.texts!];
    expect([...all].sort()).toEqual([...texts].sort());
    expect([...data.train.labels!, ...data.test!.labels!]).toEqual(all.map((text) => (text.startsWith('cat') ? 0 : 1)));
    const own = await open({ texts, labels: [0, 1, 0, 1], tokenizer, test: { texts: ['dog'], labels: [1] } });
    expect([own.train.length, own.test!.length, own.testFrom]).toEqual([4, 1, 'own part']);
    expect(own.fingerprint).toMatchObject({ sequences: 4, heldOut: 1 });
    const other = await open({ texts, labels: [0, 1, 0, 1], tokenizer, test: { texts: ['cat'], labels: [0] } });
    expect(other.fingerprint['content']).not.toBe(own.fingerprint['content']); // that of the held-out text is in it
  });

  it('keep the part to test on, and limits are spread evenly', async () => {
    const texts = Array.from({ length: 10 }, (_, i) => `cats ${'dog '.repeat(i % 3)}`.trim());
    const data = await open({ texts, tokenizer, test: { texts: ['dog', 'cat', 'dog dog'] } }, { settings: { limit: 4, testLimit: 2 } });
    expect([data.train.length, data.test!.length, data.testFrom]).toEqual([4, 2, 'own part']);
    expect(data.fingerprint).toMatchObject({ sequences: 10, heldOut: 3 });
    const shown = await textModality.show!(data.train, [0, 1, 2, 3]);
    expect(shown).toEqual([0, 2, 5, 7].map((i) => ({ text: texts[i]! })));
  });

  it('may be token ids already', async () => {
    const train = arrayTexts(['cat', 'dog', 'cat dog', 'dog cat'], { tokenizer, length: 6 });
    const data = await open({ train, tokenizer: tokenizer.toJson() });
    expect([data.train.length, data.test!.length, data.tokenizer.vocabularySize]).toEqual([3, 1, WORDS.length]);
    expect((await open({ train, test: train, tokenizer })).test!.length).toBe(4);
    await expect(open({ train, tokenizer }, { options: { length: 8 } })).rejects.toThrow(
      'array must have sequences of `length` 8 and the 8 ids of its tokenizer, got 6 and 8',
    );
  });

  it('learn a vocabulary where none is given, and say so', async () => {
    const said: string[] = [];
    const data = await open({ texts: sentences(20) }, { context: { progress: { ...silentProgress, line: (text) => said.push(text) } } });
    expect(said).toEqual(['No `tokenizer` given: learning a WordPiece vocabulary of 100 from the text']);
    expect(data.tokenizer.idOf('garden')).toBeGreaterThan(0);
  });

  it.each<[string, unknown, Given, string]>([
    ['no text', { texts: [], tokenizer }, {}, 'there is no text in texts'],
    [
      'a path',
      { texts: ['cat'] },
      { options: { tokenizer: 'vocab.txt' } },
      '`tokenizer` must be left out for text in memory, got the path vocab.txt',
    ],
    ['pairs', { texts: ['cat'] }, { options: { nextSentence: true } }, '`nextSentence` must be left out for text in memory such as texts'],
    [
      'no mask',
      { texts: ['cat'], tokenizer: wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'cat']) },
      {},
      'must have a mask token such as [MASK]',
    ],
  ])('say what is wrong: %s', async (_, data, given, message) => {
    await expect(open(data, given)).rejects.toThrow(message);
  });
});

describe('the tokenizer of a run', () => {
  const filesOf = (of: Tokenizer) => ({ 'tokenizer.json': JSON.stringify(of.toJson()) });

  it('is kept beside the run, with its hash', async () => {
    const data = await open({ texts: ['cat dog', 'dog'], tokenizer });
    expect(data.files).toMatchObject(filesOf(tokenizer));
    expect(Object.keys(data.files!)).toEqual(['tokenizer.json', 'token-counts.json']);
    const tokenizerHash = await hashTokenizer(tokenizer);
    expect(tokenizerHash).toMatch(/^[\da-f]{64}$/);
    expect(data.input).toEqual({ vocabularySize: 8, length: 6, tokenizerHash });
    expect((await open({ texts: ['cat dog', 'dog'], tokenizer }, { recipe: nextTokenTask })).input.attention).toBe('causal');
    const earlier = { input: data.input, files: data.files! };
    const other = wordPieceTokenizer([...WORDS, 'cow']);
    expect((await open({ texts: ['cat', 'dog'], tokenizer: other }, { context: { earlier } })).input).toEqual(data.input);
    await expect(open({ texts: ['cat'] }, { context: { earlier: { ...earlier, files: filesOf(other) } } })).rejects.toMatchObject({
      code: 'SELFSUP_CHECKPOINT',
      message: 'tokenizer.json is not the tokenizer that this run began with; restore it, or train again',
    });
    await expect(open({ texts: ['cat'] }, { context: { earlier: { ...earlier, files: {} } } })).rejects.toThrow(
      'the run has no tokenizer.json',
    );
  });
});

describe('the modality', () => {
  it('has the settings of BERT', () => {
    const { defaults } = textModality;
    expect(typeof defaults === 'function' && defaults({ epochs: 40 })).toEqual({
      batchSize: 32,
      optimizer: 'adamw',
      learningRate: 1e-3,
      weightDecay: 0.01,
      schedule: 'linear',
      warmupEpochs: 4,
      clipNorm: 1,
      epsilon: 1e-6,
      biasCorrection: false,
      testFraction: 0.05,
      testLimit: 1000,
    });
    expect(parseOptions(textOptions, {}, { who: 'text' })).toEqual({
      vocabulary: 'pieces',
      length: 128,
      invalidUtf8: 'error',
      nextSentence: false,
      pooling: 'mean',
    });
  });

  it('counts updates and tokens of an epoch', async () => {
    const data = await open({ texts: ['cat', 'dog'], tokenizer }, { settings: { testFraction: 0 } });
    const source = (batchSize: number) => textModality.createSource(data, { batchSize, rng: createRng(0), rank: 0, worldSize: 1 });
    expect(source(1).stepsPerEpoch).toBe(2);
    expect(
      textModality.throughput!(data, settingsSchema.parse({ task: 'a', encoder: 'b', batchSize: 1, learningRate: 1, weightDecay: 0 })),
    ).toEqual({ unit: 'tokens', perSample: 6 });
  });

  it.each([
    ['corpus/**/*.txt', 'corpus'],
    ['books/alice.en.txt', 'alice'],
    ['./*.txt', 'text'],
    [{ name: 'pets', texts: [] }, 'pets'],
    [{ texts: [] }, 'text'],
  ])('names a run after its text: %j', (data, name) => {
    expect(textModality.nameOf!(data)).toBe(name);
  });
});
