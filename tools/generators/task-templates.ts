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

/** What {@link ${camel}} prepares without a tape. */
export type ${pascal}Targets = Readonly<Record<'embeddings', tf.Tensor2D>>;

/**
 * A new task, written by the generator: the online network's embedding of one view is drawn to the target network's embedding of the other.
 *
 * The loss is 2 − 2·cos, averaged over the batch. Replace it by the task's own; the phases stay.
 *
 * @param options see {@link ${pascal}Options}
 * @returns the task
 * @throws SelfsupError \`SELFSUP_BATCH\` when a batch has no two views, \`SELFSUP_OPTION\` when \`momentum\` leaves [0, 1]
 */
export const ${camel} = (options: ${pascal}Options): PretextTask<${pascal}Batch, ${pascal}Targets> => {
  const { encoder, momentum = 0.99 } = options;
  return {
    api: 1,
    name: '${name}',
    create({ rng }) {
      const pair = createMomentumPair(encoder, rng.fold('encoder'));
      return {
        backbone: pair.online,
        trainable: joinVariables({ backbone: pair.online.trainable }),
        buffers: joinVariables({
          backbone: pair.online.buffers,
          target: { ...pair.target.trainable, ...pair.target.buffers },
        }),
        targets(batch, { training }) {
          const [, second] = twoViews(batch);
          return { embeddings: l2Normalize(pair.target.apply(second, { training })) }; // [batch, dim]
        },
        loss(batch, targets, { training }) {
          const [first] = twoViews(batch);
          const embeddings = l2Normalize(pair.online.apply(first, { training })); // [batch, dim]
          const cosine = tf.sum(tf.mul(embeddings, targets.embeddings), -1); // [batch]
          return { loss: tf.mean<tf.Scalar>(tf.sub(2, tf.mul(2, cosine))) };
        },
        afterStep(_targets, { step }) {
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
  return `import { createRng, drawNormal, soloCollective, type Module, type Rng, type StepContext } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ${camel} } from './${name}.ts';

const linear = (rng: Rng): Module<tf.Tensor, tf.Tensor2D> => {
  const kernel = tf.tidy(() => tf.variable(tf.tensor2d(drawNormal(rng, 12), [4, 3])));
  return {
    trainable: { kernel },
    buffers: {},
    apply: (x) => tf.matMul(x, kernel),
    dispose: () => {
      kernel.dispose();
    },
  };
};

const context = (training: boolean): StepContext => ({ rng: createRng(0), totalSteps: 10, step: 0, training, collective: soloCollective });

const makeViews = () => {
  const rng = createRng(1);
  return [tf.tensor2d(drawNormal(rng.fold(0), 20), [5, 4]), tf.tensor2d(drawNormal(rng.fold(1), 20), [5, 4])] as const;
};

test('two equal views give loss 0 before the first step: the target starts as a copy', async () => {
  const run = ${camel}({ encoder: linear }).create(context(true));
  const [view, other] = makeViews();
  const loss = tf.tidy(() => {
    const batch = { views: [view, view] };
    return run.loss(batch, run.targets!(batch, context(true)), context(true)).loss;
  });
  expect((await loss.data())[0]).toBeCloseTo(0, 5);
  tf.dispose([view, other, loss]);
  run.dispose();
});

test('every trainable variable gets a gradient, the target network none, and the loss is finite', async () => {
  const run = ${camel}({ encoder: linear }).create(context(true));
  const views = makeViews();
  const variables = Object.values(run.trainable);
  const { value, grads } = tf.tidy(() => {
    const targets = run.targets!({ views }, context(true));
    return tf.variableGrads(() => run.loss({ views }, targets, context(true)).loss, variables);
  });
  expect(Number.isFinite((await value.data())[0])).toBe(true);
  expect(Object.keys(grads)).toHaveLength(variables.length);
  for (const gradient of Object.values(grads)) expect(Math.max(...(await gradient.data()).map(Math.abs))).toBeGreaterThan(0);
  tf.dispose([...views, value, grads]);
  run.dispose();
});

test('afterStep moves the target towards the online network by 1 − momentum', async () => {
  const run = ${camel}({ encoder: linear, momentum: 0.75 }).create(context(true));
  const [online, target] = [run.trainable['backbone/kernel']!, run.buffers['target/kernel']!];
  tf.tidy(() => {
    online.assign(tf.ones([4, 3]));
    target.assign(tf.zeros([4, 3]));
  });
  run.afterStep!({} as never, context(true));
  expect(Array.from(await target.data())).toEqual(new Array(12).fill(0.25));
  run.dispose();
});

test('a batch without two views is refused', () => {
  const run = ${camel}({ encoder: linear }).create(context(true));
  expect(() => run.loss({ views: [] }, {} as never, context(true))).toThrow('${camel}: \`batch.views\` must be 2 tensors, got 0');
  run.dispose();
});
`;
};
