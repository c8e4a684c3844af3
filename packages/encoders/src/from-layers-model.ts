import * as tf from '@tensorflow/tfjs-core';
import { drawUniform, SelfsupError, soloCollective, type Rng } from '@selfsup/core';
import { encoderFactory, type EncoderFactory } from './encoder-factory.ts';
import { checkIntegers } from './layers/check-option.ts';
import { leafModule } from './layers/leaf-module.ts';
import { cloneLayersModel, layersModelVariables, type LayersModelLike } from './layers-model.ts';

/** Options of {@link fromLayersModel}. */
export interface FromLayersModelOptions {
  /** Channels of the images, ≥ 1; default what the model's input says, needed where it leaves them open. */
  channels?: number;
  /** Columns of the features, ≥ 1; default the last side of the model's output. With it, a function is not called before the first encoder is made. */
  outputDim?: number;
}

/** Builds a model; initializers that are given `seed` make its weights the same for the same `Rng`. */
export type BuildLayersModel = (seed: number) => LayersModelLike;

function dimsOf(model: LayersModelLike): { channels: number | null | undefined; outputDim: number | null | undefined } {
  const [inputs, outputs] = [model.inputs, model.outputs].map((list) => list.map(({ shape }) => shape));
  if (inputs!.length !== 1 || inputs![0]!.length !== 4 || outputs!.length !== 1 || ![2, 4].includes(outputs![0]!.length)) {
    const show = (shapes: readonly (readonly (number | null)[])[]) =>
      shapes.map((shape) => `[${shape.map(String).join(', ')}]`).join(' and ');
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `fromLayersModel: \`model\` must have one input of rank 4 and one output of rank 2 or 4, got ${show(inputs!)} to ${show(outputs!)}`,
    );
  }
  return { channels: inputs![0]![3], outputDim: outputs![0]!.at(-1) };
}

const seedOf = (rng: Rng) => Math.floor(drawUniform(rng.fold('layers model'), 1, { max: 2 ** 31 - 1 })[0]!);

/**
 * Makes an encoder of a `tf.LayersModel` or `tf.Sequential` of @tensorflow/tfjs-layers.
 *
 * @param model a model without its classifier, which is copied, weights included, for each encoder and stays the caller's; or a function that builds a new one
 * for each encoder, which the encoder then owns. One input `[batch, height, width, channels]`, one output `[batch, dim]`, or `[batch, height, width, dim]`, of
 * which the mean over all places is taken
 * @param options see {@link FromLayersModelOptions}
 * @returns a factory of encoders. Paths are the classes of the layers, numbered in the order of the model: `conv2d1/kernel`, `dense1/bias`,
 * `batch-normalization1/gamma`; a nested model's lie under `sequential1/…`. What the model does not train is a buffer: moving statistics
 * (`batch-normalization1/moving-mean`) and all weights of frozen layers
 * @throws SelfsupError `SELFSUP_SHAPE` when the model has other inputs or outputs, `SELFSUP_OPTION` when `channels` or `outputDim` stay unknown or the model
 * cannot be copied; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`, and `SELFSUP_OPTION` when its batch
 * normalization is to be synchronized over ranks
 * @remarks `training` reaches every layer: batch normalization uses the batch and moves its statistics, dropout drops (`drops: false` does not reach it).
 * A copy starts from the weights of the model, so it does not depend on the `Rng`, and a target network is one more copy. tfjs-layers draws weights and dropout from `Math.random` unless
 * initializers and layers have a seed: a run repeats only when they do. Copies are built from the model's configuration: layers of classes of your own must be
 * registered with `tf.serialization.registerClass`. Its momentum of batch normalization is 0.99 unless given, its moving variance the biased one.
 * @example
 * ```ts
 * import { fromLayersModel } from '@selfsup/encoders';
 * import * as tfl from '@tensorflow/tfjs-layers';
 * const model = tfl.sequential({
 *   layers: [
 *     tfl.layers.conv2d({ inputShape: [32, 32, 3], filters: 16, kernelSize: 3, strides: 2, useBias: false }),
 *     tfl.layers.batchNormalization({ momentum: 0.9 }),
 *     tfl.layers.reLU(),
 *     tfl.layers.globalAveragePooling2d({}),
 *   ],
 * });
 * const backbone = fromLayersModel(model); // wherever an encoder is expected
 * console.log(backbone.outputDim); // 16
 * ```
 */
export function fromLayersModel(model: LayersModelLike | BuildLayersModel, options: FromLayersModelOptions = {}): EncoderFactory {
  const build: (rng: Rng) => LayersModelLike = typeof model === 'function' ? (rng) => model(seedOf(rng)) : () => cloneLayersModel(model);
  const read = () => {
    if (typeof model !== 'function') return dimsOf(model);
    if (options.channels !== undefined && options.outputDim !== undefined) return options;
    const probe = model(0);
    try {
      return dimsOf(probe);
    } finally {
      probe.dispose();
    }
  };
  const found = read();
  const known = (name: 'channels' | 'outputDim'): number => {
    const value = options[name] ?? found[name];
    if (typeof value !== 'number')
      throw new SelfsupError('SELFSUP_OPTION', `fromLayersModel: \`${name}\` must be given, the model leaves it open`);
    return value;
  };
  const dims = { channels: known('channels'), outputDim: known('outputDim') };
  checkIntegers('fromLayersModel', dims);
  return encoderFactory(
    'fromLayersModel',
    (rng) => {
      const network = build(rng);
      try {
        dimsOf(network);
      } catch (error) {
        network.dispose();
        throw error;
      }
      const variables = layersModelVariables(network);
      const module = leafModule<tf.Tensor4D, tf.Tensor2D>(
        variables,
        (images, { training, updateStatistics = true, synchronize = soloCollective }) => {
          if (training && synchronize.worldSize > 1 && Object.keys(variables.buffers).some((path) => path.endsWith('/moving-mean')))
            throw new SelfsupError(
              'SELFSUP_OPTION',
              'fromLayersModel: batch normalization of tfjs-layers sees this rank alone and cannot be synchronized over ranks; train without it, or build the encoder from layers of @selfsup/encoders',
            );
          // a layer of tfjs-layers cannot be told to leave its statistics alone: they are put back
          const saved = updateStatistics ? [] : Object.values(variables.buffers).map((variable) => [variable, tf.clone(variable)] as const);
          const features = network.apply(images, { training }) as tf.Tensor2D | tf.Tensor4D;
          for (const [variable, value] of saved) if (variable.dataId !== value.dataId) variable.assign(value);
          const rows = features.rank === 4 ? tf.mean<tf.Tensor2D>(features, [1, 2]) : (features as tf.Tensor2D); // [batch, dim]
          if (rows.shape[1] === dims.outputDim) return rows;
          throw new SelfsupError(
            'SELFSUP_SHAPE',
            `fromLayersModel: \`outputDim\` must be the ${rows.shape[1]} columns that the model gives, got ${dims.outputDim}`,
          );
        },
      );
      return {
        ...module,
        dispose() {
          network.dispose();
        },
      };
    },
    dims,
  );
}
