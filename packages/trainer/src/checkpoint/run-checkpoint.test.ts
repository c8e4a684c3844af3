import * as tf from '@tensorflow/tfjs-core';
import { createRng } from '@selfsup/core';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bitsOf, mlp, toyBatch, toyTask, type ToyOptions } from '../../fixtures/toy-task.ts';
import { createTrainer } from '../create-trainer.ts';
import { adamW, averageWeights, sgd, withAveragedWeights, type GradientTransform } from '@selfsup/optim';
import { encodeCheckpoint } from './checkpoint-file.ts';
import { readCheckpointMetadata } from './checkpoint-metadata.ts';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '@selfsup/safetensors';
import { restoreModule } from './restore-module.ts';

const momentum = () => sgd({ learningRate: (step) => 0.1 / (step + 1), momentum: 0.9, weightDecay: 1e-3 });
const toyTrainer = (options: { task?: ToyOptions; optimizer?: GradientTransform; seed?: number } = {}) =>
  createTrainer({ task: toyTask(options.task), optimizer: options.optimizer ?? momentum(), totalSteps: 6, seed: options.seed ?? 3 });
type ToyTrainer = ReturnType<typeof toyTrainer>;
const train = async (trainer: ToyTrainer, until: number) => {
  while (trainer.step < until) {
    const batch = toyBatch(trainer.step);
    await trainer.trainStep(batch);
    tf.dispose(batch);
  }
};
const checkpointAt = async (step: number, options: Parameters<typeof toyTrainer>[0] = {}) => {
  const trainer = toyTrainer(options);
  await train(trainer, step);
  const bytes = await trainer.save();
  trainer.dispose();
  return bytes;
};

describe('resume', () => {
  it.each([
    ['sgd', momentum],
    ['adamW', () => adamW({ learningRate: 0.01 })],
  ])('with %s gives steps 4 to 6 bit for bit, slots and buffers included', async (_, optimizer) => {
    const unbroken = toyTrainer({ optimizer: optimizer() });
    await train(unbroken, 3);
    const saved = await unbroken.save();
    const resumed = toyTrainer({ optimizer: optimizer() });
    await resumed.restore(saved);
    expect(resumed.step).toBe(3);
    expect(await resumed.save()).toEqual(saved);
    for (let step = 4; step <= 6; step++) {
      await train(unbroken, step);
      await train(resumed, step);
      expect(await resumed.save()).toEqual(await unbroken.save());
    }
    unbroken.dispose();
    resumed.dispose();
  });

  it('needs each part of the checkpoint: without slots, counters or buffers the runs part', async () => {
    const optimizer = () => adamW({ learningRate: 0.01 });
    const saved = await checkpointAt(3, { optimizer: optimizer() });
    const whole = await checkpointAt(6, { optimizer: optimizer() });
    const resume = async (change: (path: string, tensor: SafetensorsTensor) => SafetensorsTensor) => {
      const file = decodeSafetensors(saved);
      const tensors = new Map([...file.tensors].map(([path, tensor]) => [path, change(path, tensor)] as const));
      const trainer = toyTrainer({ optimizer: optimizer() });
      await trainer.restore(await encodeCheckpoint({ ...file, tensors }));
      await train(trainer, 6);
      const bytes = await trainer.save();
      trainer.dispose();
      return bytes;
    };
    expect(await resume((_, tensor) => tensor)).toEqual(whole);
    for (const part of ['firstMoment', 'secondMoment', 'count', 'buffers/backbone/norm', 'buffers/target/trainable'])
      expect(await resume((path, tensor) => (path.includes(part) ? { ...tensor, data: tensor.data.map((value) => value + 1) } : tensor))).not.toEqual(whole); // prettier-ignore
  });

  it('goes on with averaged weights, which withAveragedWeights puts in place of the trained ones', async () => {
    const optimizer = () => averageWeights(momentum(), { momentum: 0.5 });
    const whole = toyTrainer({ optimizer: optimizer() });
    await train(whole, 6);
    const resumed = toyTrainer({ optimizer: optimizer() });
    await resumed.restore(await checkpointAt(3, { optimizer: optimizer() }));
    await train(resumed, 6);
    const averaged = (trainer: ToyTrainer) =>
      withAveragedWeights(trainer.optimizer, trainer.run.trainable, () => bitsOf(trainer.run.trainable));
    expect(await averaged(resumed)).toEqual(await averaged(whole));
    expect(await averaged(whole)).not.toEqual(await bitsOf(whole.run.trainable));
    expect(await bitsOf(whole.run.trainable)).toEqual(await bitsOf(resumed.run.trainable));
    whole.dispose();
    resumed.dispose();
  });

  it('writes the same bytes for the same run', async () => {
    expect(await checkpointAt(3)).toEqual(await checkpointAt(3));
    expect(await checkpointAt(3)).not.toEqual(await checkpointAt(3, { seed: 4 }));
  });

  it('says what it holds', async () => {
    const bytes = await checkpointAt(2, { optimizer: adamW({ learningRate: 1 }) });
    expect(await readCheckpointMetadata(bytes)).toEqual({ task: 'toy-task', api: 1, seed: 3, step: 2, totalSteps: 6, metadata: {} });
    const paths = [...decodeSafetensors(bytes).tensors.keys()];
    expect(paths).toContain('trainable/backbone/dense1/kernel');
    expect(paths).toContain('buffers/target/buffers/norm/mean');
    expect(paths).toContain('optimizer/scaleByAdam/firstMoment/backbone/norm/scale');
    expect(paths).toContain('optimizer/scaleByAdam/count/backbone/norm/scale');
  });

  it('holds the strings that were given to save, and refuses those that would take the place of its own', async () => {
    const trainer = toyTrainer();
    const run = JSON.stringify({ task: 'toy', text: '"sha256":"' });
    const bytes = await trainer.save({ metadata: { run } });
    expect((await readCheckpointMetadata(bytes)).metadata).toEqual({ run });
    await trainer.restore(bytes);
    for (const key of ['step', 'sha256', 'a"sha256', ''])
      await expect(trainer.save({ metadata: { [key]: '1' } })).rejects.toMatchObject({ code: 'SELFSUP_OPTION' });
    await expect(trainer.save({ metadata: { epoch: 3 as unknown as string } })).rejects.toThrow(
      '`metadata.epoch` must be a string, got number',
    );
    trainer.dispose();
  });
});

