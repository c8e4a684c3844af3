import { camelCase, pascalCase } from './names.ts';

/** The source of a new task: a target network that follows by momentum, which shows every phase of the contract. */
export const taskSource = (name: string): string => {
  const [camel, pascal] = [camelCase(name), pascalCase(name)];
  return `import { SelfsupError, createMomentumPair, joinVariables, l2Normalize, valueAt, type ModuleFactory, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Options of {@link ${camel}}. */
export interface ${pascal}Options {
  /** Builds the encoder, \`[batch, ...]\` → \`[batch, dim]\`; called twice, for the online and the target network. */
  encoder: ModuleFactory<tf.Tensor, tf.Tensor2D>;
  /** Weight of the old value in the target's moving average, in [0, 1]; default 0.99. */
  momentum?: ScalarOrSchedule;
}

/** What {@link ${camel}} trains on: exactly two views of the same images, each \`[batch, ...]\`. */
export type ${pascal}Batch = Readonly<Record<'views', readonly tf.Tensor[]>>;

/** What {@link ${camel}} prepares without a tape: the target network's embeddings of the second view, \`[batch, dim]\`. */
export type ${pascal}Targets = Readonly<Record<'targetEmbeddings', tf.Tensor2D>>;

/** What {@link ${camel}} says about each sample: the online network's embeddings of the first view, \`[batch, dim]\`. */
export type ${pascal}Embeddings = Readonly<Record<'onlineEmbeddings', tf.Tensor2D>>;

/**
 * A new task, written by the generator: the online network's embedding of one view is drawn to the target network's embedding of the other.
 *
 * The loss is 2 − 2·cos, averaged over all rows of the update. Replace it by the task's own; the phases stay. A task whose samples do not meet in the loss needs
 * no \`embed\`: its \`loss\` then gets the batch.
 *
 * @param options see {@link ${pascal}Options}
 * @returns the task
 * @throws SelfsupError \`SELFSUP_BATCH\` when a batch does not have two views, \`SELFSUP_OPTION\` when \`momentum\` leaves [0, 1]
 */
export const ${camel} = (options: ${pascal}Options): PretextTask<${pascal}Batch, ${pascal}Targets, ${pascal}Embeddings> => {
  const { encoder, momentum = 0.99 } = options;
  return {
    api: 1,
    name: '${name}',
    create({ rng }) {
      const pair = createMomentumPair(encoder, rng.fold('encoder'));
      return {
        encoders: { online: pair.online, target: pair.target },
        trainable: joinVariables({ backbone: pair.online.trainable }),
        buffers: joinVariables({ backbone: pair.online.buffers, target: { ...pair.target.trainable, ...pair.target.buffers } }),
        targets(batch, { training, stream }) {
          const [, second] = twoViews(batch);
          return { targetEmbeddings: l2Normalize(pair.target.apply(second, { training, rng: stream('target') })) };
        },
        embed(batch, _targets, { training, stream }) {
          const [first] = twoViews(batch);
          return { onlineEmbeddings: l2Normalize(pair.online.apply(first, { training, rng: stream('online') })) };
        },
        loss({ onlineEmbeddings }, { targetEmbeddings }) {
          const cosine = tf.sum(tf.mul(onlineEmbeddings, targetEmbeddings), -1); // [batch]
          return { loss: tf.mean<tf.Scalar>(tf.sub(2, tf.mul(2, cosine))) };
        },
        afterStep(_outcome, { step }) {
          pair.update(valueAt(momentum, step));
        },
        dispose() {
          pair.dispose();
        },
      };
    },
  };
};

const twoViews = ({ views }: ${pascal}Batch): readonly [tf.Tensor, tf.Tensor] => {
  const [first, second] = views;
  if (!first || !second || views.length !== 2) throw new SelfsupError('SELFSUP_BATCH', \`${camel}: \\\`batch.views\\\` must be 2 tensors, got \${views.length}\`);
  return [first, second];
};
`;
};

/** The test of a new task: it says what the phases may and may not do. */
export const taskTest = (name: string): string => {
  const camel = camelCase(name);
  return `import { createRng, createStepContext, drawNormal, dropout, type ModuleFactory } from '@selfsup/core';
import { vit } from '@selfsup/encoders';
import { testPretextTask } from '@selfsup/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ${camel} } from './${name}.ts';

/** A linear network, with dropout on its output where a rate is given. */
const linear =
  (rate = 0): ModuleFactory<tf.Tensor, tf.Tensor2D> =>
  (rng) => {
    const kernel = tf.tidy(() => tf.variable(tf.tensor2d(drawNormal(rng, 12), [4, 3])));
    return {
      trainable: { kernel },
      buffers: {},
      apply: (x, { training, rng: stream }) =>
        tf.tidy(() => {
          const y: tf.Tensor2D = tf.matMul(x, kernel);
          return training && rate > 0 ? dropout(y, { rate, rng: stream! }) : y;
        }),
      dispose: () => {
        kernel.dispose();
      },
    };
  };

const creation = { rng: createRng(0), totalSteps: 10 };
const context = createStepContext({ ...creation, step: 0 });
const draw = (step: number, shape: number[]) => {
  const size = shape.reduce((a, b) => a * b);
  return [0, 1].map((i) => tf.tensor(drawNormal(createRng(1).fold(step).fold(i), size), shape));
};
const batchAt = (step: number) => ({ views: draw(step, [4, 4]) });

test('it keeps the contract', async () => {
  await testPretextTask({ task: ${camel}({ encoder: linear(), momentum: 0.5 }), batchAt });
});

test('it keeps the contract with a network that drops values', async () => {
  const skip = { ranks: 'every rank drops other values' };
  await testPretextTask({ task: ${camel}({ encoder: linear(0.3), momentum: 0.5 }), batchAt, skip });
});

test('it keeps the contract with a vision transformer that drops paths', async () => {
  const encoder = vit({ channels: 3, imageSize: 4, patchSize: 2, numLayers: 2, width: 4, numHeads: 1, dropPathRate: 0.5 });
  const task = ${camel}({ encoder, momentum: 0.5 });
  const skip = { ranks: 'every rank drops other paths' };
  await testPretextTask({ task, batchAt: (step) => ({ views: draw(step, [4, 4, 4, 3]) }), skip });
});

test('two equal views give loss 0 before the first step: the target starts as a copy', async () => {
  const run = ${camel}({ encoder: linear() }).create(creation);
  const { views } = batchAt(0);
  const loss = tf.tidy(() => {
    const batch = { views: [views[0]!, views[0]!] };
    const targets = run.targets!(batch, context);
    return run.loss(run.embed(batch, targets, context), targets, context).loss;
  });
  expect((await loss.data())[0]).toBeCloseTo(0, 5);
  tf.dispose([views, loss]);
  run.dispose();
});

test('afterStep moves the target towards the online network by 1 − momentum', async () => {
  const run = ${camel}({ encoder: linear(), momentum: 0.75 }).create(creation);
  const [online, target] = [run.trainable['backbone/kernel']!, run.buffers['target/kernel']!];
  tf.tidy(() => {
    online.assign(tf.ones([4, 3]));
    target.assign(tf.zeros([4, 3]));
  });
  run.afterStep!({ targets: {} as never, kept: {} }, context);
  expect(Array.from(await target.data())).toEqual(new Array(12).fill(0.25));
  run.dispose();
});

test('a batch without two views is refused', () => {
  const run = ${camel}({ encoder: linear() }).create(creation);
  expect(() => run.embed({ views: [] }, {} as never, context)).toThrow('${camel}: \`batch.views\` must be 2 tensors, got 0');
  run.dispose();
});
`;
};
