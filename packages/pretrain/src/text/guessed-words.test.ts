import { selectBackend } from '@selfsup/backends';
import { SelfsupError } from '@selfsup/core';
import { loadTokenizer } from '@selfsup/data/text';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildTextRun } from '../../fixtures/tiny-text.ts';
import type { TextPiece } from '../section.ts';
import { openFillMask } from './fill-mask.ts';
import { predictMask } from './predict-mask.ts';
import { textSections } from './text-sections.ts';

beforeAll(async () => {
  await selectBackend({ prefer: 'wasm' });
});

const placesOf = (texts: readonly (readonly TextPiece[])[]) =>
  texts.flatMap((pieces) => pieces.filter((piece): piece is Exclude<TextPiece, string> => typeof piece !== 'string'));

describe('the report of a run on text', () => {
  it.each([
    ['masked-language', /The marked words were hidden; below each stand the words/],
    ['next-token', /the model saw only what stands before it/],
    ['replaced-token', /the guesses of the generator/],
  ])('has words that %s guessed in held-out sentences', async (task, how) => {
    const { probing, trainer } = await buildTextRun(task);
    const { numTensors } = tf.memory();
    const [words, table] = await textSections(probing);
    expect(tf.memory().numTensors).toBe(numTensors);
    if (words?.kind !== 'texts') throw new SelfsupError('SELFSUP_STATE', 'there must be guessed words');
    expect(words.text).toMatch(how);
    expect(words.texts).toHaveLength(6);
    const places = placesOf(words.texts);
    expect(places).toHaveLength(12); // two words of six sentences
    for (const { truth, probability, guesses, swapped } of places) {
      expect(truth).toMatch(/^(cat|dog|bird|fish|house|garden|tree|water|lives|likes|the|and|in)$/);
      expect(probability).toBeGreaterThan(0);
      expect(guesses).toHaveLength(5);
      const shares = guesses.map((guess) => guess.probability);
      expect(shares).toEqual([...shares].sort((a, b) => b - a));
      expect(swapped !== undefined).toBe(task === 'replaced-token');
      if (swapped) expect(swapped.token).not.toBe(truth);
    }
    const whole = words.texts.map((pieces) => pieces.map((piece) => (typeof piece === 'string' ? piece : piece.truth)).join(' '));
    for (const text of whole) expect(text).toMatch(/^the \w+ lives in the \w+ and the \w+ likes the \w+\s?\.$/);
    expect(table).toMatchObject({
      kind: 'table',
      title: 'Text',
      rows: [
        ['Text', 'pets'],
        ['Documents', '100'],
        ['Tokens', '1,300'],
        ['Unknown to the vocabulary', '0'],
        ['Vocabulary', expect.stringMatching(/^\d+ tokens$/) as string],
        ['Sequences to learn from', '80 of 18 tokens'],
        ['Sequences held out', '20'],
      ],
    });
    trainer.dispose();
  });

  it('guesses what the trained model knows', async () => {
    const { probing, trainer, train } = await buildTextRun('masked-language');
    await train(60);
    const [words] = await textSections(probing);
    const places = placesOf(words?.kind === 'texts' ? words.texts : []);
    expect(places.filter(({ truth, guesses }) => guesses[0]!.token === truth).length).toBeGreaterThan(6);
    trainer.dispose();
  });

  it('says which network is missing', async () => {
    const { probing, trainer } = await buildTextRun('masked-language');
    const guessing = (guessers: 'generator' | undefined) => ({ ...probing.recipe, guessers });
    await expect(textSections({ ...probing, recipe: guessing('generator'), taskOptions: { generatorLayers: 1 } })).rejects.toThrow(
      'the task must have `generator/embeddings/projection/kernel` [32, 64] to guess tokens, got none',
    );
    expect(await textSections({ ...probing, recipe: guessing(undefined) })).toHaveLength(1);
    trainer.dispose();
  });
});

describe('a run of masked-language', () => {
  it('fills masks from its bytes', async () => {
    const { run, data, train, trainer, backbone } = await buildTextRun('masked-language');
    await train(60);
    const checkpoint = await trainer.save();
    const files = data.files!;
    const { numTensors } = tf.memory();
    const model = await openFillMask({ run, checkpoint, files });
    expect([model.step, model.maxLength]).toEqual([60, 512]);
    const guesses = await model.fill('the cat lives in the [MASK] and the [MASK] likes the house .', { top: 3 });
    expect(guesses.map((words) => words.length)).toEqual([3, 3]);
    expect(['house', 'garden', 'tree', 'water']).toContain(guesses[0]![0]!.token);
    expect(['cat', 'dog', 'bird', 'fish']).toContain(guesses[1]![0]!.token);
    expect((await model.fill('the [MASK] lives'))[0]).toHaveLength(5);
    await expect(model.fill('no mask here')).rejects.toThrow('the text has no [MASK]; put it where a word is to be guessed');
    await expect(model.fill(`[MASK] ${'cat '.repeat(600)}`)).rejects.toThrow('the text has 603 tokens, the model takes at most 512');
    await expect(model.fill('[MASK]', { top: 0 })).rejects.toThrow('`top` must be an integer >= 1, got 0');
    model.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    const other = { ...run, encoder: { name: 'my-bert', options: {}, prefix: 'backbone' } };
    await expect(openFillMask({ run: other, checkpoint, files })).rejects.toThrow('give its factory as `backbone`');
    const mine = await openFillMask({ run: other, checkpoint, files, backbone });
    expect(await mine.fill('the [MASK] .')).toHaveLength(1);
    mine.dispose();
    await expect(openFillMask({ run, checkpoint: checkpoint.subarray(0, -4), files })).rejects.toMatchObject({
      code: 'SELFSUP_CHECKPOINT',
    });
    await expect(openFillMask({ run, checkpoint, files: {} })).rejects.toThrow('the run has no tokenizer.json');
    expect(tf.memory().numTensors).toBe(numTensors);
    trainer.dispose();
  });

  it('is the only one that can', async () => {
    const { run, data, trainer, probing } = await buildTextRun('next-token');
    const files = data.files!;
    await expect(openFillMask({ run, checkpoint: await trainer.save(), files })).rejects.toThrow('the run learned next-token');
    const tokenizer = await loadTokenizer(files['tokenizer.json']!);
    const encoder = probing.encoder as unknown as Parameters<typeof predictMask>[1]['encoder'];
    const head = {
      predict: () =>
        tf.tensor2d(
          Float32Array.from({ length: tokenizer.vocabularySize }, (_, id) => id),
          [1, tokenizer.vocabularySize],
        ),
    };
    const [best] = await predictMask('the [MASK]', { encoder, head, tokenizer, maxLength: 9, top: 1 });
    expect(best![0]!.token).toBe(tokenizer.tokenOf(tokenizer.vocabularySize - 1));
    trainer.dispose();
  });
});
