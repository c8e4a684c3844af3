/** Where expected numbers come from. */
export interface Reference {
  readonly source: string;
  readonly outputs: readonly Expected[];
}

/** One expected output. */
export interface Expected {
  readonly data: ArrayLike<number>;
  readonly shape?: readonly number[];
  readonly magnitude?: ArrayLike<number> | undefined;
}

/** Below this float32 has no full precision: the smallest normal number times 16. */
const FLOOR = 2e-37;
/** Share of the terms' magnitude that still counts as the size of a result whose terms cancel. */
const CANCELLED = 0.03;

/**
 * The relative error of an output: ‖got − expected‖ / ‖expected‖, or the largest such ratio of its elements.
 * Infinity where the sizes differ, or where one side is NaN or infinite and the other is not the same.
 */
export function errorOf(got: ArrayLike<number>, { data, magnitude }: Expected, measure: 'norm' | 'elements'): number {
  if (got.length !== data.length) return Infinity;
  let difference = 0;
  let norm = 0;
  let terms = 0;
  let worst = 0;
  // Squares of what float32 holds overflow or vanish in float32, not in float64.
  for (let i = 0; i < got.length; i++) {
    const is = got[i]!;
    const should = data[i]!;
    const rounded = Math.fround(should); // a sum beyond float32 is an infinity there
    if (!Number.isFinite(rounded) || !Number.isFinite(is)) {
      if (!Object.is(is, rounded)) return Infinity;
      continue;
    }
    const size = Math.max(Math.abs(should), CANCELLED * (magnitude?.[i] ?? 0), FLOOR);
    worst = Math.max(worst, Math.abs(is - should) / size);
    difference += (is - should) ** 2;
    norm += should ** 2;
    terms += (magnitude?.[i] ?? 0) ** 2;
  }
  if (measure === 'elements') return worst;
  return Math.sqrt(difference) / Math.max(Math.sqrt(norm), CANCELLED * Math.sqrt(terms), FLOOR);
}
