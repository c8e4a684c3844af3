import { createRng, drawNormal, isSelfsupError } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { alignment } from './alignment.ts';
import { lidar } from './lidar.ts';
import { createCollapseMonitor, type CollapseMonitorOptions } from './collapse-monitor.ts';
import type { FeatureMatrix } from './feature-matrix.ts';
import { featureStd } from './feature-std.ts';
import { rankMe } from './rank-me.ts';
import { representationHealth } from './representation-health.ts';
import { uniformity } from './uniformity.ts';

const normal = (tag: string): FeatureMatrix => ({ data: drawNormal(createRng(3).fold(tag), 40 * 6), shape: [40, 6] });

/** The alarms of a series of one metric. */
function watch(metric: string, series: readonly number[], options: CollapseMonitorOptions = {}) {
  const monitor = createCollapseMonitor({ patience: 1, ...options });
  series.forEach((value, step) => {
    monitor.onStep({ step, metrics: { loss: 1, [metric]: value } });
  });
  return monitor.alarms.map(({ kind, metric: name, step }) => `${kind} ${name} ${step}`);
}

it('gives all diagnostics in one call, alignment and LiDAR only of two views', () => {
  const [features, a, b] = [normal('features'), normal('a'), normal('b')];
  const expected = { rows: 40, dim: 6, std: featureStd(features), rank: rankMe(features), uniformity: uniformity(features) };
  expect(representationHealth(features)).toEqual(expected);
  expect(representationHealth(features, { views: [a, b] })).toEqual({ ...expected, alignment: alignment(a, b), lidar: lidar([a, b]) });
});

describe('the metrics of steps', () => {
  it('raise once per crossing and again only after recovery beyond the threshold', () => {
    // threshold 0.1 / √4 = 0.05, recovery beyond 0.0625
    const series = [0.5, 0.049, 0.01, 0.06, 0.04, 0.063, 0.04, 0.03];
    expect(watch('zStd', series, { embeddingDim: 4 })).toEqual(['complete zStd 2', 'complete zStd 7']);
    expect(watch('zStd', series, { embeddingDim: 4, recovery: 1.1 })).toEqual(['complete zStd 2', 'complete zStd 5', 'complete zStd 7']);
    expect(watch('zStd', [0.5, 0.051, 0.4], { embeddingDim: 4 })).toEqual([]);
  });

  it('must be beyond the threshold so many steps in a row', () => {
    const series = [0.01, 0.01, 0.3, 0.01, 0.01, 0.01, 0.01];
    expect(watch('zStd', series, { embeddingDim: 4, patience: 3 })).toEqual(['complete zStd 6']);
    expect(watch('zStd', Array<number>(49).fill(0), { embeddingDim: 4, patience: 50 })).toEqual([]);
    const silent = createCollapseMonitor({ embeddingDim: 4 });
    for (let step = 0; step < 50; step++) silent.onStep({ step, metrics: { zStd: 0 } });
    expect(silent.alarms.map(({ step }) => step)).toEqual([50]); // the default
  });

  it('are judged by the greatest deviation so far where the dimension is not known', () => {
    expect(watch('zStd', [0.02, 0.2, 0.021, 0.019])).toEqual(['complete zStd 4']);
  });

  it('say that keys are older than the target network remembers', () => {
    expect(watch('queueAge', [128], { momentum: 0.99 })).toEqual([]);
    expect(watch('queueAge', [39, 41, 128, 31, 41], { momentum: 0.9 })).toEqual(['stale queueAge 2', 'stale queueAge 5']);
    expect(watch('queueAge', [1e9], { momentum: 1 })).toEqual([]);
    expect(watch('queueAge', [5], { momentum: 0 })).toEqual(['stale queueAge 1']);
  });

  it('say that targets tell nothing of their images, or less than they did', () => {
    expect(watch('targetInformation', [0.06, 0.04, 0.5])).toEqual(['uninformative targetInformation 2']);
    expect(watch('targetInformation', [2, 0.21, 0.19])).toEqual(['uninformative targetInformation 3']);
  });

  it('say that few prototypes are used', () => {
    expect(watch('prototypeEntropy', [0.99, 0.21, 0.19])).toEqual(['unbalanced prototypeEntropy 3']);
  });

  it('are judged by rules of the caller too, which go before those here', () => {
    const rule = { metric: 'accuracy', kind: 'complete', side: 'below', limit: () => 0.1 } as const;
    expect(watch('accuracy', [0.11, 0.09], { rules: [rule] })).toEqual(['complete accuracy 2']);
    expect(watch('prototypeEntropy', [0.09], { rules: [{ ...rule, metric: 'prototypeEntropy' }] })).toEqual([
      'complete prototypeEntropy 1',
    ]);
    const resumed = { rules: [rule], earlier: [{ kind: 'complete', metric: 'accuracy' }] } as const;
    expect(watch('accuracy', [0.09, 0.2, 0.09], resumed)).toEqual(['complete accuracy 3']);
  });

  it('are not judged when absent or not finite', () => {
    expect(watch('accuracy', [0])).toEqual([]);
    expect(watch('zStd', [NaN], { embeddingDim: 4 })).toEqual([]);
    const monitor = createCollapseMonitor({ patience: 1 });
    monitor.onStep({ step: 0 });
    expect(monitor.alarms).toEqual([]);
  });
});

