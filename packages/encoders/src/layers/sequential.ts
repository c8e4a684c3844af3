import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, SelfsupError, type Module, type ModuleFactory, type VariableMap } from '@selfsup/core';

/** Any layer that can stand in {@link sequential}; whether neighbors fit is checked by their own shape checks. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a tensor's rank is contravariant in `apply`: only `any` holds 2-D and 4-D layers alike
export type Layer = ModuleFactory<any, any>;

/**
 * Runs named layers one after another; a layer's variables get the path `name/…`, its weights the stream `rng.fold(name)`.
 *
 * @param layers layers by name, in the order in which they run; names may hold `/`
 * @returns a factory of the whole
 * @throws SelfsupError `SELFSUP_OPTION` when there is no layer, or two layers get the same path
 * @remarks Each intermediate tensor is freed as soon as the next layer has run, apart from what a gradient tape keeps.
 * @example
 * ```ts
 * import { linear, sequential, stateless } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const head = sequential<tf.Tensor2D, tf.Tensor2D>({
 *   linear1: linear({ inputDim: 512, outputDim: 512 }),
 *   relu1: stateless((x: tf.Tensor2D) => tf.relu(x)),
 *   linear2: linear({ inputDim: 512, outputDim: 128 }),
 * });
 * ```
 */
export function sequential<I extends tf.Tensor, O extends tf.Tensor>(layers: Readonly<Record<string, Layer>>): ModuleFactory<I, O> {
  const names = Object.keys(layers);
  if (names.length === 0) throw new SelfsupError('SELFSUP_OPTION', 'sequential: `layers` must hold at least one layer, got none');
  return (rng) => {
    const modules = names.map((name) => layers[name]!(rng.fold(name)) as Module);
    const joined = (of: (module: Module) => VariableMap): VariableMap =>
      joinVariables(Object.fromEntries(names.map((name, i) => [name, of(modules[i]!)])));
    return {
      trainable: joined((module) => module.trainable),
      buffers: joined((module) => module.buffers),
      apply: (input, options) =>
        tf.tidy(() => {
          let x: tf.Tensor = input;
          for (const module of modules) {
            const next = module.apply(x, options);
            if (x !== input && x !== next) x.dispose();
            x = next;
          }
          return x as O;
        }),
      dispose() {
        for (const module of modules) module.dispose();
      },
    };
  };
}
