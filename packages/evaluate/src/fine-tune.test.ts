import { createRng, drawNormal, type ApplyOptions } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fineTune, type FineTuneOptions } from './fine-tune.ts';
import { imageClassification } from './image-classification.ts';
import { selectExamples, type LabeledExamples } from './labeled-examples.ts';
import { poolTokens, type TokenEncoder } from './pool-tokens.ts';
import { tokenClassification, type TokenInput } from './token-classification.ts';

const WIDTH = 6;
const VOCABULARY = 12;

/** An embedding and nothing else: states of a token do not know their neighbors. */
function embeddingEncoder(seed = 0): TokenEncoder & { calls: (ApplyOptions & { shape: number[] })[]; dispose(): void } {
  const values = drawNormal(createRng(seed), VOCABULARY * WIDTH, { standardDeviation: 0.3 });
  const word = tf.tidy(() => tf.variable(tf.tensor2d(values, [VOCABULARY, WIDTH])));
  const calls: (ApplyOptions & { shape: number[] })[] = [];
  return {
    calls,
    trainable: { word },
    encode({ tokenIds }, options) {
      calls.push({ ...options, shape: tokenIds.shape });
      const [batch, length] = tokenIds.shape;
      return tf.tidy(() => {
        const rows = tf.oneHot(tf.reshape<tf.Rank.R1>(tokenIds, [-1]), VOCABULARY); // [batch * length, VOCABULARY]
        return tf.reshape(tf.matMul(tf.cast(rows, 'float32'), word), [batch, length, WIDTH]);
      });
    },
    dispose: () => {
      word.dispose();
    },
  };
}

/** Class 1 holds token 5, class 0 token 6, among others. */
const texts = (count: number): LabeledExamples<TokenInput> => {
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const sequences = labels.map((label, i) => [2, ...Array<number>(i % 7).fill(7 + (i % 5)), label === 1 ? 5 : 6, 3]);
  return tokenClassification({ sequences, labels, numClasses: 2, multipleOf: 4 });
};
const train = texts(40);
const test = texts(30);
const training = { epochs: 12, batchSize: 8, learningRate: 0.03 };

async function run(options: Partial<FineTuneOptions<TokenInput>> = {}) {
  const encoder = embeddingEncoder();
  try {
    const result = await fineTune({ encoder: poolTokens(encoder, { pooling: 'mean' }), train, test, ...training, ...options });
    return { result, word: await encoder.trainable.word!.data(), calls: encoder.calls };
  } finally {
    encoder.dispose();
  }
}

