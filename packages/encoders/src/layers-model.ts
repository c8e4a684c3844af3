import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type VariableMap } from '@selfsup/core';

/** A weight of a layer of @tensorflow/tfjs-layers: its `LayerVariable`. */
export interface LayersModelWeight {
  /** The name within its layer, possibly after `/`, such as `conv2d_1/kernel`. */
  readonly originalName: string;
  /** The variable itself. */
  read(): tf.Tensor;
}

/** What is used of a `tf.layers.Layer`. */
export interface LayersModelLayer {
  /** The weights to train; none when the layer is frozen. */
  readonly trainableWeights: readonly LayersModelWeight[];
  /** All others, such as moving statistics. */
  readonly nonTrainableWeights: readonly LayersModelWeight[];
  /** The name of the class, such as `Conv2D`. */
  getClassName(): string;
}

/** What is used of a `tf.LayersModel` or `tf.Sequential`; the package itself is not needed. */
export interface LayersModelLike {
  /** The layers, a nested model being one of them. */
  readonly layers: readonly LayersModelLayer[];
  /** Symbolic inputs. */
  readonly inputs: readonly { readonly shape: readonly (number | null)[] }[];
  /** Symbolic outputs. */
  readonly outputs: readonly { readonly shape: readonly (number | null)[] }[];
  /** Runs the model on tensors. */
  apply(input: tf.Tensor, kwargs: { training: boolean }): unknown;
  /** What the model's class builds an equal model from. */
  getConfig(): object;
  /** Frees the weights. */
  dispose(): unknown;
}

type ModelClass = new (...args: never) => LayersModelLike;
type Cloneable = ModelClass & { readonly fromConfig: (modelClass: ModelClass, config: object) => LayersModelLike };

const kebab = (className: string) => className.replace(/([a-z0-9])(?=[A-Z][a-z])/g, '$1-').toLowerCase();

/** Counts what is named alike: `conv2d` → `conv2d1`, then `conv2d2`. */
function numbered(): (name: string) => string {
  const counts = new Map<string, number>();
  return (name) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return `${name}${count}`;
  };
}

const leafOf = ({ originalName }: LayersModelWeight) => originalName.slice(originalName.lastIndexOf('/') + 1).replaceAll('_', '-');

function collect(layers: readonly LayersModelLayer[], prefix: string, found: Record<'trainable' | 'buffers', Record<string, tf.Variable>>) {
  const nameOf = numbered();
  for (const layer of layers) {
    const path = `${prefix}${nameOf(kebab(layer.getClassName()))}`;
    if ('layers' in layer) {
      collect(layer.layers as readonly LayersModelLayer[], `${path}/`, found);
      continue;
    }
    const taken = new Set<string>();
    for (const [part, weights] of [
      ['trainable', layer.trainableWeights],
      ['buffers', layer.nonTrainableWeights],
    ] as const)
      // prettier-ignore
      for (const weight of weights) {
        const leaf = leafOf(weight);
        let name = leaf;
        for (let i = 2; taken.has(name); i++) name = `${leaf}${i}`; // the two directions of a wrapper
        taken.add(name);
        found[part][`${path}/${name}`] = weight.read() as tf.Variable; // tfjs-layers returns the variable itself
      }
  }
}

/**
 * The variables of a model by paths that depend on its structure only: tfjs-layers numbers the names of layers and variables through the whole process.
 *
 * @param model the model
 * @returns trainable variables and buffers, such as `conv2d1/kernel`, `batch-normalization1/moving-mean`; a nested model's under `sequential1/…`
 */
export function layersModelVariables(model: LayersModelLike): Record<'trainable' | 'buffers', VariableMap> {
  const found = { trainable: {}, buffers: {} };
  collect(model.layers, '', found);
  return found;
}

/**
 * Builds an equal model with variables of its own and copies the weights.
 *
 * @param model the model; it is only read
 * @returns the copy, which the caller disposes
 * @throws SelfsupError `SELFSUP_OPTION` when the class of the model cannot build it from its configuration
 */
export function cloneLayersModel(model: LayersModelLike): LayersModelLike {
  const modelClass = model.constructor as Cloneable;
  if (typeof modelClass.fromConfig !== 'function')
    throw new SelfsupError(
      'SELFSUP_OPTION',
      'fromLayersModel: `model` must be of a class with `fromConfig`, such as tf.Sequential, to be copied; or pass a function that builds it',
    );
  const copy = modelClass.fromConfig(modelClass, model.getConfig());
  const [from, to] = [model, copy].map(layersModelVariables);
  for (const part of ['trainable', 'buffers'] as const)
    for (const [path, variable] of Object.entries(to![part])) {
      const source = from![part][path] ?? from![part === 'trainable' ? 'buffers' : 'trainable'][path];
      variable.assign(source!);
    }
  return copy;
}
