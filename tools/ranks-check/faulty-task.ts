// A task that goes wrong on one rank at one step, as the environment says: FAULT at FAULT_STEP on FAULT_RANK, once, until the file FAULT_DONE is there.
import { execSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { drawUniform, joinVariables, type ModuleFactory, type PretextTask } from '@selfsup/core';
import { linear } from '@selfsup/encoders';
import { cropSource, defineImageTask, oneView } from '@selfsup/pretrain';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

type Batch = Readonly<Record<'images', tf.Tensor4D>>;
type Faded = Readonly<Record<'images', tf.Tensor4D> & Record<'scales', tf.Tensor2D>>;

const { FAULT: fault, FAULT_STEP: atStep, FAULT_RANK: onRank, FAULT_DONE: done = '' } = process.env;

function goWrong(): void {
  writeFileSync(done, '');
  if (fault === 'throws') throw new Error('this rank throws on purpose');
  if (fault === 'runs a command') execSync(process.env['FAULT_COMMAND']!);
  if (fault === 'exits') process.exit(3);
  if (fault === 'leaves') process.exit(0);
  if (fault === 'is killed') process.kill(process.pid, 'SIGKILL');
  if (fault === 'stands still') for (;;);
  if (fault === 'runs out of memory') for (let all: unknown[] = []; ;) all = [all, new Array(1e6).fill(0.5)];
  if (fault === 'runs out of the heap') {
    const hoard: tf.Tensor[] = [];
    for (;;) hoard.push(tf.keep(tf.ones([1 << 26])));
  }
}

/** Says how much of its contrast an image has left. */
function contrast(backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>, inputDim: number): PretextTask<Batch, Faded> {
  return {
    api: 1,
    name: 'faulty',
    create({ rng }) {
      const encoder = backbone(rng.fold('backbone'));
      const head = linear({ inputDim, outputDim: 1 })(rng.fold('head'));
      return {
        encoders: { backbone: encoder },
        trainable: joinVariables({ backbone: encoder.trainable, head: head.trainable }),
        buffers: joinVariables({ backbone: encoder.buffers, head: head.buffers }),
        targets({ images }, { step, stream, collective }) {
          if (fault && step === Number(atStep) && collective.rank === Number(onRank) && !existsSync(done)) goWrong();
          const n = images.shape[0];
          const scales = tf.tensor2d(drawUniform(stream('scale'), n, { min: 0.2 }), [n, 1]);
          return { scales, images: tf.mul(images, tf.reshape(scales, [n, 1, 1, 1])) };
        },
        loss(_, { images, scales }, { training, stream, synchronize }) {
          const options = { training, rng: stream('networks'), ...(synchronize && { synchronize }) };
          return { loss: tf.mean<tf.Scalar>(tf.square(tf.sub(head.apply(encoder.apply(images, options), options), scales))) };
        },
        dispose() {
          encoder.dispose();
          head.dispose();
        },
      };
    },
  };
}

export default defineImageTask({
  name: 'faulty',
  title: 'A task that goes wrong',
  summary: 'Each image loses some of its contrast; one rank is lost on the way.',
  options: z.strictObject({}),
  input: oneView,
  views: cropSource([0.5, 1]),
  hasProjectionHead: false,
  create: ({ backbone }) => contrast(backbone, backbone.outputDim),
});