describe('restore', () => {
  const refuse = async (bytes: Uint8Array, message: string, options: Parameters<typeof toyTrainer>[0] = {}) => {
    const trainer = toyTrainer(options);
    await train(trainer, 1);
    const before = await trainer.save();
    await expect(trainer.restore(bytes)).rejects.toThrow(
      expect.objectContaining({ code: 'SELFSUP_CHECKPOINT', message: expect.stringContaining(message) as string }) as Error,
    );
    expect(await trainer.save()).toEqual(before);
    trainer.dispose();
  };
  const changed = async (change: (file: { metadata: Record<string, string>; tensors: Map<string, SafetensorsTensor> }) => void) => {
    const file = decodeSafetensors(await checkpointAt(2));
    const copy = { metadata: { ...file.metadata }, tensors: new Map(file.tensors) };
    change(copy);
    return encodeCheckpoint(copy);
  };

  it('refuses another encoder, naming the first path that differs', async () => {
    await refuse(
      await checkpointAt(2, { task: { hiddenDim: 9 } }),
      '`buffers/backbone/norm/mean` must be float32 [8], the checkpoint has float32 [9]; resume with the encoder, heads and optimizer of that run',
    );
  });
  it('refuses another task and another seed', async () => {
    await refuse(
      await checkpointAt(2, { task: { name: 'other-task' } }),
      'this run has task toy-task, the checkpoint was written with task other-task',
    );
    await refuse(await checkpointAt(2, { seed: 8 }), 'this run has seed 3, the checkpoint was written with seed 8');
  });
  it('refuses another optimizer, either way', async () => {
    const optimizer = adamW({ learningRate: 1 });
    await refuse(
      await checkpointAt(2, { optimizer }),
      'the checkpoint has `optimizer/scaleByAdam/count/backbone/dense1/kernel`, which does not exist here',
    );
    await refuse(await checkpointAt(2), '`optimizer/scaleByAdam/count/backbone/dense1/kernel` is missing in the checkpoint', { optimizer });
  });
  it('refuses a missing path, another type, foreign files and damaged metadata', async () => {
    const path = 'trainable/backbone/dense2/kernel';
    await refuse(await changed(({ tensors }) => tensors.delete(path)), `\`${path}\` is missing in the checkpoint`);
    await refuse(
      await changed(({ tensors }) => tensors.set(path, { dtype: 'I32', shape: [8, 4], data: new Int32Array(32) })),
      `\`${path}\` must be float32 [8, 4], the checkpoint has int32 [8, 4]`,
    );
    await refuse(await changed(({ metadata }) => (metadata.format = 'pt')), 'expected a checkpoint of format selfsup, got format pt');
    await refuse(encodeSafetensors({ metadata: {}, tensors: new Map() }), 'got a safetensors file without a format');
    await refuse(
      await changed(({ metadata }) => (metadata.step = '2.5')),
      '`step` in the checkpoint\'s metadata must be an integer, got "2.5"',
    );
    await refuse(await changed(({ metadata }) => (metadata.step = '-2')), '`step` must be >= 0');
    await refuse(
      await changed(({ metadata }) => (metadata.api = '2')),
      'this run has task contract 1, the checkpoint was written with task contract 2',
    );
  });
  it('refuses truncated and damaged files', async () => {
    const bytes = await checkpointAt(2);
    await refuse(bytes.subarray(0, bytes.length - 1), 'decodeSafetensors');
    await refuse(bytes.subarray(0, 100), 'the header must have');
    await refuse(new TextEncoder().encode('not a checkpoint at all'), 'decodeSafetensors');
  });
});