describe('fineTune', () => {
  it('learns texts, encoder and classifier together, and leaves no tensor behind', async () => {
    const { numTensors } = tf.memory();
    const { result, word } = await run();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(result.accuracy).toBe(1);
    expect([...result.predictions]).toEqual(test.labels);
    expect(result.steps).toBe(60);
    expect(result.losses).toHaveLength(12);
    expect(result.losses[0]).toBeGreaterThan(0.6); // from chance, log 2
    expect(result.losses.at(-1)).toBeLessThan(0.25);
    expect([...word]).not.toEqual([...drawNormal(createRng(0), VOCABULARY * WIDTH, { standardDeviation: 0.3 })]);
  });

  it('is decided by its seed', async () => {
    const [a, b, other] = [await run({ epochs: 2 }), await run({ epochs: 2 }), await run({ epochs: 2, seed: 1 })];
    expect(b.result.losses).toEqual(a.result.losses);
    expect([...b.word]).toEqual([...a.word]);
    expect(other.result.losses).not.toEqual(a.result.losses);
  });

  it('trims batches, trains in training mode with a stream for each step, tests once at the end', async () => {
    const { calls } = await run({ epochs: 2 });
    const [look, ...rest] = calls;
    expect(look!.training).toBe(false); // one example, for the number of features
    const [steps, tests] = [rest.slice(0, 10), rest.slice(10)];
    expect(steps.every(({ training: mode }) => mode)).toBe(true);
    expect(new Set(steps.map(({ rng }) => rng!.seed())).size).toBe(10);
    expect(tests.map(({ training: mode, shape }) => [mode, shape])).toEqual([[false, [8, 4]], [false, [8, 8]], [false, [8, 8]], [false, [6, 12]]]); // prettier-ignore
  });

  it('makes more passes where few examples give too few updates', async () => {
    const { result } = await run({ train: selectExamples(train, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), epochs: 1, minSteps: 7 });
    expect(result.steps).toBe(8);
    expect(result.losses).toHaveLength(4);
  });

  it('follows AdamW with a clipped gradient, warm-up and decay, computed by hand', async () => {
    // one weight w, features w·x, dropout off: the first update of w is −rate·sign of its gradient, whatever its size
    const weight = tf.tidy(() => tf.variable(tf.tensor2d([[2]])));
    const encoder = { trainable: { weight }, apply: (input: tf.Tensor2D) => tf.matMul<tf.Tensor2D>(input, weight) };
    const one: LabeledExamples<tf.Tensor2D> = { labels: [1], numClasses: 2, read: () => tf.tensor2d([[1]]) };
    await fineTune({ encoder, train: one, test: one, epochs: 1, learningRate: 0.1, weightDecay: 0.5, dropoutRate: 0 });
    const moved = (await weight.data())[0]! - 2;
    expect(Math.min(Math.abs(moved - (-0.1 - 0.1)), Math.abs(moved - (0.1 - 0.1)))).toBeLessThan(1e-4); // ±0.1 and decay 0.1 · 0.5 · 2
    weight.dispose();
  });

  it('learns images with any module', async () => {
    const labels = Int32Array.from({ length: 24 }, (_, i) => i % 3);
    const pixels = new Uint8Array(24 * 4).map((_, i) => (i % 4 === labels[i >> 2]! ? 255 : 0));
    const images = imageClassification({ pixels, shape: [24, 2, 2, 1], labels, numClasses: 3, mean: [0.25], std: [0.5] });
    const kernel = tf.tidy(() => tf.variable(tf.tensor2d(drawNormal(createRng(1), 16), [4, 4])));
    const encoder = { trainable: { kernel }, apply: (x: tf.Tensor4D) => tf.tidy(() => tf.matMul(tf.reshape(x, [-1, 4]), kernel)) };
    const { accuracy } = await fineTune({ encoder, train: images, test: images, epochs: 20, batchSize: 8, learningRate: 0.05 });
    expect(accuracy).toBe(1);
    const input = await images.read(Int32Array.of(1));
    expect([...(await input.data())]).toEqual([-0.5, 1.5, -0.5, -0.5]);
    tf.dispose([kernel, input]);
  });

  it('stops when told to, and refuses what does not fit', async () => {
    const refuse = (change: Partial<FineTuneOptions<TokenInput>>, error: object | string) =>
      typeof error === 'string' ? expect(run(change)).rejects.toThrow(error) : expect(run(change)).rejects.toMatchObject(error);
    await refuse({ signal: AbortSignal.abort(new Error('stop')) }, 'stop');
    await refuse({ signal: AbortSignal.timeout(1), epochs: 10_000 }, { name: 'TimeoutError' });
    await refuse({ epochs: 0 }, 'fineTune: `epochs` must be an integer >= 1, got 0');
    await refuse({ batchSize: 1.5 }, '`batchSize` must be an integer >= 1, got 1.5');
    await refuse({ minSteps: -1 }, '`minSteps` must be an integer >= 0, got -1');
    await refuse({ learningRate: 0 }, '`learningRate` must be a number > 0, got 0');
    await refuse({ dropoutRate: 1 }, '`dropoutRate` must be in [0, 1), got 1');
    await refuse({ weightDecay: NaN }, '`weightDecay` must be a number >= 0, got NaN');
    await refuse({ learningRate: 1e30, epochs: 4 }, { code: 'SELFSUP_NON_FINITE' });
    await refuse({ train: { ...train, labels: [] } }, { code: 'SELFSUP_DATA' });
    await refuse(
      { test: { ...test, labels: Array<number>(30).fill(2) } },
      'fineTune: `test`: `labels` must be integers in [0, 2), got 2 at row 0',
    );
    const flat = { trainable: {}, apply: ({ tokenIds }: TokenInput) => tf.reshape(tf.cast(tokenIds, 'float32'), [-1]) };
    await refuse({ encoder: flat }, 'fineTune: `encoder` must give [1, dim] for a batch of 1, got [4]');
    const failing = { ...poolTokens(embeddingEncoder()), apply: () => { throw new Error('boom'); } }; // prettier-ignore
    await refuse({ encoder: failing }, 'boom');
    tf.dispose(Object.values(failing.trainable));
  });
});

