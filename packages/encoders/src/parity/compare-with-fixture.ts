import * as tf from '@tensorflow/tfjs-core';
import type { Module } from '@selfsup/core';
import { loadWeights } from '../load-weights.ts';
import { hashedBits, hashedValues, hashedWeight } from './hashed-values.ts';

/** What a fixture holds of a tensor. */
export interface TensorSummary {
  readonly norm: number;
  readonly projection: number;
  readonly samples: readonly number[];
}

/** A file that `tools/fixtures/encoders.py` wrote. */
export interface NetworkFixture {
  readonly seed: number;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly loss: number;
  readonly training: TensorSummary;
  readonly inference: TensorSummary;
  readonly inputGradient: TensorSummary;
  readonly gradients: Readonly<Record<string, TensorSummary>>;
  readonly buffers: Readonly<Record<string, TensorSummary>>;
}

/** The largest deviation of a tensor: of its norm and projection in units of the norm, of a value in units of it or of the root mean square. */
export function deviation(seed: number, path: string, compared: { actual: Float32Array; expected: TensorSummary }): number {
  const { actual, expected } = compared;
  const direction = hashedValues(seed, `projection/${path}`, actual.length);
  let [squares, projection] = [0, 0];
  for (let i = 0; i < actual.length; i++) {
    squares += actual[i]! ** 2;
    projection += actual[i]! * direction[i]!;
  }
  const rms = expected.norm / Math.sqrt(actual.length);
  const at = hashedBits(seed, `samples/${path}`, expected.samples.length);
  const gaps = expected.samples.map((value, i) => Math.abs(actual[at[i]! % actual.length]! - value) / Math.max(Math.abs(value), rms));
  const whole = [Math.sqrt(squares) - expected.norm, projection - expected.projection].map((gap) => Math.abs(gap) / expected.norm);
  return [...gaps, ...whole].reduce((worst, gap) => (gap > worst || Number.isNaN(gap) ? gap : worst), 0);
}

/** Gives a module the fixture's weights. */
export function loadFixtureWeights(module: Module, seed: number): void {
  const entries = Object.entries({ ...module.trainable, ...module.buffers });
  loadWeights(module, Object.fromEntries(entries.map(([path, v]) => [path, { shape: v.shape, data: hashedWeight(seed, path, v.shape) }])));
}

/** Runs a module as the fixture did and returns the relative deviation of every tensor by name. */
export async function compareWithFixture(module: Module, fixture: NetworkFixture): Promise<Record<string, number>> {
  const { seed } = fixture;
  loadFixtureWeights(module, seed);
  const size = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);
  const input = tf.tensor(
    hashedValues(seed, 'input', size(fixture.inputShape)).map((u) => 2 * u),
    [...fixture.inputShape],
  );
  const direction = tf.tensor(hashedValues(seed, 'loss', size(fixture.outputShape)), [...fixture.outputShape]);
  const paths = Object.keys(module.trainable);
  let training: tf.Tensor | undefined;
  const { value: loss, grads } = tf.valueAndGrads((x: tf.Tensor) => {
    training = module.apply(x, { training: true });
    tf.keep(training);
    return tf.sum(tf.mul(training, direction));
  })([input, ...Object.values(module.trainable)]);
  const inference = module.apply(input, { training: false });

  const result: Record<string, number> = {};
  const compare = async (path: string, tensor: tf.Tensor, expected: TensorSummary | undefined) => {
    if (!expected) throw new Error(`the fixture lacks ${path}`);
    result[path] = deviation(seed, path, { actual: (await tensor.data()) as Float32Array, expected });
  };
  result['loss'] = Math.abs(((await loss.data())[0]! - fixture.loss) / fixture.training.norm);
  await compare('training', training!, fixture.training);
  await compare('inference', inference, fixture.inference);
  await compare('inputGradient', grads[0]!, fixture.inputGradient);
  for (const [i, path] of paths.entries()) await compare(path, grads[i + 1]!, fixture.gradients[path]);
  for (const [path, buffer] of Object.entries(module.buffers)) await compare(path, buffer, fixture.buffers[path]);
  const left = [...Object.keys(fixture.gradients), ...Object.keys(fixture.buffers)].filter((path) => !(path in result));
  if (left.length > 0) throw new Error(`the module lacks ${left.join(', ')}`);
  tf.dispose([input, direction, training!, loss, ...grads, inference]);
  return result;
}
