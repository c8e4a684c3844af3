import * as tf from '@tensorflow/tfjs-core';

/** Real and imaginary parts of complex numbers. */
type Complex = readonly [real: tf.Tensor, imaginary: tf.Tensor];

/** a · b `[n, columns]`, plus `c` `[columns]` where it is given. */
function multiply([ar, ai]: Complex, [br, bi]: Complex, c?: Complex): Complex {
  const add = (x: tf.Tensor, y: tf.Tensor | undefined): tf.Tensor => (y ? tf.add(x, y) : x);
  const real = tf.tidy(() => add(tf.sub(tf.mul(ar, br), tf.mul(ai, bi)), c?.[0]));
  const imaginary = tf.tidy(() => add(tf.add(tf.mul(ar, bi), tf.mul(ai, br)), c?.[1]));
  return [real, imaginary];
}

/**
 * The sum over columns of Epps and Pulley's statistic n · ∫ |φ(t) − exp(−t²/2)|² exp(−t²/2) dt, where φ(t) is the mean over the rows of exp(i·t·x). Internal.
 *
 * @param x float32 `[n, columns]`
 * @param options the points are `numPoints` in [0, tMax], and their mirror images; the trapezoidal rule
 * @returns float32 scalar
 * @remarks The points are multiples of one step, so exp(i·t·x) are powers of exp(i·step·x): one cosine and one sine of each number, products for the rest, and no
 * tensor larger than `x`. The gradient, Σ over points of slope · (Im φ · cos(t·x) − (Re φ − exp(−t²/2)) · sin(t·x)), is a polynomial in the same number, by
 * Horner's rule. It comes with the value and has no gradient of its own.
 */
export function eppsPulley(x: tf.Tensor2D, { tMax, numPoints }: { tMax: number; numPoints: number }): tf.Scalar {
  const step = tMax / (numPoints - 1);
  // from the second point on: at 0 both functions are 1
  const points = Array.from({ length: numPoints - 1 }, (_, k) => {
    const t = (k + 1) * step;
    const gaussian = Math.exp((-t * t) / 2);
    return { t, gaussian, weight: gaussian * step * (k === numPoints - 2 ? 1 : 2) }; // both halves of the interval
  });
  return tf.customGrad((input, save) => {
    const rows = input as tf.Tensor2D;
    const angles = tf.mul(rows, step);
    const turn: Complex = [tf.cos(angles), tf.sin(angles)];
    let power = turn;
    const errors = points.map(({ gaussian }, k) => {
      if (k > 0) {
        const next = multiply(power, turn);
        if (power !== turn) tf.dispose([...power]);
        power = next;
      }
      return [tf.sub(tf.mean(power[0], 0), gaussian), tf.mean(power[1], 0)] as const; // [columns] each
    });
    const squares = points.map(({ weight }, k) =>
      tf.mul(tf.sum(tf.add(tf.square(errors[k]![0]), tf.square(errors[k]![1]))), weight * rows.shape[0]),
    );
    let slope: Complex = [tf.zerosLike(rows), tf.zerosLike(rows)];
    for (let k = points.length - 1; k >= 0; k--) {
      const { weight, t } = points[k]!;
      const [real, imaginary] = errors[k]!;
      const next = multiply(slope, turn, [tf.mul(imaginary, 2 * weight * t), tf.mul(real, 2 * weight * t)]);
      tf.dispose([...slope]);
      slope = next;
    }
    (save as tf.GradSaveFunc)([multiply(slope, turn)[0]]);
    return { value: tf.addN(squares), gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0]!, dy) };
  })(x) as tf.Scalar;
}
