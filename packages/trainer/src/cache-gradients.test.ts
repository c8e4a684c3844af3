import * as tf from '@tensorflow/tfjs-core';
import { createRng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import type { ContrastOptions } from '../fixtures/toy-contrast.ts';
import { bitsOf } from '../fixtures/toy-task.ts';
import { apart, partsOf, valuesOf, viewsAt, watched } from '../fixtures/watched-contrast.ts';
import { disposeAll } from './tidy-async.ts';

describe('micro-batches of a task with embed', () => {
  it.each([[[16, 16, 16, 16]], [[32, 32]], [[10, 30, 24]]])(
    '%j make the update of one batch of 64: loss, gradients, step and queue',
    async (sizes) => {
      const [whole, split] = [watched(), watched()];
      for (let step = 0; step < 2; step++) {
        const batch = viewsAt(64, step);
        const parts = partsOf(batch, sizes);
        const expected = await whole.trainer.trainStep(batch);
        const actual = await split.trainer.trainStep(parts);
        expect(Math.abs(actual.loss / expected.loss - 1)).toBeLessThan(1e-6);
        expect(Math.abs(actual.metrics['clusters']! / expected.metrics['clusters']! - 1)).toBeLessThan(1e-5);
        expect(actual.metrics['agreement']).toBe(1);
        expect(actual.withoutGradient).toEqual([]);
        expect(apart(split.seen[step]!, whole.seen[step]!)).toBeLessThan(1e-5);
        expect(apart(valuesOf(split.trainer), valuesOf(whole.trainer))).toBeLessThan(1e-6);
        disposeAll([batch, parts]);
      }
      whole.trainer.dispose();
      split.trainer.dispose();
    },
  );

  it('come from a source that disposes each before the next', async () => {
    const [array, stream] = [watched(), watched()];
    const batch = viewsAt(12);
    const parts = partsOf(batch, [4, 4, 4]);
    await array.trainer.trainStep(parts);
    await stream.trainer.trainStep(
      (async function* () {
        for (const part of parts) {
          await Promise.resolve();
          yield part;
          disposeAll(part);
        }
      })(),
    );
    expect(stream.seen).toEqual(array.seen);
    array.trainer.dispose();
    stream.trainer.dispose();
    disposeAll(batch);
  });

  it('draw alike in both passes, each from a stream of its own', async () => {
    const drawn: number[] = [];
    const { trainer } = watched({ dropoutRate: 0.5, onEmbed: ({ stream }) => drawn.push(stream('view 0').seed()) });
    const batch = viewsAt(12);
    const parts = partsOf(batch, [6, 6]);
    await trainer.trainStep(parts);
    const step = createRng(3).fold('step').fold(0).fold(0);
    const seeds = [step.fold('view 0').seed(), step.ofPart(1).fold('view 0').seed()];
    expect(drawn).toEqual([...seeds, ...seeds]);
    trainer.dispose();
    disposeAll([batch, parts]);
  });

  it('with dropout have the gradient of the loss of the same masks', async () => {
    // central differences of the loss of a whole update: the masks do not depend on the weights
    const batch = viewsAt(12);
    const parts = partsOf(batch, [6, 6]);
    const run = async (move: number) => {
      const { trainer, seen } = watched({ dropoutRate: 0.3 });
      const first = trainer.run.trainable['first']!;
      tf.tidy(() => {
        const values = first.dataSync().slice() as Float32Array;
        values[7]! += move;
        first.assign(tf.tensor(values, first.shape));
      });
      const { loss } = await trainer.trainStep(parts);
      trainer.dispose();
      return { loss, gradient: seen[0]!['first']![7]! };
    };
    const [below, at, above] = [await run(-0.01), await run(0), await run(0.01)];
    expect(Math.abs(at.gradient)).toBeGreaterThan(1e-3);
    expect((above.loss - below.loss) / 0.02 / at.gradient).toBeCloseTo(1, 1);
    disposeAll([batch, parts]);
  });

  it('write normalization statistics once each, as without embeddings', async () => {
    const { trainer } = watched({ batchNorm: true });
    const batch = viewsAt(12);
    const parts = partsOf(batch, [6, 6]);
    const mean = trainer.run.buffers['norm/mean']!;
    const kernel = tf.clone(trainer.run.trainable['dense1/kernel']!);
    const expected = tf.tidy(() => {
      let running: tf.Tensor = tf.zerosLike(mean);
      // both views of the first micro-batch, then both of the second
      for (const { views } of parts)
        for (const view of views) running = tf.add(tf.mul(running, 0.9), tf.mul(0.1, tf.mean(tf.matMul(view, kernel as tf.Tensor2D), 0)));
      return running.dataSync();
    });
    await trainer.trainStep(parts);
    mean.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
    trainer.dispose();
    disposeAll([batch, parts, kernel]);
  });

  it('one of them takes one pass and is the batch itself, bit for bit', async () => {
    let calls = 0;
    const [plain, listed] = [watched(), watched({ onEmbed: () => calls++ })];
    const batch = viewsAt(8);
    await plain.trainer.trainStep(batch);
    await listed.trainer.trainStep([batch]);
    expect(calls).toBe(1);
    expect(await bitsOf(listed.trainer.run.trainable)).toEqual(await bitsOf(plain.trainer.run.trainable));
    expect(await bitsOf(listed.trainer.run.buffers)).toEqual(await bitsOf(plain.trainer.run.buffers));
    plain.trainer.dispose();
    listed.trainer.dispose();
    disposeAll(batch);
  });

  it('leave no tensor', async () => {
    const { trainer } = watched({ dropoutRate: 0.1 });
    const batch = viewsAt(12);
    const parts = partsOf(batch, [4, 8]);
    await trainer.trainStep(parts);
    const { numTensors, numBytes } = tf.memory();
    await trainer.trainStep(parts);
    await trainer.trainStep(batch);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    trainer.dispose();
    disposeAll([batch, parts]);
  });

  const failing: [string, ContrastOptions['change'], { message: string; code?: string }][] = [
    [
      'embeddings that are not rows of samples',
      (run) => ({ embed: (...args) => ({ ...run.embed(...args), z: [tf.concat(run.embed(...args).z as tf.Tensor2D[], 0)] }) }),
      {
        message: '`embed` of toy-contrast: `z[0]` must have 6 rows on axis 0, one for each sample of the micro-batch, got shape [12, 4]',
        code: 'SELFSUP_SHAPE',
      },
    ],
    [
      'targets that are not rows of samples',
      (run) => ({ targets: (...args) => ({ ...run.targets!(...args), weights: tf.ones<tf.Rank.R1>([1]) }) }),
      { message: '`targets` of toy-contrast: `weights` must have 6 rows on axis 0', code: 'SELFSUP_SHAPE' },
    ],
    [
      'no embeddings',
      () => ({ embed: () => ({}) as never }),
      { message: '`embed` of toy-contrast must give at least one tensor, got none', code: 'SELFSUP_SHAPE' },
    ],
    [
      'a loss without networks',
      () => ({ loss: () => ({ loss: tf.scalar(1) }) }),
      { message: 'depends on none of its 3 trainable variables', code: 'SELFSUP_STATE' },
    ],
    ['an error in the loss', () => ({ loss: () => { throw new Error('in the loss'); } }), { message: 'in the loss' }], // prettier-ignore
    ['an error in afterStep', () => ({ afterStep: () => { throw new Error('in afterStep'); } }), { message: 'in afterStep' }], // prettier-ignore
    [
      'an error in the second pass',
      (run) => {
        let calls = 0;
        return {
          embed: (...args) => {
            if (++calls === 4) throw new Error('in the second pass');
            return run.embed(...args);
          },
        };
      },
      { message: 'in the second pass' },
    ],
    [
      'other embeddings in the second pass',
      (run) => {
        let calls = 0;
        return {
          embed: (...args) => {
            const { z, index } = run.embed(...args);
            return { z: ++calls > 2 ? z.map((x) => tf.slice(x, [0, 0], [6, 2])) : z, index };
          },
        };
      },
      {
        message: '`embed` of toy-contrast must give the same with the same context, `z[0]` has another shape in the second pass',
        code: 'SELFSUP_STATE',
      },
    ],
  ];
  it.each(failing)('with %s change nothing and leave nothing behind', async (_, change, { message, code }) => {
    const { trainer } = watched({ change: change! });
    const batch = viewsAt(12);
    const parts = partsOf(batch, [6, 6]);
    const [trainable, buffers, { numTensors }] = [await bitsOf(trainer.run.trainable), await bitsOf(trainer.run.buffers), tf.memory()];
    const error = await trainer.trainStep(parts).catch((caught: unknown) => caught as Error & { code?: string });
    expect((error as Error).message).toContain(message);
    if (code) expect(error).toMatchObject({ code });
    if (!message.includes('afterStep')) expect(await bitsOf(trainer.run.trainable)).toEqual(trainable);
    expect(await bitsOf(trainer.run.buffers)).toEqual(buffers);
    // momentum's slots are made with the trainer, so nothing new may be there
    expect(tf.memory().numTensors).toBe(numTensors);
    expect((tf.engine() as unknown as { state: { activeTape: unknown } }).state.activeTape).toBeNull();
    trainer.dispose();
    disposeAll([batch, parts]);
  });

  it('refuses none at all', async () => {
    const { trainer } = watched();
    await expect(trainer.trainStep([])).rejects.toMatchObject({ code: 'SELFSUP_BATCH' });
    trainer.dispose();
  });
});