describe('features', () => {
  const dim = 100;

  it('raise each kind once per crossing, with hysteresis', () => {
    const monitor = createCollapseMonitor();
    const kinds = (diagnostics: object, step: number) => monitor.judge({ dim, ...diagnostics }, { step }).map(({ kind }) => kind);
    expect(kinds({ std: 0.1, rank: 4 }, 1)).toEqual(['dimensional']);
    expect(kinds({ std: 0.1, rank: 5.5 }, 2)).toEqual([]); // within the band up to 6.25
    expect(kinds({ std: 0.1, rank: 4 }, 3)).toEqual([]);
    expect(kinds({ std: 0.1, rank: 7 }, 4)).toEqual([]);
    expect(kinds({ std: 0.1, rank: 4, alignment: 1.7 }, 5)).toEqual(['dimensional', 'unaligned']);
    expect(kinds({ std: 0.001, rank: 1, alignment: 1.5 }, 6)).toEqual(['complete']);
    expect(kinds({ std: 0.1, uniformity: -0.1, alignment: 1.7 }, 7)).toEqual([]); // complete still, by another measure
    expect(monitor.alarms.map(({ step }) => step)).toEqual([1, 5, 5, 6]);
  });

  it('are not judged at the start, and afterwards against it', () => {
    const monitor = createCollapseMonitor();
    const judge = (std: number, step: number) => monitor.judge({ dim: 100, std }, { step }).length;
    expect([judge(0.008, 0), judge(0.006, 1), judge(0.003, 2)]).toEqual([0, 0, 1]); // all below a tenth of 1/√100
    const aligned = createCollapseMonitor();
    expect(aligned.judge({ dim: 100, alignment: 1.9 }, { step: 0 })).toEqual([]);
    expect(aligned.judge({ dim: 100, alignment: 1.9 }, { step: 1 })).toHaveLength(1);
  });

  it('of fewer rows than dimensions are judged by the rows', () => {
    const judge = (rows: number) => createCollapseMonitor().judge({ dim, rows, rank: 3 }, { step: 1 }).length;
    expect([judge(50), judge(100), judge(1000)]).toEqual([0, 1, 1]);
  });

  it('are measured at the end of an epoch; the alarm says what, the likely cause and what helps', async () => {
    const seen: unknown[] = [];
    const monitor = createCollapseMonitor({ measure: () => Promise.resolve({ dim: 4, std: 0.01 }), onAlarm: (alarm) => seen.push(alarm) });
    await monitor.onEpochEnd({ step: 12 });
    await monitor.onEpochEnd({ step: 24 });
    expect(seen).toEqual(monitor.alarms);
    expect(monitor.alarms).toHaveLength(1);
    expect(monitor.alarms[0]).toMatchObject({ kind: 'complete', metric: 'std', value: 0.01, threshold: 0.05, step: 12 });
    expect(monitor.alarms[0]!.likelyCause).toMatch(/stop-gradient/);
    expect(monitor.alarms[0]!.advice).toMatch(/learning rate/);
    expect(monitor.alarms[0]!.message).toMatch(
      /^std 0.01 is below 0.05: all inputs give nearly one output; likely the learning rate is too high, or/,
    );
    await createCollapseMonitor().onEpochEnd({ step: 1 });
  });
});

it('a resumed run does not repeat an alarm until it has recovered', () => {
  const earlier = [
    { kind: 'complete', metric: 'zStd' },
    { kind: 'dimensional', metric: 'rank' },
  ] as const;
  expect(watch('zStd', [0.01, 0.01, 0.5, 0.01], { embeddingDim: 4, earlier })).toEqual(['complete zStd 4']);
  const monitor = createCollapseMonitor({ earlier });
  expect(monitor.judge({ dim: 100, rank: 2 }, { step: 9 })).toEqual([]);
});

it('says what is wrong', () => {
  const failures: [string, CollapseMonitorOptions][] = [
    ['`embeddingDim` must be an integer >= 1, got 0', { embeddingDim: 0 }],
    ['`momentum` must be in [0, 1], got 2', { momentum: 2 }],
    ['`patience` must be an integer >= 1, got 0.5', { patience: 0.5 }],
    [
      '`rules` must be of metrics of steps, got one of std',
      { rules: [{ metric: 'std', kind: 'complete', side: 'below', limit: () => 1 }] },
    ],
    ['`recovery` must be a finite number > 1, got 1', { recovery: 1 }],
  ];
  for (const [message, options] of failures)
    try {
      createCollapseMonitor(options);
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).toBe(`createCollapseMonitor: ${message}`);
      expect(isSelfsupError(error) && error.code).toBe('SELFSUP_OPTION');
    }
});

it('says the causes and the advice that it was given, of features and of steps', () => {
  const causes = { complete: { likelyCause: 'my cause', advice: 'my advice' } };
  const monitor = createCollapseMonitor({ embeddingDim: 4, patience: 1, causes });
  monitor.onStep({ step: 0, metrics: { zStd: 0.001 } });
  monitor.judge({ dim: 4, std: 0.001, alignment: 1.9 }, { step: 1 });
  const found = monitor.alarms.map(({ kind, metric, likelyCause, advice }) => ({ kind, metric, likelyCause, advice }));
  expect(found.slice(0, 2)).toEqual(['zStd', 'std'].map((metric) => ({ kind: 'complete', metric, ...causes.complete })));
  expect(monitor.alarms[0]!.message).toContain('likely my cause');
  expect(found[2]).toMatchObject({ kind: 'unaligned', advice: expect.stringContaining('weaken crops') as string });
});
