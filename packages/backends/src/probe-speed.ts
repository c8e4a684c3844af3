import * as tf from '@tensorflow/tfjs-core';

/** What a backend computes in a second. */
export interface BackendSpeed {
  /** Products of two 512×512 matrices, in GFLOP/s. */
  readonly products: number;
  /** A 3×3 convolution of 16 images of 32×32 from 32 to 32 channels with both gradients, in GFLOP/s of plain sums. */
  readonly convolutions: number;
}

const SIZE = 512;
const [IMAGES, EDGE, CHANNELS] = [16, 32, 32];
const PRODUCT_FLOP = 2 * SIZE ** 3;
const CONVOLUTION_FLOP = 3 * 2 * IMAGES * EDGE ** 2 * 9 * CHANNELS ** 2;

/** Runs something again and again for so many seconds, and waits for each result. */
async function perSecond(seconds: number, run: () => tf.Tensor): Promise<number> {
  const turn = async () => {
    const result = tf.tidy(run);
    await result.data(); // one number: it says that all work is done
    result.dispose();
  };
  await turn(); // compiles what is compiled on first use
  const start = performance.now();
  let turns = 0;
  let elapsed;
  do {
    await turn();
    turns++;
    elapsed = (performance.now() - start) / 1000;
  } while (elapsed < seconds);
  return turns / elapsed;
}

/**
 * Measures the current backend with the two operations that training spends its time in.
 *
 * @param seconds how long, at least one turn each after a first one that does not count
 */
export async function probeSpeed(seconds: number): Promise<BackendSpeed> {
  const matrix = tf.fill<tf.Rank.R2>([SIZE, SIZE], 0.5);
  const images = tf.fill<tf.Rank.R4>([IMAGES, EDGE, EDGE, CHANNELS], 0.5);
  const filter = tf.fill<tf.Rank.R4>([3, 3, CHANNELS, CHANNELS], 0.1);
  const gradients = tf.grads((...[x, f]) => tf.sum(tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, 'same')));
  try {
    const products = await perSecond(seconds / 2, () => tf.sum(tf.slice(tf.matMul(matrix, matrix), [0, 0], [1, 1])));
    const convolutions = await perSecond(seconds / 2, () => {
      const [dx, df] = gradients([images, filter]) as [tf.Tensor, tf.Tensor];
      return tf.add(tf.sum(tf.slice(dx, [0, 0, 0, 0], [1, 1, 1, 1])), tf.sum(tf.slice(df, [0, 0, 0, 0], [1, 1, 1, 1])));
    });
    return { products: (products * PRODUCT_FLOP) / 1e9, convolutions: (convolutions * CONVOLUTION_FLOP) / 1e9 };
  } finally {
    tf.dispose([matrix, images, filter]);
  }
}