describe('tokenClassification', () => {
  it('pads to a multiple, cuts long texts but keeps their last token', async () => {
    const examples = tokenClassification({ sequences: [[2, 3], [2, 5, 6, 7, 8, 9, 3]], labels: [0, 1], numClasses: 2, padId: 1, maxLength: 6, multipleOf: 4 }); // prettier-ignore
    const short = await examples.read(Int32Array.of(0));
    expect([...(await short.tokenIds.data())]).toEqual([2, 3, 1, 1]);
    expect([...(await short.attentionMask.data())]).toEqual([1, 1, 0, 0]);
    const both = await examples.read(Int32Array.of(1, 0));
    expect([...(await both.tokenIds.data())]).toEqual([2, 5, 6, 7, 8, 3, 2, 3, 1, 1, 1, 1]);
    tf.dispose([short, both]);
  });

  it('refuses what does not fit', () => {
    const make = (change: object) => () => tokenClassification({ sequences: [[2], [3]], labels: [0, 1], numClasses: 2, ...change });
    expect(make({ labels: [0] })).toThrow('`labels` must have one label for each of 2 sequences, got 1');
    expect(make({ labels: [0, 2] })).toThrow('`labels` must be integers in [0, 2), got 2 at row 1');
    expect(make({ sequences: [[2], []] })).toThrow('`sequences[1]` must have at least one token');
    expect(make({ sequences: [], labels: [] })).toThrow('must have at least one example');
    expect(make({ multipleOf: 0 })).toThrow('`multipleOf` must be an integer >= 1, got 0');
    expect(make({ maxLength: 0 })).toThrow('`maxLength` must be an integer >= 1, got 0');
  });
});

describe('poolTokens', () => {
  it('takes the first token or the mean without the filling', async () => {
    const encoder: TokenEncoder = {
      trainable: {},
      encode: () => tf.tensor3d([[[1, 2], [3, 4], [50, 60]]]), // prettier-ignore
    };
    const input = { tokenIds: tf.tensor2d([[2, 3, 0]], [1, 3], 'int32'), attentionMask: tf.tensor2d([[1, 1, 0]], [1, 3], 'int32') };
    for (const [pooling, expected] of [
      ['first', [1, 2]],
      ['mean', [2, 3]],
    ] as const) {
      // prettier-ignore
      const pooled = poolTokens(encoder, { pooling }).apply(input, { training: false });
      expect([...(await pooled.data())]).toEqual(expected);
      pooled.dispose();
    }
    tf.dispose(input);
    expect(() => poolTokens(encoder, { pooling: 'max' as 'mean' })).toThrow('`pooling` must be first or mean, got max');
  });
});

describe('imageClassification and selectExamples', () => {
  it('refuse what does not fit', () => {
    const make = (change: object) => () => imageClassification({ pixels: new Uint8Array(8), shape: [2, 2, 2, 1], labels: [0, 1], numClasses: 2, ...change }); // prettier-ignore
    expect(make({ pixels: new Uint8Array(7) })).toThrow('`pixels` of shape [2, 2, 2, 1] must have 8 values, got 7');
    expect(make({ labels: [0] })).toThrow('one label for each of 2 images, got 1');
    expect(make({ labels: [0, 3] })).toThrow('got 3 at row 1');
    expect(make({ mean: [1, 2] })).toThrow('must have 1 values, one per channel, got 2 and 1');
    expect(make({ std: [0] })).toThrow('`std` must be > 0, got 0');
    expect(() => selectExamples(train, [40])).toThrow('`indices` must be integers in [0, 40), got 40');
  });
});
