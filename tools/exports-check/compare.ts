import type { Answer, Case, Numbers } from './exchange.ts';

/** How far what a consumer computed is from what our encoder computes. */
export interface Comparison {
  /** The largest difference, relative to the largest value that was expected. */
  readonly error: number;
  /** The smallest cosine between a row that came and the one that was expected. */
  readonly cosine: number;
  /** Names of the outputs that were compared. */
  readonly names: readonly string[];
}

/** Sides without those of 1: consumers differ in whether they keep a map of one pixel. */
const sides = ({ shape }: Numbers) => shape.slice(1).filter((side) => side !== 1);

// NaN, if there is one
const least = (values: readonly number[]) => values.reduce((few, value) => Math.min(few, value), Infinity);
const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function cosineOf(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + (value ?? NaN) * (y[i] ?? NaN), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function compareNumbers(came: Numbers, expected: Numbers): Omit<Comparison, 'names'> {
  if (came.shape[0] !== expected.shape[0] || sides(came).join() !== sides(expected).join())
    throw new Error(`shape [${came.shape.join(', ')}] instead of [${expected.shape.join(', ')}]`);
  const difference = largest(expected.data.map((value, i) => value - (came.data[i] ?? NaN)));
  const length = expected.data.length / expected.shape[0]!;
  const row = ({ data }: Numbers, i: number) => data.slice(i * length, (i + 1) * length);
  const cosines = Array.from({ length: expected.shape[0]! }, (_, i) => cosineOf(row(came, i), row(expected, i)));
  return { error: difference / largest(expected.data), cosine: least(cosines) };
}

/**
 * Compares what a consumer answered with what was expected, in all outputs that both have.
 *
 * @param answer what came
 * @param cases what was asked
 * @param required the name of an output that has to be there
 * @returns the worst of all cases and outputs
 * @throws Error when the consumer failed, an output is missing, or a shape differs
 */
export function compare({ outputs, error }: Answer, cases: readonly Case[], required: string): Comparison {
  if (error !== undefined || outputs === undefined) throw new Error(error ?? 'no outputs');
  const all = cases.flatMap(({ expected }, i) => {
    const came = outputs[i] ?? {};
    if (!came[required] || !expected[required])
      throw new Error(`no output ${required}; there are ${Object.keys(came).join(', ') || 'none'}`);
    const names = Object.keys(expected).filter((name) => came[name]);
    return names.map((name) => {
      try {
        return { name, ...compareNumbers(came[name]!, expected[name]!) };
      } catch (problem) {
        throw new Error(`${name}: ${(problem as Error).message}`, { cause: problem });
      }
    });
  });
  return {
    error: largest(all.map(({ error: one }) => one)),
    cosine: least(all.map(({ cosine }) => cosine)),
    names: [...new Set(all.map(({ name }) => name))],
  };
}
