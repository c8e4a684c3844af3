import { SelfsupError, type Module, type Rng, type VariableMap } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkIntegers } from '../layers/check-option.ts';
import { createVariable } from '../layers/create-variable.ts';
import { kaimingUniform } from '../layers/initializers.ts';
import { setAdapter } from '../layers/low-rank-adapters.ts';

/** The linear layers of a transformer's blocks by what they do. */
export type LoraTargets = 'query-value' | 'attention' | 'all';

/** Options of {@link lora}. */
export interface LoraOptions {
  /** Columns between both matrices of an adapter, ≥ 1; default 8. */
  rank?: number;
  /** An adapter's output is multiplied by `alpha / rank`; > 0, default `rank`. */
  alpha?: number;
  /**
   * Which linear layers get adapters: those of `query-value` (default), as in the paper; of `attention`: query, key, value and output; of `all`: of the MLPs, too. Or a
   * function of the path of a kernel; only kernels of `linear` can have one.
   */
  targets?: LoraTargets | ((path: string) => boolean);
  /** Whether biases and the variables of norms learn, too: all that have one dimension; default false. */
  norms?: boolean;
}

const patterns: Readonly<Record<LoraTargets, RegExp>> = {
  'query-value': /(^|\/)attention\/(query|value)\/kernel$/,
  attention: /(^|\/)attention\/(query|key|value|output)\/kernel$/,
  all: /(^|\/)(block|layer)\d+\/(.+\/)?(query|key|value|output|linear1|linear2|intermediate)\/kernel$/,
};

/** What a module with adapters is made of. */
interface Adapted {
  readonly plain: Module;
  /** By path. */
  readonly variables: VariableMap;
  /** What learned before there were adapters. */
  readonly learned: readonly tf.Variable[];
  readonly kernels: readonly {
    readonly kernel: tf.Variable<tf.Rank.R2>;
    readonly a: tf.Variable<tf.Rank.R2>;
    readonly b: tf.Variable<tf.Rank.R2>;
  }[];
  readonly scale: number;
}

const adapted = new WeakMap<object, Adapted>();

function adaptedOf(who: string, module: Pick<Module, 'trainable'>): Adapted {
  const found = adapted.get(module);
  if (!found)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`module\` must have been made by a factory of lora, this one has no adapters`);
  return found;
}

/**
 * LoRA: the weights of an encoder stand still, and small adapters beside its linear layers learn: x · kernel + x · a · b · alpha / rank.
 *
 * @param factory makes the encoder, such as `vit` or `bert`
 * @param options see {@link LoraOptions}
 * @returns a factory of the same encoders with adapters: beside each `…/kernel` `[inputDim, outputDim]` that has one there are `…/lora/a` `[inputDim, rank]`, uniform
 * in ±1/√inputDim (PyTorch's Kaiming-uniform), and `…/lora/b` `[rank, outputDim]`, zeros, so that they start by changing nothing. The flag `trainable` of all other
 * variables is false: the trainer of `@selfsup/trainer` leaves them alone. Without training an encoder is what it was
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, or when the encoder has no such layers
 * @see Hu et al.: "LoRA: Low-Rank Adaptation of Large Language Models", eq. 3, https://arxiv.org/abs/2106.09685
 * @remarks Load pretrained weights before, or into the encoder: `loadWeights` wants its plain paths. {@link mergeLora} makes plain weights of it, {@link loraAdapters} gives
 * the adapters alone.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { lora, mergeLora, vitTiny } from '@selfsup/encoders';
 * const factory = lora(vitTiny({ imageSize: 32, patchSize: 4 }), { rank: 4, alpha: 8, targets: 'attention' });
 * const encoder = factory(createRng(0)); // train it
 * const plain = mergeLora(encoder);
 * plain.dispose();
 * ```
 */
