import { expect, test } from 'vitest';
import { ppmiEmbeddings } from './ppmi-embeddings.ts';
import { tokenStatistics } from './token-statistics.ts';

const documents = Array.from({ length: 60 }, (_, i) => [1, 5 + (i % 3), 8 + ((i * 7) % 11), 8 + ((i * 5) % 11), 8 + ((i * 3) % 11), 2]);
const options = { vocabularySize: 24, ignoredIds: [1, 2] };

test('counts by hand', async () => {
  const { tokenWeights, placeWeights, unigram } = await tokenStatistics(documents, options);
  expect(tokenWeights[5]).toBeCloseTo((Math.sqrt(Math.log(61 / 21)) * 20) / 21, 6);
  expect([tokenWeights[1], unigram[1], tokenWeights[23]]).toEqual([0, 0, 0]);
  expect(unigram[5]).toBeCloseTo(20.5 / (240 + 11), 6); // 22 tokens count half a time more
  expect(unigram.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 6);
  expect(placeWeights[0]).toBeGreaterThan(2); // one of three words begins every text
  expect([...placeWeights.slice(4)]).toEqual([1, 1, 1, 1]); // no text is longer
});

test('are those of the embeddings of the same text', async () => {
  const { tokenWeights, placeWeights, unigram } = await ppmiEmbeddings(documents, { ...options, dim: 4 });
  expect(await tokenStatistics(documents, options)).toEqual({ tokenWeights, placeWeights, unigram });
});

test('hold one document at a time', async () => {
  const shared = new Int32Array(4);
  function* reused() {
    for (const [, ...ids] of documents) {
      shared.set(ids.slice(0, 4));
      yield shared; // overwritten by the next
    }
  }
  expect(await tokenStatistics(reused(), options)).toEqual(await tokenStatistics(documents, options));
});

test('say who refuses an id', async () => {
  await expect(tokenStatistics([[99]], options)).rejects.toThrow(
    /^tokenStatistics: `documents` must have integer ids in \[0, 24\), got 99/,
  );
});
