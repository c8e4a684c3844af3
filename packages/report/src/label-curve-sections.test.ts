import { expect, it } from 'vitest';
import { labelCurveSections } from './label-curve-sections.ts';

const row = (count: number, arm: string, mean: number, deviation?: number | null) => ({
  ...{ count, arm, accuracies: [mean, mean], mean },
  ...(deviation !== undefined && { deviation }),
});

it('has a line for each start over the labels, and the numbers in a table', () => {
  const rows = [row(100, 'pretrained', 0.7, 0.01), row(10, 'pretrained', 0.5, 0.02), row(10, 'scratch', 0.226, NaN), row(100, 'scratch', 0.4, null), row(1000, 'scratch', 0.6)]; // prettier-ignore
  const [charts, table] = labelCurveSections(rows, { text: 'Judged by 500 texts.' });
  expect(charts).toMatchObject({
    kind: 'charts',
    text: 'Accuracy on the test set with so many labels, the mean ± deviation of 2 seeds. Judged by 500 texts.',
    charts: [{ xScale: 'log', series: [{ name: 'pretrained', points: [[10, 50], [100, 70]] }, { name: 'scratch' }] }],
  }); // prettier-ignore
  expect(table).toMatchObject({
    kind: 'table',
    columns: ['labels', 'pretrained', 'scratch'],
    // no deviation, no sign of one
    rows: [['10', '50.0 ± 2.0 %', '22.6 %'], ['100', '70.0 ± 1.0 %', '40.0 %'], ['1,000', '–', '60.0 %']],
  }); // prettier-ignore
});

it('is a table alone with one number of labels, and nothing without rows', () => {
  const sections = labelCurveSections([{ ...row(10, 'pretrained', 0.5), accuracies: [0.5] }], { title: 'On <trec>' });
  expect(sections).toEqual([
    {
      kind: 'table',
      title: 'On <trec>',
      text: 'Accuracy on the test set with so many labels, one seed.',
      columns: ['labels', 'pretrained'],
      rows: [['10', '50.0 %']],
    },
  ]);
  expect(labelCurveSections([])).toEqual([]);
});
