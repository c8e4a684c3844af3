import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError, type Module, type ModuleFactory, type Rng } from '@selfsup/core';
import { optionError } from './check-options.ts';

/** Prototypes whose matrix is kept at unit columns. Internal. */
export interface PrototypeNetwork extends Module<tf.Tensor2D, tf.Tensor2D> {
  /** Columns of the projections. */
  readonly projectionDim: number;
  /** Gives projections back; throws SelfsupError `SELFSUP_OPTION` when they have other columns. */
  check(who: string, z: tf.Tensor2D): tf.Tensor2D;
  /** Gives every prototype unit length. */
  normalize(): void;
}

/** Builds prototypes of unit length; throws SelfsupError `SELFSUP_OPTION` unless they have a matrix `kernel`. Internal. */
export function createPrototypes(who: string, factory: ModuleFactory<tf.Tensor2D, tf.Tensor2D>, rng: Rng): PrototypeNetwork {
  const module = factory(rng);
  const { kernel } = module.trainable;
  if (kernel?.rank !== 2) {
    module.dispose();
    const got = `[${Object.keys(module.trainable).join(', ')}]`;
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`prototypes\` must have a variable \`kernel\` [projectionDim, numPrototypes], got ${got}`,
    );
  }
  const normalize = () => {
    tf.tidy(() => {
      kernel.assign(tf.transpose(l2Normalize(tf.transpose(kernel))));
    });
  };
  normalize();
  const projectionDim = kernel.shape[0];
  const check: PrototypeNetwork['check'] = (caller, z) => {
    if (z.shape[1] === projectionDim) return z;
    throw optionError(caller, { name: 'prototypes', expected: `for ${z.shape[1]} columns, the head's`, got: `some for ${projectionDim}` });
  };
  return { ...module, projectionDim, check, normalize };
}
