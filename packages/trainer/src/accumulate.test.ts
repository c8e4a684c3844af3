import * as tf from '@tensorflow/tfjs-core';
import { createRng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { fitToy, prepare, toySource, toyTrainer as fitTrainer } from '../fixtures/toy-fit.ts';
import { bitsOf, toyBatch, type ToyBatch, type ToyOptions } from '../fixtures/toy-task.ts';
import { toyTrainer, type ToyTrainer } from '../fixtures/toy-trainer.ts';
import { adamW } from '@selfsup/optim';

// without normalization over the batch and without noise the mean over equal parts is the mean over the whole
const linear: ToyOptions = {
  change: (run) => ({
    targets: ({ x }) => ({ key: tf.slice2d(x, [0, 0], [x.shape[0], 4]) }),
    loss: ({ x }, { key }) => {
      const z = tf.matMul(tf.matMul(x, run.trainable['backbone/dense1/kernel']!), run.trainable['backbone/dense2/kernel']!);
      const loss = tf.mean<tf.Scalar>(tf.square(tf.sub(z, key)));
      return { loss, metrics: { half: tf.mul<tf.Scalar>(loss, 0.5) } };
    },
  }),
};
const stateOf = async ({ run }: ToyTrainer) => ({ ...(await bitsOf(run.trainable)), ...(await bitsOf(run.buffers)) });
const parts = (batch: ToyBatch, count: number): ToyBatch[] => tf.split<tf.Tensor2D>(batch.x, count).map((x) => ({ x }));

describe('trainStep with micro-batches', () => {
  it.each([2, 4, 8])('%d of them make the update of one large batch', async (count) => {
    const optimizer = () => adamW({ learningRate: 0.05, weightDecay: 0.1 });
    const [whole, split] = [toyTrainer(linear, { optimizer: optimizer() }), toyTrainer(linear, { optimizer: optimizer() })];
    for (let step = 0; step < 3; step++) {
      const batch = toyBatch(step);
      const micro = parts(batch, count);
      const expected = await whole.trainStep(batch);
      const actual = await split.trainStep(micro);
      expect(Math.abs(actual.loss / expected.loss - 1)).toBeLessThan(1e-5);
      expect(Math.abs(actual.metrics['half']! / expected.metrics['half']! - 1)).toBeLessThan(1e-5);
      expect([actual.step, actual.withoutGradient]).toEqual([step, expected.withoutGradient]);
      tf.dispose([batch, micro]);
    }
    expect([whole.step, split.step]).toEqual([3, 3]);
    for (const [path, variable] of Object.entries(whole.run.trainable)) {
      const got = await split.run.trainable[path]!.data();
      (await variable.data()).forEach((value, i) => {
        expect(got[i]).toBeCloseTo(value, 5);
      });
    }
    whole.dispose();
    split.dispose();
  });

  it('one of them is the batch itself, bit for bit, from an array or an asynchronous iterable', async () => {
    const trainers = [toyTrainer(), toyTrainer(), toyTrainer()] as const;
    const batch = toyBatch(0);
    await trainers[0].trainStep(batch);
    await trainers[1].trainStep([batch]);
    await trainers[2].trainStep(
      (async function* () {
        yield await Promise.resolve(batch);
      })(),
    );
    const [plain, ...others] = await Promise.all(trainers.map(stateOf));
    for (const state of others) expect(state).toEqual(plain);
    for (const trainer of trainers) trainer.dispose();
    tf.dispose(batch);
  });

  it('each draws from a stream of its own, and afterStep comes once, with the rows of all', async () => {
    const seeds: number[] = [];
    const keys: tf.TypedArray[] = [];
    let after: tf.TypedArray | undefined;
    let calls = 0;
    const trainer = toyTrainer({
      change: (run) => ({
        targets: (batch, context) => {
          seeds.push(context.stream('x').seed());
          const targets = run.targets!(batch, context);
          keys.push(targets.key.dataSync());
          return targets;
        },
        afterStep: ({ targets: { key } }) => {
          calls++;
          after = key.dataSync();
        },
      }),
    });
    const batch = toyBatch(0);
    const micro = parts(batch, 2);
    const root = createRng(3).fold('step').fold(0).fold(0);
    await trainer.trainStep([...micro, micro[1]!]);
    expect(seeds).toEqual([0, 1, 2].map((part) => root.ofPart(part).fold('x').seed()));
    expect(keys[1]).not.toEqual(keys[2]); // the same rows with other noise
    expect(calls).toBe(1);
    expect([...after!]).toEqual(keys.flatMap((key) => [...key]));
    trainer.dispose();
    tf.dispose([batch, micro]);
  });

  it.each([
    ['first', [true, false]],
    ['second', [false, true]],
  ])('counts a variable that only the %s depends on as zero in the other', async (_, frozen) => {
    const calls = [...frozen];
    const trainer = toyTrainer({
      change: (run) => ({
        targets: () => ({ key: tf.zeros<tf.Rank.R2>([1, 1]) }),
        loss: () => {
          const [kernel, scale] = [run.trainable['backbone/dense1/kernel']!, run.trainable['backbone/norm/scale']!];
          const loss = tf.sum<tf.Scalar>(kernel);
          return { loss: calls.shift() ? tf.add<tf.Scalar>(loss, tf.mul(4, tf.sum(scale))) : loss };
        },
        transformGradients: (gradients) => {
          expect([...gradients['backbone/norm/scale']!.dataSync()]).toEqual(Array(8).fill(2));
          expect(new Set(gradients['backbone/dense1/kernel']!.dataSync())).toEqual(new Set([1]));
          expect(gradients['backbone/norm/offset']).toBeNull();
          return gradients;
        },
      }),
    });
    const batch = toyBatch(0);
    const { withoutGradient } = await trainer.trainStep([batch, batch]);
    expect(withoutGradient).toEqual(['backbone/norm/offset', 'backbone/dense2/kernel']);
    expect(calls).toEqual([]);
    trainer.dispose();
    tf.dispose(batch);
  });

  it('updates nothing when one of them fails, and closes the iterable', async () => {
    const trainer = toyTrainer();
    const before = await stateOf(trainer);
    let closed = false;
    async function* batches() {
      try {
        for (const x of [toyBatch(0).x, tf.zeros<tf.Rank.R2>([8, 5])]) {
          await Promise.resolve();
          try {
            yield { x };
          } finally {
            x.dispose();
          }
        }
      } finally {
        closed = true;
      }
    }
    await expect(trainer.trainStep(batches())).rejects.toThrow();
    expect(closed).toBe(true);
    expect(trainer.step).toBe(0);
    expect(await stateOf(trainer)).toEqual(before);
    const good = toyBatch(0);
    await trainer.trainStep(good);
    trainer.dispose();
    tf.dispose(good);
  });

  it('refuses none at all, and metrics that differ', async () => {
    const trainer = toyTrainer();
    await expect(trainer.trainStep([])).rejects.toMatchObject({
      code: 'SELFSUP_BATCH',
      message: 'trainStep: an update of toy-task must have at least one batch, got none',
    });
    trainer.dispose();
    let call = 0;
    const changing = toyTrainer({
      change: (run) => ({
        loss: (...args) => ({ loss: run.loss(...args).loss, metrics: call++ ? { late: tf.scalar(0) } : { early: tf.scalar(0) } }),
      }),
    });
    const batch = toyBatch(0);
    await expect(changing.trainStep([batch, batch])).rejects.toMatchObject({
      code: 'SELFSUP_STATE',
      message: 'the metrics of toy-task must be the same for all micro-batches of an update, got [early] and [late]',
    });
    changing.dispose();
    tf.dispose(batch);
  });
});

describe('fit with accumulate', () => {
  it('makes one update of so many batches, and of what is left at the end of an epoch', async () => {
    const trainer = fitTrainer();
    const counts = { open: 0, read: 0 };
    const seeds: number[] = [];
    const steps: number[] = [];
    const result = await fitToy(trainer, {
      source: toySource(counts),
      accumulate: 3,
      prepare: (rows, context) => (seeds.push(context.rng.seed()), prepare(rows, context)),
      callbacks: { onStep: ({ step, epoch }) => void steps.push(step, epoch) },
    });
    expect(result).toMatchObject({ step: 6, steps: 6, epochs: 3, stoppedBy: 'end' });
    expect(counts).toEqual({ open: 0, read: 12 });
    expect(steps).toEqual([0, 0, 1, 0, 2, 1, 3, 1, 4, 2, 5, 2]);
    const stream = (step: number) => createRng(5).fold('prepare').fold(step).fold(0);
    const micro = (step: number, i: number) => stream(step).ofPart(i);
    expect(seeds.slice(0, 5)).toEqual([stream(0), micro(0, 1), micro(0, 2), stream(1), stream(2)].map((rng) => rng.seed()));
    expect(new Set(seeds).size).toBe(12);
    trainer.dispose();
  });

  it.each([1, 3, 4])('continues after %d updates bit for bit, in the middle of an epoch too', async (stopAt) => {
    const whole = fitTrainer();
    await fitToy(whole, { accumulate: 3 });
    const broken = fitTrainer();
    const stop = new AbortController();
    await fitToy(broken, {
      accumulate: 3,
      signal: stop.signal,
      callbacks: {
        onStep: ({ step }) => {
          if (step + 1 === stopAt) stop.abort();
        },
      },
    });
    expect(broken.step).toBe(stopAt);
    const resumed = fitTrainer();
    await resumed.restore(await broken.save());
    await fitToy(resumed, { accumulate: 3 });
    expect(resumed.step).toBe(6);
    expect(Buffer.compare(await resumed.save(), await whole.save())).toBe(0);
    for (const trainer of [whole, broken, resumed]) trainer.dispose();
  });

  it('says how many batches are missing, and what it takes', async () => {
    const trainer = fitTrainer();
    const short = { ...toySource(undefined, 2), stepsPerEpoch: 4 };
    await expect(fitToy(trainer, { source: short, accumulate: 3 })).rejects.toMatchObject({
      code: 'SELFSUP_DATA',
      message: 'fit: epoch 0 must have 4 batches, the source ended after 2',
    });
    expect(trainer.step).toBe(0);
    await expect(fitToy(trainer, { accumulate: 0 })).rejects.toThrow('fit: `accumulate` must be an integer >= 1, got 0');
    trainer.dispose();
  });
});
