import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { abandonTape } from './abandon-tape.ts';
import { drawNormal } from './draws.ts';
import { recompute } from './recompute.ts';
import { createRng } from './rng.ts';

const draw = (tag: string, shape: [number, number]) => tf.tensor2d(drawNormal(createRng(3).fold(tag), shape[0] * shape[1]), shape);
const width = 5;

/** Two layers with something between them that the tape would keep, the second one with a mask. */
function makeBlock() {
  const square = (tag: string) => tf.tidy(() => tf.variable(draw(tag, [width, width])));
  const [first, second] = [square('first'), square('second')];
  let calls = 0;
  const run = (x: tf.Tensor2D, [mask]: readonly tf.Tensor[]): tf.Tensor2D =>
    tf.tidy(() => {
      calls++;
      const hidden = tf.tanh(tf.matMul<tf.Tensor2D>(x, first));
      return tf.add<tf.Tensor2D>(x, tf.matMul<tf.Tensor2D>(tf.mul(hidden, mask!), second));
    });
  return {
    run,
    variables: [first, second],
    calls: () => calls,
    dispose: () => {
      tf.dispose([first, second]);
    },
  };
}

describe('recompute', () => {
  it('gives the same value and the same gradients to the bit, of a stack of blocks whose input is used twice', () => {
    const blocks = [makeBlock(), makeBlock()];
    tf.tidy(() => {
      const [x, weights] = [draw('x', [3, width]), draw('weights', [3, width])];
      const variables = blocks.flatMap((block) => block.variables);
      const all = (saving: boolean) => {
        const loss = () => {
          const mask = tf.cast(tf.greater(weights, 0), 'float32'); // disposed with the forward pass: the second one needs it all the same
          const out = blocks.reduce<tf.Tensor2D>(
            (y, block) => (saving ? recompute(y, block.run, { variables: block.variables, constants: [mask] }) : block.run(y, [mask])),
            x,
          );
          return tf.sum<tf.Scalar>(tf.mul(tf.square(out), weights));
        };
        const { value, grads } = tf.engine().gradients(() => tf.tidy(loss), [x, ...variables]);
        return [value, ...grads].map((tensor) => [...tensor.dataSync()]);
      };
      expect(all(true)).toEqual(all(false));
    });
    expect(blocks.map(({ calls }) => calls())).toEqual([3, 3]);
    for (const block of blocks) block.dispose();
  });

  it('keeps the input alone between the passes, and leaves nothing afterwards', () => {
    const block = makeBlock();
    const before = tf.memory().numTensors;
    const kept = (saving: boolean) => {
      let most = 0;
      tf.tidy(() => {
        const [x, mask] = [draw('x', [3, width]), tf.ones([3, width])];
        tf.variableGrads(() => {
          const out = saving ? recompute(x, block.run, { variables: block.variables, constants: [mask] }) : block.run(x, [mask]);
          most = tf.memory().numTensors;
          return tf.sum(out);
        }, block.variables);
      });
      return most;
    };
    expect(kept(true)).toBeLessThan(kept(false));
    expect(tf.memory().numTensors).toBe(before);
    block.dispose();
  });

  it('does nothing else without a gradient', () => {
    const block = makeBlock();
    tf.tidy(() => {
      const [x, mask] = [draw('x', [3, width]), tf.ones([3, width])];
      const expected = block.run(x, [mask]).dataSync();
      expect(recompute(x, block.run, { variables: block.variables, constants: [mask] }).dataSync()).toEqual(expected);
    });
    expect(block.calls()).toBe(2);
    block.dispose();
  });

  it('gives zeros for a variable on which the result does not depend', () => {
    const unused = tf.tidy(() => tf.variable(tf.ones([2])));
    tf.tidy(() => {
      const { grads } = tf.variableGrads(() => tf.sum(recompute(tf.ones([2]), (x) => tf.square(x), { variables: [unused] })), [unused]);
      expect([...grads[unused.name]!.dataSync()]).toEqual([0, 0]);
    });
    unused.dispose();
  });

  it('lets an error of the second pass through, and leaves no tape: the next gradient is right', () => {
    const w = tf.tidy(() => tf.variable(tf.scalar(2)));
    const before = tf.memory().numTensors;
    const failing = (x: tf.Scalar, _: readonly tf.Tensor[], again: boolean) => {
      if (again) throw new Error('on purpose');
      return tf.mul<tf.Scalar>(x, w);
    };
    expect(() => tf.tidy(() => tf.variableGrads(() => tf.sum(recompute(tf.scalar(3), failing, { variables: [w] })), [w]))).toThrow(
      'on purpose',
    );
    abandonTape(); // of the enclosing gradient, as the trainer does
    expect(tf.memory().numTensors).toBe(before);
    tf.tidy(() => {
      const { grads } = tf.variableGrads(() => tf.mul(w, tf.scalar(5)), [w]);
      expect(grads[w.name]!.dataSync()[0]).toBe(5);
    });
    w.dispose();
  });
});