export function lora<F extends (rng: Rng, ...rest: never[]) => Module<never>>(factory: F, options: LoraOptions = {}): F {
  const { rank = 8, alpha = rank, targets = 'query-value', norms = false } = options;
  checkIntegers('lora', { rank });
  if (!(alpha > 0 && alpha < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `lora: \`alpha\` must be a finite number > 0, got ${alpha}`);
  if (typeof targets === 'string' && !(targets in patterns))
    throw new SelfsupError('SELFSUP_OPTION', `lora: \`targets\` must be query-value, attention, all or a function, got ${targets}`);
  const isTarget = typeof targets === 'function' ? targets : (path: string) => patterns[targets].test(path);
  const create = factory as unknown as (rng: Rng, ...rest: unknown[]) => Module;
  const make = (rng: Rng, ...rest: unknown[]): Module => {
    const plain = create(rng, ...rest);
    const wanted = Object.entries(plain.trainable).filter(
      ([path, { rank: dims }]) => dims === 2 && path.endsWith('/kernel') && isTarget(path),
    );
    if (wanted.length === 0) {
      plain.dispose();
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `lora: \`targets\` must name linear layers of the encoder, got ${typeof targets === 'string' ? `'${targets}', of which it has none` : 'a function that names none'}; adapters are for Transformers such as vit and bert`,
      );
    }
    const learned = Object.values(plain.trainable).filter(({ trainable }) => trainable);
    for (const variable of learned) variable.trainable = norms && variable.rank === 1;
    const variables: Record<string, tf.Variable> = {};
    const kernels = wanted.map(([path, variable]) => {
      const kernel = variable as tf.Variable<tf.Rank.R2>;
      const [inputDim, outputDim] = kernel.shape;
      const place = path.replace(/kernel$/, 'lora');
      const values = kaimingUniform(rng.fold('lora').fold(path), inputDim * rank, { fanIn: inputDim, fanOut: rank });
      const a = createVariable<tf.Rank.R2>(values, [inputDim, rank], true);
      const b = createVariable<tf.Rank.R2>(new Float32Array(rank * outputDim), [rank, outputDim], true);
      setAdapter(kernel, { a, b, scale: alpha / rank });
      Object.assign(variables, { [`${place}/a`]: a, [`${place}/b`]: b });
      return { kernel, a, b };
    });
    const module = {
      ...plain,
      trainable: { ...plain.trainable, ...variables },
      dispose() {
        for (const { kernel } of kernels) setAdapter(kernel, undefined);
        for (const variable of Object.values(variables)) variable.dispose();
        plain.dispose();
      },
    };
    adapted.set(module, { plain, variables, learned, kernels, scale: alpha / rank });
    return module;
  };
  return Object.assign(make, { ...(factory as object) }) as unknown as F;
}

/**
 * Adds the adapters to the weights: an encoder that says the same and has none.
 *
 * @param module made by a factory of {@link lora}; it must not be used afterwards
 * @returns the plain encoder with kernel + a · b · alpha / rank, all of whose variables learn again
 * @throws SelfsupError `SELFSUP_OPTION` on a module without adapters
 */
export function mergeLora<M extends Pick<Module, 'trainable'>>(module: M): M {
  const { plain, variables, learned, kernels, scale } = adaptedOf('mergeLora', module);
  for (const { kernel, a, b } of kernels) {
    tf.tidy(() => {
      kernel.assign(tf.add(kernel, tf.mul(tf.matMul(a, b), scale)));
    });
    setAdapter(kernel, undefined);
  }
  for (const variable of Object.values(variables)) variable.dispose();
  for (const variable of learned) variable.trainable = true;
  adapted.delete(module);
  return plain as unknown as M;
}

/**
 * The adapters of an encoder alone, which `saveWeights` and `loadWeights` take.
 *
 * @param module made by a factory of {@link lora}
 * @returns its variables `…/lora/a` and `…/lora/b`; they stay the module's
 * @throws SelfsupError `SELFSUP_OPTION` on a module without adapters
 */
export function loraAdapters(module: Pick<Module, 'trainable'>): Pick<Module, 'trainable' | 'buffers'> {
  return { trainable: adaptedOf('loraAdapters', module).variables, buffers: {} };
}
