import * as tf from '@tensorflow/tfjs-core';

/** What a backend computes in a second. */
export interface BackendSpeed {
  /** Products of two 512×512 matrices (of 64×64 where those are slow), in GFLOP/s. */
  readonly products: number;
  /** A 3×3 convolution of 16 images of 32×32 with 32 channels (of one image of 16×16 with 16, where that is slow) and both its gradients, in GFLOP/s of plain sums. */
  readonly convolutions: number;
}

/** A piece of work: its floating-point operations, how to run it once, and its tensors. */
interface Work {
  readonly flop: number;
  readonly tensors: readonly tf.Tensor[];
  readonly run: () => tf.Tensor;
}

/** Work that would take more seconds than this a turn is too much for the backend. */
const LONG = 5;

function product(size: number): Work {
  const matrix = tf.fill<tf.Rank.R2>([size, size], 0.5);
  return { flop: 2 * size ** 3, tensors: [matrix], run: () => tf.slice(tf.matMul(matrix, matrix), [0, 0], [1, 1]) };
}

function convolution(images: number, edge: number): Work {
  const channels = edge;
  const x = tf.fill<tf.Rank.R4>([images, edge, edge, channels], 0.5);
  const filter = tf.fill<tf.Rank.R4>([3, 3, channels, channels], 0.1);
  const gradients = tf.grads((...[input, weights]) => tf.sum(tf.conv2d(input as tf.Tensor4D, weights as tf.Tensor4D, 1, 'same')));
  const corner = (tensor: tf.Tensor) => tf.slice(tensor, [0, 0, 0, 0], [1, 1, 1, 1]);
  return {
    flop: 3 * 2 * images * edge ** 2 * 9 * channels ** 2,
    tensors: [x, filter],
    run: () => tf.addN(gradients([x, filter]).map(corner)),
  };
}

/** One turn, until its result is there, in seconds. */
async function turn({ run }: Work): Promise<number> {
  const start = performance.now();
  const result = tf.tidy(run);
  await result.data();
  result.dispose();
  return (performance.now() - start) / 1000;
}

/** GFLOP/s of the work over so many seconds, of the smaller one where the larger one would take long. */
async function speedOf(seconds: number, small: Work, large: Work): Promise<number> {
  try {
    await turn(small); // compiles what is compiled on first use
    const expected = ((await turn(small)) * large.flop) / small.flop;
    const work = expected > LONG ? small : large;
    if (work === large) await turn(large);
    let [turns, elapsed] = [0, 0];
    while (elapsed < seconds) {
      elapsed += await turn(work);
      turns++;
    }
    return (turns * work.flop) / elapsed / 1e9;
  } finally {
    tf.dispose([...small.tensors, ...large.tensors]);
  }
}

/**
 * Measures the current backend with the two operations that training spends its time in.
 *
 * @param seconds how long, half of it each; at least one turn
 */
export async function probeSpeed(seconds: number): Promise<BackendSpeed> {
  const products = await speedOf(seconds / 2, product(64), product(512));
  return { products, convolutions: await speedOf(seconds / 2, convolution(1, 16), convolution(16, 32)) };
}
