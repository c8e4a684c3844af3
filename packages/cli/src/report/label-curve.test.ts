import { expect, it } from 'vitest';
import { labelCurve } from './label-curve.ts';

const row = (count: number, arm: string, mean: number, deviation = 0.01) => ({ count, arm, accuracies: [mean, mean], mean, deviation });

it('draws a line for each start over the labels, on a logarithmic axis, and lists the numbers', async () => {
  const rows = [row(10, 'pretrained', 0.5), row(10, 'scratch', 0.3), row(100, 'pretrained', 0.7), row(100, 'scratch', 0.4, NaN)];
  const { html } = await labelCurve([...rows, row(1000, 'pretrained', 0.8)]);
  expect(html.match(/<svg/g)).toHaveLength(1);
  expect(html).toContain('aria-label="Accuracy by labels"');
  expect(html).toContain('mean ± deviation of 2 seeds');
  for (const text of ['70.0 ± 1.0 %', '40.0 ± – %', '<td>1,000</td>', '<td>–</td>']) expect(html).toContain(text);
  // the middle one of 10, 100, 1000 lies in the middle
  const line = /<path d="(M[\d.]+ [\d.]+(?:L[\d.]+ [\d.]+){2})" fill="none"[^>]*stroke="var\(--accent\)"/.exec(html)![1]!;
  const [first, middle, last] = line
    .slice(1)
    .split('L')
    .map((point) => Number(point.split(' ')[0])) as [number, number, number];
  expect(middle - first).toBeCloseTo(last - middle, 0);
});

it('is a table alone with one number of labels', async () => {
  const { html } = await labelCurve([row(10, 'pretrained', 0.5), row(10, 'scratch', 0.3)], {
    heading: 'On <trec>',
    about: 'Judged by 500.',
  });
  expect(html).not.toContain('<svg');
  for (const text of ['Judged by 500.', '<h2>On &lt;trec&gt;</h2>', '50.0 ± 1.0 %', '30.0 ± 1.0 %']) expect(html).toContain(text);
});
