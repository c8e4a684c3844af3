import { createRng, drawUniform, SelfsupError } from '@selfsup/core';
import { loadWeights, saveWeights, type SavedWeight } from '@selfsup/encoders';
import { roundWeights, type OnnxPrecision } from '@selfsup/export';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { PortableNetwork } from '../portable.ts';

/** Least cosine between the features with rounded weights and those without. */
const LEAST = 0.99;
/** How many inputs are tried, and how long sequences are. */
const [TRIED, LENGTH] = [8, 16];

/** Random inputs: pixels in [0, 1], token ids of the whole vocabulary, masks of ones. */
function sampleInputs(network: PortableNetwork, vocabularySize: number): tf.Tensor[] {
  const rng = createRng(0);
  return network.inputs.map(({ name, shape, type = 'float32' }) => {
    const sides = shape.map((side) =>
      typeof side === 'number' ? side : side === 'batch' ? TRIED : Math.min(LENGTH, network.bounds?.[side] ?? LENGTH),
    );
    const count = sides.reduce((all, side) => all * side, 1);
    if (name === 'attention_mask') return tf.ones(sides, type);
    if (name === 'token_type_ids') return tf.zeros(sides, type);
    const values = drawUniform(rng.fold(name), count, { min: 0, max: type === 'int32' ? vocabularySize : 1 });
    return tf.tensor(type === 'int32' ? Int32Array.from(values) : values, sides, type);
  });
}

/** The least cosine of corresponding rows. */
function leastCosine(a: Float32Array, b: Float32Array, rows: number): number {
  const dim = a.length / rows;
  let least = 1;
  for (let row = 0; row < rows; row++) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = row * dim; i < (row + 1) * dim; i++) {
      ab += a[i]! * b[i]!;
      aa += a[i]! ** 2;
      bb += b[i]! ** 2;
    }
    least = Math.min(least, aa === 0 && bb === 0 ? 1 : ab / Math.sqrt(aa * bb || Infinity));
  }
  return least;
}

/**
 * Makes sure that rounded weights give nearly the same features, on random inputs; the encoder is as before afterwards. Internal.
 *
 * @throws SelfsupError `SELFSUP_OPTION` with the cosine where they do not
 */
export async function assertPrecise(
  { module, input }: Pick<LoadedEncoder, 'module' | 'input'>,
  network: PortableNetwork,
  precision: OnnxPrecision,
): Promise<void> {
  const at = network.outputs.indexOf('features');
  const inputs = sampleInputs(network, Number(input['vocabularySize'] ?? 1));
  const featuresOf = async () => {
    const found = tf.tidy(() => network.run(inputs)[at]!);
    const values = Float32Array.from(await found.data());
    found.dispose();
    return values;
  };
  const weights = await saveWeights(module);
  try {
    const exact = await featuresOf();
    const rounded = Object.entries(weights).map(([path, { data, shape }]): [string, SavedWeight] => [
      path,
      { shape, data: roundWeights(data, shape, precision) },
    ]);
    loadWeights(module, Object.fromEntries(rounded));
    const cosine = leastCosine(exact, await featuresOf(), TRIED);
    if (cosine >= LEAST) return;
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`precision\` ${precision} changes the features of this encoder too much: their least cosine with the exact ones is ${cosine.toFixed(3)} on ${TRIED} random inputs, and must be at least ${LEAST}; export it as ${precision === 'int8' ? 'fp16 or fp32' : 'fp32'}`,
    );
  } finally {
    loadWeights(module, weights);
    tf.dispose(inputs);
  }
}
