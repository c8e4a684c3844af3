import type { Chart } from '@selfsup/pretrain';
import { describe, expect, it } from 'vitest';
import { describeChart, lineChart, seriesLooks } from './line-chart.ts';
import { textWidth } from './text-width.ts';

interface Label {
  readonly text: string;
  readonly anchor: string;
  readonly x: number;
}

const labelsOf = (svg: string): Label[] =>
  [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = '', text = '']) => ({
    text,
    anchor: /text-anchor="(\w+)"/.exec(attributes)?.[1] ?? 'start',
    x: Number(/translate\(([-\d.]+)/.exec(attributes)?.[1] ?? /\bx="([-\d.]+)"/.exec(attributes)?.[1]),
  }));
const chartOf = (points: readonly (readonly [number, number])[], more: Partial<Chart> = {}): Chart => ({
  title: 'Loss',
  series: [{ name: 'loss', points }],
  ...more,
});

describe('lineChart', () => {
  it.each([
    ['small rates', chartOf([[0, 0], [10, 0.00015]], { fromZero: true })],
    ['a unit', chartOf([[0, 2.1e6], [123_456, 2.35e6]], { unit: 'tokens per second' })],
    ['many updates', chartOf([[0, -1234.5], [9_999_999, 12]], { xName: 'updates' })],
    ['digits', chartOf([[0, 0.90001], [1, 0.90005]])],
  ])('has room for every label: %s', async (_, chart) => {
    const labels = labelsOf(await lineChart(chart, 'c0'));
    expect(labels.length).toBeGreaterThan(4);
    for (const { text, anchor, x } of labels) {
      const width = textWidth(text, 13);
      const left = anchor === 'end' ? x - width : anchor === 'middle' ? x - width / 2 : x;
      expect(left, text).toBeGreaterThanOrEqual(0);
      expect(left + width, text).toBeLessThanOrEqual(370);
    }
  }); // prettier-ignore

  it('labels 0.00015 in full', async () => {
    const svg = await lineChart(chartOf([[0, 0], [10, 0.00015]], { fromZero: true }), 'c0'); // prettier-ignore
    expect(labelsOf(svg).map(({ text }) => text)).toEqual(expect.arrayContaining(['5e-5', '1e-4', '1.5e-4']));
  });

  it('interrupts a line where a number is not finite', async () => {
    const paths = async (y: number) => (await lineChart(chartOf([[0, 1], [1, 2], [2, y], [3, 2], [4, 1]]), 'c0')).match(/<path d="M[^"]*" fill="none"[^>]*stroke="var\(--accent\)"/g)![0].match(/M/g)!.length; // prettier-ignore
    expect(await paths(3)).toBe(1);
    expect(await paths(NaN)).toBe(2);
  });

  it('draws a level of one point across the chart', async () => {
    const series = [
      { name: 'encoder', points: [[0, 30], [10, 50]] },
      { name: 'raw pixels', points: [[0, 35]], style: 'level' },
    ] as const; // prettier-ignore
    const svg = await lineChart({ title: 'kNN', series, unit: '%' }, 'c0');
    const [, from, to] = /<path d="M([\d.]+) [\d.]+L([\d.]+) [\d.]+" fill="none"[^>]*stroke="var\(--calm\)"[^>]*stroke-dasharray/.exec(
      svg,
    )!;
    expect(Number(to) - Number(from)).toBeGreaterThan(280);
  });

  it('puts powers of ten at equal distances on a logarithmic axis, and leaves out what has no logarithm', async () => {
    const svg = await lineChart(chartOf([[0, 9], [10, 1], [100, 2], [1000, 3]], { xScale: 'log', xName: 'labels' }), 'c0'); // prettier-ignore
    const labels = labelsOf(svg);
    expect(labels.map(({ text }) => text)).not.toContain('10.0');
    const [ten, hundred, thousand] = ['10', '100', '1000'].map((text) => labels.find((label) => label.text === text)!.x) as [number, number, number]; // prettier-ignore
    expect(hundred - ten).toBeCloseTo(thousand - hundred, 0);
    expect(hundred - ten).toBeGreaterThan(100);
  });

  it('escapes names, and gives ids of its own', async () => {
    const svg = await lineChart(chartOf([[0, 1], [1, 2]], { title: `"><script>'$&`, unit: '<i>' }), 'c7'); // prettier-ignore
    expect(svg).toContain('aria-label="&quot;&gt;&lt;script&gt;&#39;$&amp;: loss from');
    expect(svg).toContain('>1.0\u00a0&lt;i&gt;<');
    for (const markup of ['<script', '<i>', 'zr']) expect(svg).not.toContain(markup);
    expect(svg.match(/id="c7-/g)).not.toBeNull();
  });
});

it('gives faint series the color of their line, and levels dashes', () => {
  const styles = ['faint', 'line', 'faint', 'line', 'level', 'level'] as const;
  const looks = seriesLooks(styles.map((style) => ({ name: style, points: [], style })));
  expect(looks[0]!.color).toBe(looks[1]!.color);
  expect(looks[2]!.color).toBe(looks[3]!.color);
  expect(looks[1]!.color).not.toBe(looks[3]!.color);
  expect(looks.map(({ dashes }) => dashes !== undefined)).toEqual([false, false, false, false, true, true]);
  expect(looks[4]!.dashes).not.toEqual(looks[5]!.dashes);
});

it('says in words what a chart shows', () => {
  const series = [
    { name: 'each', points: [[0, 1]], style: 'faint' },
    { name: 'encoder', points: [[0, 28.512], [5, NaN], [10, 48.6]] },
    { name: 'raw pixels', points: [[0, 35.3]], style: 'level' },
  ] as const; // prettier-ignore
  expect(describeChart({ title: 'kNN', series, unit: '%' })).toBe(
    'kNN: encoder from 28.5 % at epoch 0 to 48.6 % at epoch 10; raw pixels 35.3 %',
  );
});
