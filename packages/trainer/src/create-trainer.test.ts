import * as tf from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { createRng, createStepContext, type Collective, type Rng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { rendezvousRanks } from '../fixtures/rendezvous-ranks.ts';
import { bitsOf, toyBatch, toyTask, type ToyOptions } from '../fixtures/toy-task.ts';
import { doStep, toyTrainer, type ToyTrainer } from '../fixtures/toy-trainer.ts';
import { createTrainer } from './create-trainer.ts';
import { adamW, sgd } from '@selfsup/optim';

const stateOf = async ({ run }: ToyTrainer) => ({ ...(await bitsOf(run.trainable)), ...(await bitsOf(run.buffers)) });
const scalar = (value: number) => tf.scalar(value);

describe('createTrainer', () => {
  it('learns, counts and reports plain numbers', async () => {
    // predicts four of its six inputs
    const trainer = toyTrainer({ change: () => ({ targets: ({ x }) => ({ key: tf.slice2d(x, [0, 0], [8, 4]) }) }) });
    const losses: number[] = [];
    for (let step = 0; step < 40; step++) {
      const metrics = await doStep(trainer);
      expect(metrics.step).toBe(step);
      expect(typeof metrics.metrics.norm).toBe('number');
      expect(metrics.withoutGradient).toEqual([]);
      losses.push(metrics.loss);
    }
    expect(trainer.step).toBe(40);
    expect(losses[39]).toBeLessThan(losses[0]! / 3);
    trainer.dispose();
    trainer.dispose();
  });

  it('says before the first step that no gradients are registered', () => {
    const gradFunc = tf.getGradient('Sum');
    tf.unregisterGradient('Sum');
    try {
      expect(() => toyTrainer()).toThrow(/createTrainer: tfjs knows no gradients here: .* Call `await selectBackend\(\)` or/);
    } finally {
      tf.registerGradient(gradFunc);
    }
  });

  it('says before the first step that ranks cannot share the statistics of batches', async () => {
    const [collective] = rendezvousRanks(2);
    const refused = (options: Partial<Collective>, code: string, message: string) => {
      expect(() => toyTrainer({}, { collective: { ...collective!, ...options }, synchronizeNormalization: true })).toThrow(
        expect.objectContaining({
          code,
          message: expect.stringContaining(`createTrainer: with \`synchronizeNormalization\` the ${message}`) as string,
        }),
      );
    };
    refused({}, 'SELFSUP_COLLECTIVE', '`collective` must have `allGatherSync`');
    // one process needs neither
    toyTrainer({}, { synchronizeNormalization: true }).dispose();
    // a backend whose data come later, as those of WebGPU do
    class Waiting extends MathBackendCPU {
      override readSync(): never {
        throw new Error('wait for it');
      }
    }
    tf.registerBackend('waiting', () => new Waiting());
    tf.copyRegisteredKernels('cpu', 'waiting');
    try {
      await tf.setBackend('waiting');
      refused({ allGatherSync: (x) => x }, 'SELFSUP_BACKEND', 'backend must be readable synchronously, which waiting is not');
    } finally {
      await tf.setBackend('cpu');
      tf.removeBackend('waiting');
    }
    toyTrainer({}, { collective: { ...collective!, allGatherSync: (x) => x }, synchronizeNormalization: true }).dispose();
  });

  it('takes one step exactly as written out by hand', async () => {
    const trainer = toyTrainer({}, { optimizer: sgd({ learningRate: 0.5 }) });
    const path = 'backbone/dense2/kernel';
    const before = tf.clone(trainer.run.trainable[path]!);
    const reference = toyTask().create({ rng: createRng(3).fold('create'), totalSteps: 6 });
    const batch = toyBatch(0);
    const expected = tf.tidy(() => {
      const context = createStepContext({ rng: createRng(3), totalSteps: 6, step: 0 });
      const targets = reference.targets!(batch, context);
      const { grads } = tf.variableGrads(() => reference.loss(batch, targets, context).loss, [reference.trainable[path]!]);
      return tf.sub(before, tf.mul(Object.values(grads)[0]!, 0.5));
    });
    await trainer.trainStep(batch);
    expect(await trainer.run.trainable[path]!.data()).toEqual(await expected.data());
    reference.dispose();
    trainer.dispose();
    tf.dispose([before, expected, batch.x]);
  });

  it('gives the same run for the same seed and another for another', async () => {
    const run = async (seed: number) => {
      const trainer = toyTrainer({}, { seed });
      for (let step = 0; step < 3; step++) await doStep(trainer);
      const state = await stateOf(trainer);
      trainer.dispose();
      return state;
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('draws each step and rank from its own stream', async () => {
    const seen: Rng[] = [];
    const spy: ToyOptions = {
      change: (run) => ({ targets: (batch, context) => (seen.push(context.stream('x')), run.targets!(batch, context)) }),
    };
    const trainer = toyTrainer(spy);
    await doStep(trainer);
    await doStep(trainer);
    trainer.dispose();
    expect(seen.map((rng) => rng.seed())).toEqual([0, 1].map((step) => createRng(3).fold('step').fold(step).fold(0).fold('x').seed()));
  });

  it.each([sgd({ learningRate: 0.1, momentum: 0.9 }), adamW({ learningRate: 0.1 })])(
    'keeps the number of tensors constant (%#)',
    async (optimizer) => {
      const trainer = toyTrainer({}, { optimizer });
      await doStep(trainer);
      const { numTensors, numBytes } = tf.memory();
      for (let step = 0; step < 4; step++) {
        await doStep(trainer);
        expect(tf.memory()).toMatchObject({ numTensors, numBytes });
      }
      trainer.dispose();
    },
  );

  it('leaves the batch and variables alone when a task returns them as targets', async () => {
    const trainer = toyTrainer({
      change: (run) => ({ targets: ({ x }) => ({ key: tf.slice(x, [0, 0], [8, 4]), x, own: Object.values(run.buffers)[0]! }) }),
    });
    const batch = toyBatch(0);
    await trainer.trainStep(batch);
    await trainer.trainStep(batch);
    expect(batch.x.isDisposed).toBe(false);
    trainer.dispose();
    batch.x.dispose();
  });

  it('honors transformGradients: null freezes the variable', async () => {
    const frozen = 'backbone/dense1/kernel';
    const trainer = toyTrainer({ change: () => ({ transformGradients: (grads) => ({ ...grads, [frozen]: null }) }) });
    const before = await bitsOf(trainer.run.trainable);
    await doStep(trainer);
    const after = await bitsOf(trainer.run.trainable);
    expect(after[frozen]).toBe(before[frozen]);
    expect(after['backbone/dense2/kernel']).not.toBe(before['backbone/dense2/kernel']);
    trainer.dispose();
  });

  it('names variables on which the loss does not depend', async () => {
    const extra = tf.tidy(() => tf.variable(tf.scalar(1)));
    const trainer = toyTrainer({ change: (run) => ({ trainable: { ...run.trainable, 'head/extra': extra } }) });
    expect((await doStep(trainer)).withoutGradient).toEqual(['head/extra']);
    trainer.dispose();
    extra.dispose();
  });
});

describe('a failing step', () => {
  const nan: ToyOptions['change'] = (run) => ({ loss: (...args) => ({ loss: tf.mul(run.loss(...args).loss, NaN) }) });
  const failing: [string, ToyOptions['change'], { message: string; code?: string }][] = [
    ['a loss that is NaN', nan, { message: 'the loss of toy-task is NaN at step 1; nothing was updated', code: 'SELFSUP_NON_FINITE' }],
    [
      'a gradient that is not finite at a finite loss',
      (run) => ({
        loss: (...args) => {
          const blowUp = tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: (dy: tf.Tensor) => tf.div(dy, 0) }));
          return { loss: blowUp(run.loss(...args).loss) as tf.Scalar };
        },
      }),
      { message: 'the gradient of `backbone/dense1/kernel` in toy-task is not finite at step 1', code: 'SELFSUP_NON_FINITE' },
    ],
    ['a loss that is no scalar', (run) => ({ loss: ({ x }, t, c) => ({ loss: run.encoders['backbone']!.apply(tf.add(x, tf.mean(t.key)), c) as unknown as tf.Scalar }) }), { message: 'the loss of toy-task must be a scalar tensor, got shape [8, 4]', code: 'SELFSUP_SHAPE' }], // prettier-ignore
    ['a loss that is int32', () => ({ loss: () => ({ loss: tf.scalar(1, 'int32') }) }), { message: 'the loss of toy-task must be float32, got int32', code: 'SELFSUP_DTYPE' }], // prettier-ignore
    [
      'a loss that is a number',
      () => ({ loss: () => ({ loss: 1 as unknown as tf.Scalar }) }),
      { message: 'must be a scalar tensor, got number' },
    ],
    ['a metric that is no scalar', (run) => ({ loss: (...args) => ({ ...run.loss(...args), metrics: { wide: tf.zeros([2]) as unknown as tf.Scalar } }) }), { message: 'the metric `wide` of toy-task' }], // prettier-ignore
    ['a loss without networks', () => ({ loss: () => ({ loss: scalar(1) }) }), { message: 'depends on none of its 4 trainable variables', code: 'SELFSUP_STATE' }], // prettier-ignore
    ['an error in targets', () => ({ targets: () => { throw new Error('in targets'); } }), { message: 'in targets' }], // prettier-ignore
    ['an error in the forward pass', (run) => ({ loss: (...args) => { run.loss(...args); throw new Error('in forward'); } }), { message: 'in forward' }], // prettier-ignore
    [
      'an error in the backward pass',
      (run) => ({
        loss: (...args) => {
          const broken = tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: () => { throw new Error('in backward'); } })); // prettier-ignore
          const { loss, metrics } = run.loss({ x: args[0].x }, args[1], args[2]);
          const variable = run.trainable['backbone/dense1/kernel']!;
          return { loss: tf.add(loss, tf.sum(broken(tf.square(variable)))), ...(metrics && { metrics }) };
        },
      }),
      { message: 'in backward' },
    ],
    ['a path lost in transformGradients', () => ({ transformGradients: () => ({}) }), { message: '`backbone/dense1/kernel` is missing', code: 'SELFSUP_STATE' }], // prettier-ignore
    ['another shape from transformGradients', () => ({ transformGradients: (grads) => ({ ...grads, 'backbone/norm/scale': tf.zeros([3]) }) }), { message: '`backbone/norm/scale` must have shape [8], got [3]' }], // prettier-ignore
  ];

  it.each(failing)('with %s changes nothing and leaves nothing behind', async (_, change, { message, code }) => {
    let broken = false;
    const trainer = toyTrainer({
      change: (run) => {
        const other = { ...run, ...change!(run) };
        return {
          targets: (...args) => (broken ? other : run).targets!(...args),
          loss: (...args) => (broken ? other : run).loss(...args),
          transformGradients: (...args) => (broken ? (other.transformGradients?.(...args) ?? args[0]) : args[0]),
        };
      },
    });
    await doStep(trainer);
    const [bytes, { numTensors }] = [await trainer.save(), tf.memory()];
    broken = true;
    const error = await doStep(trainer).catch((caught: unknown) => caught as Error & { code?: string });
    expect((error as Error).message).toContain(message);
    if (code) expect(error).toMatchObject({ code });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect((tf.engine() as unknown as { state: { activeTape: unknown } }).state.activeTape).toBeNull();
    expect(await trainer.save()).toEqual(bytes);
    broken = false;
    expect((await doStep(trainer)).step).toBe(1);
    trainer.dispose();
  });

  it('refuses two calls at a time and calls after dispose', async () => {
    const trainer = toyTrainer();
    const calls = await Promise.allSettled([doStep(trainer), doStep(trainer), trainer.save()]);
    expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(calls[1]).toMatchObject({
      reason: { code: 'SELFSUP_STATE', message: 'trainer.trainStep: another call is under way; await it first' },
    });
    expect(trainer.step).toBe(1);
    trainer.dispose();
    await expect(doStep(trainer)).rejects.toThrow('the trainer is disposed');
  });

  it('refuses tasks that it cannot drive', () => {
    const optimizer = sgd({ learningRate: 1 });
    const build =
      (task: object, totalSteps = 1) =>
      () =>
        createTrainer({ task: { ...toyTask(), ...task }, optimizer, totalSteps, seed: 0 });
    expect(build({ api: 2 })).toThrow('the task toy-task is written for contract 2, this trainer drives contract 1');
    expect(build({ name: 'ToyTask' })).toThrow('kebab-case, such as my-task, got "ToyTask"');
    expect(build({}, 0)).toThrow('`totalSteps` must be an integer >= 1, got 0');
    expect(build(toyTask({ change: () => ({ trainable: {} }) }))).toThrow(
      '`trainable` of toy-task must hold at least one variable, got none',
    );
    expect(build(toyTask({ change: () => ({ encoders: {} }) }))).toThrow('`encoders` of toy-task must hold at least one encoder, got none');
    expect(build(toyTask({ change: (run) => ({ frozen: { teacher: Object.values(run.buffers)[0]! } }) }))).toThrow(
      'must have one path, this one has `buffers/backbone/norm/mean` and `frozen/teacher`',
    );
    expect(build(toyTask({ change: (run) => ({ buffers: { ...run.buffers, again: Object.values(run.trainable)[0]! } }) }))).toThrow(
      'must have one path, this one has `trainable/backbone/dense1/kernel` and `buffers/again`',
    );
  });
});
