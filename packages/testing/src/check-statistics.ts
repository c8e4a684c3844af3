import * as tf from '@tensorflow/tfjs-core';
import { soloCollective, type ApplyOptions, type Collective, type Module } from '@selfsup/core';
import type { Subject } from './conformance-options.ts';
import { fail, makeStep, withRun } from './drive-task.ts';
import { differingPaths, readValues, variablesOf } from './variable-values.ts';

/** Notes with what a module is applied first while some work runs. */
async function firstCall(module: Module, work: () => Promise<unknown>): Promise<{ input: tf.Tensor; options: ApplyOptions } | undefined> {
  const own = Object.getOwnPropertyDescriptor(module, 'apply');
  const apply = module.apply.bind(module);
  let call: { input: tf.Tensor; options: ApplyOptions } | undefined;
  const watching: Module['apply'] = (input, options) => {
    call ??= { input: tf.keep(tf.clone(input)), options };
    return apply(input, options);
  };
  if (!Reflect.defineProperty(module, 'apply', { value: watching, configurable: true, enumerable: true, writable: true })) return undefined;
  try {
    await work();
    return call;
  } catch (error) {
    call?.input.dispose();
    throw error;
  } finally {
    if (own) Reflect.defineProperty(module, 'apply', own);
    else Reflect.deleteProperty(module, 'apply');
  }
}

/** Two ranks that say 1 to everything: numbers that are there without waiting, on webgpu, too, and what they are does not matter here. */
const ranks: Collective = {
  ...soloCollective,
  worldSize: 2,
  allGatherSync: <T extends tf.Tensor>({ shape: [rows = 1, ...row], dtype }: T): T => tf.ones([2 * rows, ...row], dtype) as T,
};

/** 16. Internal. */
export async function checkStatistics(subject: Subject): Promise<void> {
  await withRun(subject, async (run) => {
    for (const [name, encoder] of Object.entries(run.encoders)) {
      if (Object.keys(encoder.buffers).length === 0) continue;
      const call = await firstCall(encoder, () => makeStep(subject, run, { step: 0, synchronize: ranks }));
      if (!call) continue; // the task runs it by another method, or not at all
      const { training, synchronize } = call.options;
      try {
        if (training && synchronize === undefined)
          fail(
            `while training the encoder \`${name}\` must get \`synchronize\` of the context, by \`apply(…, { …, synchronize: ctx.synchronize })\``,
          );
        const before = await readValues(variablesOf(encoder));
        tf.tidy(() => {
          encoder.apply(call.input, { ...call.options, training: true, updateStatistics: false });
        });
        const [path] = differingPaths(before, await readValues(variablesOf(encoder)));
        if (path) fail(`with \`updateStatistics: false\` the encoder \`${name}\` must write nothing, it writes \`${path}\``);
      } finally {
        call.input.dispose();
      }
    }
  });
}
