import '@tensorflow/tfjs-backend-wasm';
import { createRng, softmaxCrossEntropy } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, test } from 'vitest';
import fixture from '../fixtures/bert.json' with { type: 'json' };
import { bert } from './bert.ts';
import { maskedLanguageHead } from './masked-language-head.ts';
import { deviation, type TensorSummary } from './parity/compare-with-fixture.ts';
import { hashedValues, hashedWeight } from './parity/hashed-values.ts';

const { seed, config, shape } = fixture;
const [batch, length] = shape as [number, number];
const ids = (values: number[]) => tf.tensor2d(values, [batch, length], 'int32');
const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));

/** The fixture's rule: hashedWeight, but scales 1 ± 0.1 and offsets ± 0.2. */
function fill(path: string, variable: tf.Variable): void {
  const hashed = () => hashedValues(seed, path, variable.size);
  const values = path.endsWith('/scale')
    ? hashed().map((u) => 1 + 0.1 * u)
    : path.endsWith('/offset')
      ? hashed().map((u) => 0.2 * u)
      : hashedWeight(seed, path, variable.shape);
  tf.tidy(() => {
    variable.assign(tf.tensor(values, variable.shape));
  });
}

afterEach(async () => {
  await tf.setBackend('cpu');
});

test.each(['cpu', 'wasm'])(
  "on %s the encoder and its head equal Hugging Face's BertForMaskedLM: states, logits, all gradients",
  async (backend) => {
    await tf.setBackend(backend);
    if (backend === 'wasm') await registerTrainingKernels();
    const encoder = bert({ ...config, dropoutRate: 0, attentionDropoutRate: 0 })(createRng(0));
    const head = maskedLanguageHead(config)(createRng(0));
    const prefixed = Object.fromEntries(Object.entries(head.trainable).map(([path, variable]) => [`head/${path}`, variable]));
    const variables = { ...encoder.trainable, ...prefixed };
    expect(Object.keys(variables).sort()).toEqual(Object.keys(fixture.gradients).sort());
    for (const [path, variable] of Object.entries(variables)) fill(path, variable);

    const [tokenIds, attentionMask, segmentIds] = [ids(fixture.tokenIds), ids(fixture.attentionMask), ids(fixture.segmentIds)];
    const [positions, labels] = [tf.tensor1d(fixture.positions, 'int32'), tf.tensor1d(fixture.labels, 'int32')];
    const seen: tf.Tensor[] = [];
    const loss = () => {
      const hidden = encoder.encode({ tokenIds, attentionMask, segmentIds }, { training: true });
      const logits = head.predict(hidden, { positions, wordEmbedding: encoder.wordEmbedding });
      seen.push(tf.keep(hidden), tf.keep(logits));
      return tf.mean<tf.Scalar>(softmaxCrossEntropy(logits, labels));
    };
    const { value, grads } = tf.variableGrads(loss, Object.values(variables));
    const read = async (tensor: tf.Tensor) => (await tensor.data()) as Float32Array;

    expect(Math.abs((await read(value))[0]! - fixture.loss)).toBeLessThan(1e-5 * fixture.loss);
    expect(deviation(seed, 'states', { actual: await read(seen[0]!), expected: fixture.states })).toBeLessThan(1e-4);
    const logits = await read(seen[1]!);
    expect(norm(logits.map((logit, i) => logit - fixture.logits[i]!))).toBeLessThan(1e-5 * norm(fixture.logits));
    const expected: Readonly<Record<string, TensorSummary>> = fixture.gradients;
    for (const [path, variable] of Object.entries(variables)) {
      const actual = await read(grads[variable.name]!);
      // a constant added to all scores of a row changes nothing: the gradient of the key's bias is rounding noise on both sides
      if (path.endsWith('key/bias')) expect(norm(actual), path).toBeLessThan(1e-5 * expected[path.replace('key', 'query')]!.norm);
      else expect(deviation(seed, path, { actual, expected: expected[path]! }), path).toBeLessThan(1e-3);
    }
    tf.dispose([tokenIds, attentionMask, segmentIds, positions, labels, ...seen, value, grads]);
    encoder.dispose();
    head.dispose();
  },
);
