import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { alignment } from './alignment.ts';
import { featureStd } from './feature-std.ts';
import { rankMe } from './rank-me.ts';
import { uniformity } from './uniformity.ts';

type Numbers = Readonly<Record<'std' | 'plainStd' | 'rank' | 'alignment' | 'alignment1' | 'uniformity' | 'uniformity3', number>>;
interface Fixture {
  meta: { numpy: string };
  cases: (Numbers & { shape: [number, number]; a: number[]; b: number[] })[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/collapse.json', import.meta.url), 'utf8')) as Fixture;

it.each(fixture.cases)(`agrees with numpy ${fixture.meta.numpy} for features $shape`, ({ shape, a: left, b: right, ...expected }) => {
  const a = { data: Float32Array.from(left), shape };
  const b = { data: Float32Array.from(right), shape };
  const actual: Numbers = {
    std: featureStd(a),
    plainStd: featureStd(a, { normalize: false }),
    rank: rankMe(a),
    alignment: alignment(a, b),
    alignment1: alignment(a, b, { alpha: 1 }),
    uniformity: uniformity(a),
    uniformity3: uniformity(a, { t: 3 }),
  };
  // features come as float32; directions that are there by rounding only count a little
  for (const [name, value] of Object.entries(actual))
    expect(Math.abs(value / expected[name as keyof Numbers] - 1), name).toBeLessThan(2e-5);
});
