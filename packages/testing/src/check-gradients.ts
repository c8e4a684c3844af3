import * as tf from '@tensorflow/tfjs-core';
import { createRng, drawUniform, SelfsupError, type VariableMap } from '@selfsup/core';
import { differentiate } from './differentiate.ts';
import { largest, readNumber } from './variable-values.ts';

/** Options of {@link checkGradients}. */
export interface CheckGradientsOptions {
  /** How many weights of each variable are moved one by one; an integer ≥ 0, default 2. */
  samples?: number;
  /** The greatest error, as a part of the variable's greatest gradient; > 0, default 0.02. */
  tolerance?: number;
  /** Which weights are drawn; default 0. */
  seed?: number;
}

/** One gradient beside its central difference. */
export interface ComparedGradient {
  /** The variable's path. */
  readonly path: string;
  /** The weight's position in the flat variable; `'along'` for a step along the whole gradient. */
  readonly at: number | 'along';
  /** What tfjs computed. */
  readonly gradient: number;
  /** (loss(w + h) − loss(w − h)) / 2h at the step width that agreed best. */
  readonly difference: number;
}

const widths = [1e-2, 3e-3, 1e-3];
const float32Epsilon = 2 ** -23;

/**
 * Compares the gradients of a loss with central differences: for each variable along its whole gradient, where the signal is strongest, and at sampled weights.
 *
 * @param loss a function of the variables alone that gives a float32 scalar; called many times
 * @param variables what to differentiate by, float32; moved during the call, afterwards as before
 * @param options see {@link CheckGradientsOptions}
 * @returns what was compared
 * @throws SelfsupError `SELFSUP_STATE` naming the first variable whose gradient disagrees, `SELFSUP_NON_FINITE` when the loss is not finite
 * @remarks In float32 a small step drowns in rounding and a large one crosses kinks such as ReLU's, so three widths are tried, 0.01, 0.003 and 0.001 times the
 * weights' size (at least 0.1), and the best counts. Gradients smaller than the loss's own rounding agree with anything. A loss with a stop-gradient in it
 * disagrees by its nature.
 * @example
 * ```ts
 * import { checkGradients } from '@selfsup/testing';
 * import * as tf from '@tensorflow/tfjs-core';
 * const weights = tf.variable(tf.tensor1d([1, 2, 3]));
 * await checkGradients(() => tf.sum(tf.square(weights)), { weights });
 * weights.dispose();
 * ```
 */
export async function checkGradients(
  loss: () => tf.Scalar,
  variables: VariableMap,
  options: CheckGradientsOptions = {},
): Promise<readonly ComparedGradient[]> {
  const { samples = 2, tolerance = 0.02, seed = 0 } = options;
  const { loss: center, gradients } = await differentiate(loss, variables);
  if (!Number.isFinite(center)) throw new SelfsupError('SELFSUP_NON_FINITE', `checkGradients: the loss must be finite, got ${center}`);
  const lossAt = async (variable: tf.Variable, weights: Float32Array): Promise<number> => {
    const value = tf.tidy(() => {
      variable.assign(tf.tensor(weights, variable.shape));
      return loss();
    });
    const number = await readNumber(value);
    value.dispose();
    return number;
  };
  const compared: ComparedGradient[] = [];
  for (const [path, variable] of Object.entries(variables)) {
    const weights = (await variable.data()).slice() as Float32Array;
    const gradient = gradients[path] ?? new Float32Array(weights.length);
    const [peak, norm] = [largest(gradient), Math.hypot(...gradient)];
    const size = Math.max(0.1, Math.hypot(...weights) / Math.sqrt(weights.length));
    const compare = async (at: number | 'along'): Promise<ComparedGradient> => {
      const expected = at === 'along' ? norm : gradient[at]!;
      const scale = at === 'along' ? norm : peak;
      let best = { difference: NaN, excess: Infinity };
      for (const width of widths) {
        const h = width * size * (at === 'along' ? Math.min(10, Math.sqrt(weights.length)) : 1);
        const moved = (sign: number) =>
          weights.map((w, i) => (at === 'along' ? w + (sign * h * gradient[i]!) / (norm || 1) : i === at ? w + sign * h : w));
        const difference = ((await lossAt(variable, moved(1))) - (await lossAt(variable, moved(-1)))) / (2 * h);
        const rounding = (8 * float32Epsilon * Math.max(1, Math.abs(center))) / h;
        const excess = Math.abs(difference - expected) - tolerance * scale - rounding;
        if (excess < best.excess) best = { difference, excess };
        if (excess <= 0) break;
      }
      if (best.excess > 0)
        throw new SelfsupError(
          'SELFSUP_STATE',
          `checkGradients: the gradient of \`${path}\` ${at === 'along' ? 'along itself' : `at ${at}`} must be ${best.difference} by central differences, got ${expected}`,
        );
      return { path, at, gradient: expected, difference: best.difference };
    };
    const drawn = drawUniform(createRng(seed).fold(path), samples);
    try {
      for (const at of ['along' as const, ...Array.from(drawn, (x) => Math.floor(x * weights.length))]) compared.push(await compare(at));
    } finally {
      tf.tidy(() => {
        variable.assign(tf.tensor(weights, variable.shape));
      });
    }
  }
  return compared;
}
