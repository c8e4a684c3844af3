import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { linearProbe } from './linear-probe.ts';

interface Fixture {
  numClasses: number;
  dim: number;
  features: number[];
  labels: number[];
  queries: number[];
  queryLabels: number[];
  cases: { l2: number; standardize: boolean; loss: number; predictions: number[]; accuracy: number; trainAccuracy: number }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/linear-probe.json', import.meta.url), 'utf8')) as Fixture;
const matrix = (values: number[]) => ({ data: Float32Array.from(values), shape: [values.length / fixture.dim, fixture.dim] as const });

describe("linearProbe against Newton's method in float64", () => {
  it.each(fixture.cases)('l2 $l2, standardized $standardize', async ({ l2, standardize, loss, predictions, accuracy, trainAccuracy }) => {
    const { labels, queryLabels, numClasses } = fixture;
    const options = { labels, queryLabels, numClasses, l2, standardize, maxIterations: 1000 };
    const found = await linearProbe({ ...options, features: matrix(fixture.features), queries: matrix(fixture.queries) });
    expect(Math.abs(found.loss - loss)).toBeLessThan(1e-5);
    expect([...found.predictions]).toEqual(predictions);
    expect(found.accuracy).toBeCloseTo(accuracy, 12);
    // raw columns of very different units: float32 products decide about a row beside the border
    expect(Math.abs(found.trainAccuracy - trainAccuracy)).toBeLessThan(standardize ? 1e-12 : 1.5 / labels.length);
  });
});
