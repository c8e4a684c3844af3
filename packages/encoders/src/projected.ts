import { drawNormal, joinVariables, type ApplyOptions, type Module, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { BertEncoder, BertFactory } from './bert.ts';
import type { EncoderFactory } from './encoder-factory.ts';
import { checkIntegers } from './layers/check-option.ts';
import type { Initializer } from './layers/initializers.ts';
import { linear } from './layers/linear.ts';
import type { TokenSequences } from './token-sequences.ts';

/** Options of {@link projected}. */
export interface ProjectedOptions {
  /** Columns of the projection, ≥ 1. */
  outputDim: number;
}

/** Normal with deviation 1/√fanIn, as CLIP's projections start. */
const scaledNormal: Initializer = (rng, size, { fanIn }) => drawNormal(rng, size, { standardDeviation: fanIn ** -0.5 });

type Projection = Module<tf.Tensor2D, tf.Tensor2D>;

const isTokenEncoder = (module: Module): module is BertEncoder => 'wordEmbedding' in module && 'encode' in module;

/** States `[n, length, width]` to `[n, length, outputDim]`. */
function projectStates(projection: Projection, states: tf.Tensor3D, apply: ApplyOptions): tf.Tensor3D {
  const [n, length, width] = states.shape;
  const rows = projection.apply(tf.reshape(states, [n * length, width]), apply);
  return tf.reshape(rows, [n, length, rows.shape[1]]);
}

function withProjection(module: Module, projection: Projection): Module {
  const joined = {
    ...module,
    trainable: { ...module.trainable, ...joinVariables({ projection: projection.trainable }) },
    dispose() {
      module.dispose();
      projection.dispose();
    },
  };
  if (isTokenEncoder(module)) {
    const encode = (sequences: TokenSequences, apply: ApplyOptions) =>
      tf.tidy(() => projectStates(projection, module.encode(sequences, apply), apply));
    return { ...joined, encode, apply: (tokenIds: tf.Tensor2D, apply: ApplyOptions) => encode({ tokenIds }, apply) } as unknown as Module;
  }
  return {
    ...joined,
    apply: (images, apply) => tf.tidy(() => projection.apply(module.apply(images, apply) as tf.Tensor2D, apply)),
  };
}

/**
 * An encoder with a linear projection of its features, without a bias, such as those that lead images and texts into one space.
 *
 * @param backbone makes encoders of images; or of texts, whose states are projected one by one
 * @param options see {@link ProjectedOptions}
 * @returns a factory of encoders with the same variables and `projection/kernel` `[width, outputDim]`, normal with deviation 1/√width at the start; what the
 * encoder shows beside its features, such as its maps, stays as it is
 * @throws SelfsupError `SELFSUP_OPTION` on an outputDim that is not an integer ≥ 1
 * @see Radford et al.: "Learning Transferable Visual Models From Natural Language Supervision", section 2.3, https://arxiv.org/abs/2103.00020
 * @remarks The paper projects what it pools of a text; a projection of each state gives the same mean, and the same first state.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { convNet, projected } from '@selfsup/encoders';
 * const encoder = projected(convNet({ channels: 3 }), { outputDim: 64 })(createRng(0));
 * encoder.dispose();
 * ```
 */
export function projected<F extends EncoderFactory | BertFactory>(backbone: F, { outputDim }: ProjectedOptions): F {
  checkIntegers('projected', { outputDim });
  const project = linear({ inputDim: backbone.outputDim, outputDim, bias: false, initializer: scaledNormal });
  const create = (rng: Rng, ...more: unknown[]): Module => {
    const module = (backbone as (rng: Rng, ...more: unknown[]) => Module)(rng, ...more);
    return withProjection(module, project(rng.fold('projection')));
  };
  return Object.assign(create, backbone, { outputDim });
}
