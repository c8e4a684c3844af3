import { corruptSpans, deleteTokens } from '@selfsup/augment';
import { createRng } from '@selfsup/core';
import { bertDecoder } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { begin, context, end, failure, length, mask, padding, tinyBatch, tinyBert, tinyHead } from '../fixtures/tiny-text.ts';
import { spanCorruption, type SpanCorruptionBatch } from './span-corruption.ts';
import { tsdae, type TsdaeBatch } from './tsdae.ts';

const specialIds = [padding, begin, end, mask];
const start = { rng: createRng(0), totalSteps: 10 };
const autoEncoder = (deleteRate = 0.6) =>
  tsdae({
    backbone: tinyBert(0),
    decoder: bertDecoder({ memory: 'vector', tied: true }),
    head: tinyHead,
    deletion: deleteTokens({ specialIds, deleteRate }),
  });
const spans = () =>
  spanCorruption({
    backbone: tinyBert(0),
    decoder: bertDecoder({ numLayers: 1 }),
    head: tinyHead,
    corruption: corruptSpans({ sentinelIds: [4, 5], startId: begin, endId: end, specialIds, noiseDensity: 0.3 }),
  });
const sentences = (): TsdaeBatch => {
  const { nextSentence, segmentIds, ...batch } = tinyBatch(1, 4);
  tf.dispose([nextSentence, segmentIds]);
  return batch;
};
const numbers = (tensor: tf.Tensor) => [...tensor.dataSync()];

describe('tsdae', () => {
  it('asks for each token but the first, of those that are there', () => {
    const run = autoEncoder().create(start);
    const batch = sentences();
    tf.tidy(() => {
      const { noisyIds, noisyMask, positions, labels } = run.targets!(batch, context());
      const ids = numbers(batch.tokenIds);
      expect(positions.size).toBe(3 * (length - 1) + (length - 4 - 1)); // the last row is padded
      expect(numbers(labels)).toEqual(numbers(positions).map((at) => ids[at + 1]));
      expect(noisyIds.shape).toEqual(noisyMask.shape);
      expect(tf.sum(noisyMask).dataSync()[0]).toBeLessThan(0.8 * tf.sum(batch.attentionMask!).dataSync()[0]!);
      expect(numbers(run.targets!(batch, context({ step: 1 })).noisyIds)).not.toEqual(numbers(noisyIds));
      // all that the decoder knows of the sentence beside the tokens before is one vector of what is left
      const lossOf = (ids: tf.Tensor2D) => run.loss(batch, { noisyIds: ids, noisyMask, positions, labels }, context()).loss.dataSync()[0]!;
      expect(lossOf(noisyIds)).not.toBe(lossOf(tf.zerosLike(noisyIds)));
    });
    run.dispose();
    tf.dispose(batch);
  });

  it('sends no gradient where there is nothing to say, and says what is wrong', () => {
    const run = autoEncoder().create(start);
    tf.tidy(() => {
      const batch = { tokenIds: tf.tensor2d([[begin, padding]], [1, 2], 'int32'), attentionMask: tf.tensor2d([[1, 0]], [1, 2], 'int32') };
      const targets = run.targets!(batch, context());
      expect(run.loss(batch, targets, context()).loss.dataSync()[0]).toBe(0);
      expect(failure(() => run.targets!({ tokenIds: tf.zeros([2, 1], 'int32') }, context()))).toBe(
        'SELFSUP_SHAPE tsdae: `tokenIds` must have shape [batch, length >= 2], got [2, 1]',
      );
    });
    run.dispose();
  });
});

describe('spanCorruption', () => {
  it('asks for the answers, of the encoder that sees the rest', () => {
    const run = spans().create(start);
    const batch: SpanCorruptionBatch = sentences();
    tf.tidy(() => {
      const targets = run.targets!(batch, context());
      const { corruptedIds, decoderIds, positions, labels } = targets;
      // 3 of 10 tokens of two rows, 2 of 9 of a third, where a word is a sentinel and stays, 2 of 6 of the last, each in a span with a sentinel and an end
      expect(labels.size).toBe(2 * (3 + 2) + 2 * (2 + 2));
      expect(decoderIds.shape[0]).toBe(4);
      const read = numbers(decoderIds);
      expect(numbers(positions).every((at, i) => at % decoderIds.shape[1] === 0 || read[at] === numbers(labels)[i - 1])).toBe(true);
      const { loss, metrics } = run.loss(batch, targets, context());
      expect(Object.keys(metrics!)).toEqual(['accuracy']);
      const blind = run.loss(batch, { ...targets, corruptedIds: tf.zerosLike(corruptedIds) }, context()).loss;
      expect(blind.dataSync()[0]).not.toBe(loss.dataSync()[0]);
      const { grads } = tf.variableGrads(() => run.loss(batch, targets, context()).loss, Object.values(run.trainable));
      for (const [path, variable] of Object.entries(run.trainable))
        expect(tf.max(tf.abs(grads[variable.name]!)).dataSync()[0], path).toBeGreaterThan(path.endsWith('key/bias') ? -1 : 1e-9);
      expect(failure(() => run.targets!({} as SpanCorruptionBatch, context()))).toMatch(/^SELFSUP_BATCH span-corruption/);
    });
    run.dispose();
    tf.dispose(batch);
  });
});
