// What a page says of backends that compute, and of those that must refuse. Each answer is some lines, which check.ts compares.
import { selectBackend } from '@selfsup/backends';
import { isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

interface Said {
  readonly said: readonly string[];
}

/** The code and the message of what something throws. */
async function failureOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'nothing was thrown';
  } catch (error) {
    return isSelfsupError(error) ? `${error.code} ${error.message}` : String(error);
  }
}

/** The context of the webgl backend. */
const contextOf = () => (tf.backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } }).gpgpu.gl;

/** Six updates of Adam with tfjs's own epsilon on a small convolution, and the losses before each. */
async function descend(): Promise<number[]> {
  const value = (n: number, k: number) => Math.sin(n * k);
  const filter = tf.variable(
    tf.tensor4d(
      Array.from({ length: 108 }, (_, i) => value(i, 1.7) / 5),
      [3, 3, 3, 4],
    ),
  );
  const images = tf.tensor4d(
    Array.from({ length: 384 }, (_, i) => value(i, 0.9)),
    [2, 8, 8, 3],
  );
  const optimizer = tf.train.adam(0.01);
  const losses: number[] = [];
  for (let step = 0; step < 6; step++) {
    const loss = optimizer.minimize(
      () => {
        const rows = tf.relu(tf.conv2d(images, filter as unknown as tf.Tensor4D, 1, 'same'));
        return tf.mean(tf.squaredDifference(tf.avgPool(rows, 3, 2, 'same'), tf.scalar(0.3)));
      },
      true,
      [filter],
    )!;
    losses.push((await loss.data())[0]!);
    loss.dispose();
  }
  optimizer.dispose();
  tf.dispose([filter, images]);
  return losses;
}

/** webgl: its epsilon, and tfjs's Adam beside that on cpu. */
export async function proveWebgl(): Promise<Said> {
  await selectBackend({ prefer: 'cpu' });
  const expected = await descend();
  const { description } = await selectBackend({ prefer: 'webgl' });
  const losses = await descend();
  const worst = Math.max(...losses.map((loss, i) => Math.abs(loss - expected[i]!)));
  const isSame = worst < 1e-5 && losses.at(-1)! < losses[0]!;
  const compared = isSame
    ? 'losses as on cpu, with the epsilon that tfjs takes by itself'
    : `losses ${losses.join(' ')}, on cpu ${expected.join(' ')}`;
  return { said: [description, `epsilon ${tf.backend().epsilon()}`, compared] };
}

/** webgl: a tensor that fits no texture, a context that is lost during and before a reading, a new start, and a device without 32-bit floats. */
export async function refuseWebgl(): Promise<Said> {
  await selectBackend({ prefer: 'webgl' });
  const tooLarge = await failureOf(() => tf.tidy(() => tf.sum(tf.square(tf.broadcastTo(tf.ones([1, 1, 2]), [2 ** 14, 2 ** 14, 2])))));
  await selectBackend({ prefer: 'webgl' });
  const tensor = tf.square(tf.ones([200, 200]));
  const reading = tensor.data();
  contextOf().getExtension('WEBGL_lose_context')!.loseContext();
  const during = await failureOf(() => reading);
  const later = await failureOf(() => tf.square(tensor).data());
  tensor.dispose();
  await selectBackend({ prefer: 'webgl' });
  const square = tf.square(tf.fill([200, 200], 3));
  const again = `after a new start: ${(await square.data())[0]!}`;
  square.dispose();
  tf.env().set('WEBGL_RENDER_FLOAT32_ENABLED', false);
  const halfFloats = await failureOf(() => selectBackend({ prefer: 'webgl' }));
  return { said: [tooLarge, during, later, again, halfFloats] };
}

/** What the console says when `auto` finds no files of wasm. */
export async function wasmFromNowhere(): Promise<Said> {
  const said: string[] = [];
  const { warn } = console;
  console.warn = (...words: unknown[]) => void said.push(words.join(' '));
  try {
    await selectBackend({ wasmPath: 'nowhere' });
  } finally {
    console.warn = warn;
  }
  return { said };
}
