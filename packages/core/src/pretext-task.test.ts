import * as tf from '@tensorflow/tfjs-core';
import { expect, expectTypeOf, it } from 'vitest';
import type { Kept } from './batch.ts';
import type { Module } from './module.ts';
import type { AnyPretextTask, BatchRun, EmbeddingRun, LossResult, PretextTask, PretextTaskRun } from './pretext-task.ts';

type Views = Readonly<Record<'views', readonly tf.Tensor2D[]>>;
type Keys = Readonly<Record<'keys', tf.Tensor2D>>;
type Projections = { z: readonly tf.Tensor2D[] };

const encoder: Module = { trainable: {}, buffers: {}, apply: (x) => x, dispose: () => undefined };
const common = { encoders: { encoder }, trainable: {}, buffers: {}, dispose: () => undefined };

it('embed tells the forms apart, and an author gets the types of all phases', () => {
  const together: PretextTask<Views, Keys, Projections, { newest: tf.Tensor2D }> = {
    api: 1,
    name: 'together',
    create: () => ({
      ...common,
      targets: ({ views }) => ({ keys: views[1]! }),
      embed: ({ views }, { keys }) => {
        expectTypeOf(keys).toEqualTypeOf<tf.Tensor2D>();
        return { z: views };
      },
      loss: ({ z }, { keys }, { stream }) => {
        expectTypeOf(z).toEqualTypeOf<readonly tf.Tensor2D[]>();
        expectTypeOf(stream('x').seed()).toEqualTypeOf<number>();
        return { loss: tf.mean<tf.Scalar>(tf.sub(z[0]!, keys)), keep: { newest: z[0]! } };
      },
      afterStep: ({ targets, kept }) => {
        expectTypeOf(targets.keys).toEqualTypeOf<tf.Tensor2D>();
        expectTypeOf(kept.newest).toEqualTypeOf<tf.Tensor2D>();
      },
    }),
  };
  const alone: PretextTask<Views> = {
    api: 1,
    name: 'alone',
    create: () => ({
      ...common,
      loss: ({ views }) => {
        expectTypeOf(views).toEqualTypeOf<readonly tf.Tensor2D[]>();
        return { loss: tf.mean<tf.Scalar>(views[0]!) };
      },
    }),
  };
  const tasks: readonly AnyPretextTask<Views>[] = [together, alone];
  const anything: readonly AnyPretextTask[] = [together, alone];
  expectTypeOf<PretextTaskRun<Views, Keys, Projections>>().toEqualTypeOf<EmbeddingRun<Views, Keys, Projections>>();
  expectTypeOf<PretextTaskRun<Views, Keys>>().toEqualTypeOf<BatchRun<Views, Keys>>();
  expectTypeOf<LossResult['keep']>().toEqualTypeOf<Kept | undefined>();
  const forms = [...tasks, ...anything].map((task) => {
    const run = task.create({ rng: undefined as never, totalSteps: 1 });
    return [task.name, run.embed !== undefined];
  });
  expect(forms.slice(0, 2)).toEqual([
    ['together', true],
    ['alone', false],
  ]);
});

it('what does not fit does not compile', () => {
  type Gone = PretextTaskRun<Views>;
  // @ts-expect-error -- `backbone` is not part of the contract: encoders are named
  const old: Partial<Gone> = { backbone: encoder };
  // @ts-expect-error -- a task without embeddings must not have `embed`
  const both: Partial<Gone> = { embed: () => ({ z: [] }) };
  expect([old, both]).toHaveLength(2);
});
