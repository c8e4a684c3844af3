import type { EpochReport, Timings } from './fit-callbacks.ts';
import type { StepMetrics } from './train-step.ts';

/** Gathers steps into an epoch's means and sums. Internal. */
export function createMeans(): {
  add(step: StepMetrics, seconds: Timings): void;
  read(): Pick<EpochReport, 'loss' | 'metrics' | 'seconds'>;
} {
  let count = 0;
  let loss = 0;
  const metrics = new Map<string, { sum: number; count: number }>();
  const seconds = { reading: 0, preparing: 0, training: 0 };
  return {
    add(step, timings) {
      count++;
      loss += step.loss;
      for (const [name, value] of Object.entries(step.metrics)) {
        const mean = metrics.get(name) ?? { sum: 0, count: 0 };
        metrics.set(name, { sum: mean.sum + value, count: mean.count + 1 });
      }
      for (const key of ['reading', 'preparing', 'training'] as const) seconds[key] += timings[key];
    },
    read: () => ({
      loss: loss / count,
      metrics: Object.fromEntries([...metrics].map(([name, mean]) => [name, mean.sum / mean.count] as const)),
      seconds,
    }),
  };
}
