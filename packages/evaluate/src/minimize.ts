import { nextTurn } from '@selfsup/core';

/** A function with its gradient at a point. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Options of {@link minimize}. */
export interface MinimizeOptions {
  /** At most so many steps. */
  maxIterations: number;
  /** Done when no entry of the gradient is larger. */
  tolerance: number;
  /** Pairs of steps kept. */
  memory?: number;
}

/** What {@link minimize} found. */
export interface Minimum extends Evaluation {
  readonly point: Float64Array;
  readonly iterations: number;
  /** Whether the gradient fell below the tolerance. */
  readonly converged: boolean;
}

const dot = (a: Float64Array, b: Float64Array) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
const addTo = (target: Float64Array, factor: number, other: Float64Array) => {
  for (let i = 0; i < target.length; i++) target[i]! += factor * other[i]!;
};
const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly rho: number;
}

/** −H·gradient, where H is the inverse Hessian that the pairs tell of. */
function directionOf(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.slice();
  const alphas: number[] = [];
  for (const { step, change, rho } of pairs.toReversed()) {
    const alpha = rho * dot(step, direction);
    alphas.unshift(alpha);
    addTo(direction, -alpha, change);
  }
  const last = pairs.at(-1);
  const scale = last ? 1 / (last.rho * dot(last.change, last.change)) : 1 / Math.max(1, Math.sqrt(dot(gradient, gradient)));
  for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  for (const [i, { step, change, rho }] of pairs.entries()) addTo(direction, alphas[i]! - rho * dot(change, direction), step);
  return direction.map((value) => -value);
}

const SUFFICIENT = 1e-4;
const NOISE = 1e-6; // of values from float32 operations, relative
const HALVINGS = 20;

/**
 * Minimizes a smooth convex function by L-BFGS with backtracking. Internal.
 *
 * @param evaluate value and gradient at a point
 * @param start the first point
 * @param options see {@link MinimizeOptions}
 * @see Nocedal, Wright: "Numerical Optimization", algorithms 7.4 and 7.5
 */
export async function minimize(
  evaluate: (point: Float64Array) => Promise<Evaluation>,
  start: Float64Array,
  options: MinimizeOptions,
): Promise<Minimum> {
  const { maxIterations, tolerance, memory = 10 } = options;
  let point = start;
  let at = await evaluate(point);
  let pairs: Pair[] = [];
  let iterations = 0;
  while (iterations < maxIterations && largest(at.gradient) > tolerance) {
    await nextTurn();
    const direction = directionOf(at.gradient, pairs);
    const slope = dot(direction, at.gradient);
    let size = 1;
    let next: { point: Float64Array; at: Evaluation } | undefined;
    for (let halving = 0; halving < HALVINGS && !next; halving++, size /= 2) {
      const candidate = point.slice();
      addTo(candidate, size, direction);
      const found = await evaluate(candidate);
      if (found.value <= at.value + SUFFICIENT * size * slope + NOISE * Math.abs(at.value)) next = { point: candidate, at: found };
    }
    iterations++;
    if (!next) {
      if (pairs.length === 0) break; // not even along the gradient: what is left is noise
      pairs = [];
      continue;
    }
    const [step, change] = [next.point.slice(), next.at.gradient.slice()];
    addTo(step, -1, point);
    addTo(change, -1, at.gradient);
    const curvature = dot(step, change);
    if (curvature > 0) pairs = [...pairs, { step, change, rho: 1 / curvature }].slice(-memory);
    ({ point, at } = next);
  }
  return { ...at, point, iterations, converged: largest(at.gradient) <= tolerance };
}