describe('frozen variables', () => {
  const withTeacher = (change: { path?: string; values?: number[]; shape?: number[]; dtype?: 'float32' | 'int32' } = {}) => {
    const { path = 'teacher/kernel', values = [1, 2, 3, 4], shape = [2, 2], dtype = 'float32' } = change;
    const teacher = tf.tidy(() => tf.variable(tf.tensor(values, shape, dtype), false));
    const bias = tf.tidy(() => tf.variable(tf.scalar(true, 'bool'), false));
    const dispose = () => {
      tf.dispose([teacher, bias]);
    };
    return { dispose, trainer: toyTrainer({ task: { change: () => ({ frozen: { [path]: teacher, 'teacher/bias': bias } }) } }) };
  };

  it('are not in the checkpoint, their hash is', async () => {
    const { trainer, dispose } = withTeacher();
    await train(trainer, 1);
    const bytes = await trainer.save();
    expect([...decodeSafetensors(bytes).tensors.keys()].filter((path) => path.includes('teacher'))).toEqual([]);
    const digest = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
    const lines = [
      ['teacher/bias', 'bool', [], digest(Uint8Array.of(1))],
      ['teacher/kernel', 'float32', [2, 2], digest(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer))],
    ].map((line) => JSON.stringify(line));
    expect((await readCheckpointMetadata(bytes)).frozen).toBe(digest(lines.join('\n')));
    await train(trainer, 2);
    await trainer.restore(bytes);
    expect(trainer.step).toBe(1);
    trainer.dispose();
    dispose();
  });

  it.each([[{ values: [1, 2, 3, 5] }], [{ shape: [4] }], [{ path: 'teacher/other' }], [{ dtype: 'int32' as const }]])(
    'others (%j) are refused, and nothing changes',
    async (change) => {
      const [one, other] = [withTeacher(), withTeacher(change)];
      await train(one.trainer, 1);
      const bytes = await one.trainer.save();
      const before = await other.trainer.save();
      const [mine, theirs] = await Promise.all([before, bytes].map(async (saved) => (await readCheckpointMetadata(saved)).frozen!));
      await expect(other.trainer.restore(bytes)).rejects.toMatchObject({
        code: 'SELFSUP_CHECKPOINT',
        message: `trainer.restore: the frozen variables must have the SHA-256 ${theirs} of the checkpoint, those of this run have ${mine}; give the task the same frozen network, with the same weights`,
      });
      expect(await other.trainer.save()).toEqual(before);
      const none = toyTrainer();
      await expect(none.restore(bytes)).rejects.toThrow('those of this run have (none: there are none)');
      for (const { trainer, dispose } of [one, other, { trainer: none, dispose: () => undefined }]) {
        trainer.dispose();
        dispose();
      }
    },
  );
});

describe('restoreModule', () => {
  it('loads the backbone alone, weights and statistics', async () => {
    const trainer = toyTrainer();
    await train(trainer, 2);
    const module = mlp()(createRng(77));
    expect(await restoreModule(module, await trainer.save())).toMatchObject({ task: 'toy-task', step: 2 });
    expect(await bitsOf(module.trainable)).toEqual(await bitsOf(trainer.run.encoders['backbone']!.trainable));
    expect(await bitsOf(module.buffers)).toEqual(await bitsOf(trainer.run.encoders['backbone']!.buffers));
    module.dispose();
    trainer.dispose();
  });

  it('loads a teacher, whose weights are among the buffers', async () => {
    const renamed = (path: string) => path.replace(/^target\/(trainable|buffers)/, 'teacher');
    const trainer = toyTrainer({
      task: {
        change: ({ buffers }) => ({ buffers: Object.fromEntries(Object.entries(buffers).map(([path, x]) => [renamed(path), x] as const)) }),
      },
    });
    await train(trainer, 2);
    const module = mlp()(createRng(77));
    await restoreModule(module, await trainer.save(), { prefix: 'teacher' });
    const teacher = await bitsOf(trainer.run.buffers);
    for (const [path, bits] of Object.entries(await bitsOf({ ...module.trainable, ...module.buffers })))
      expect(bits).toBe(teacher[`teacher/${path}`]);
    module.dispose();
    trainer.dispose();
  });

  it('refuses another module and leaves it as it is', async () => {
    const bytes = await checkpointAt(1);
    const module = mlp(8, 5)(createRng(77));
    const before = await bitsOf(module.trainable);
    await expect(restoreModule(module, bytes)).rejects.toThrow(
      'restoreModule: `trainable/backbone/dense2/kernel` must be float32 [8, 5], the checkpoint has float32 [8, 4]; the checkpoint (task toy-task)',
    );
    await expect(restoreModule(module, bytes, { prefix: 'encoder' })).rejects.toThrow('is missing in the checkpoint');
    expect(await bitsOf(module.trainable)).toEqual(before);
    module.dispose();
  });
});
