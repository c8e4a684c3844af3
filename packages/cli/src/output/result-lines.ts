import { countOf } from '@selfsup/core';
import { describeSkipped, formatSeconds, type RunResult } from '@selfsup/pretrain';

const whole = (value: number) => Math.round(value).toLocaleString('en-US');

/**
 * The table of a result, for a terminal.
 *
 * @param result of a run
 * @returns lines: what was measured beside what it is compared with, and how fast it was
 */
export function resultLines(result: RunResult): string[] {
  const { comparisons, health, throughput, lastEpochLoss, skipped, steps, seconds, stoppedBy } = result;
  const rows = comparisons.flatMap(({ title, unit, trained, baselines }) =>
    [[steps === 0 ? 'the start' : 'trained encoder', trained] as const, ...Object.entries(baselines)].map(
      ([name, value]) => [`${title}, ${name}`, `${value.toFixed(unit === '%' ? 2 : 4)} ${unit}`] as [string, string],
    ),
  );
  const { rank, rows: samples, dim } = health ?? {};
  if (rank !== undefined)
    rows.push(["rank of the encoder's own output", `${rank.toFixed(2)} of ${Math.min(samples ?? Infinity, dim ?? Infinity)}`]);
  if (lastEpochLoss !== undefined) rows.push(['mean loss of the last epoch', lastEpochLoss.toFixed(4)]);
  if (throughput) {
    const { unit, perSecond, preparing, training } = throughput;
    rows.push(
      ...(preparing === undefined ? [] : [['preparing batches', `${whole(preparing)} ${unit}/s`] as [string, string]]),
      ...(training === undefined ? [] : [['train step', `${whole(training)} ${unit}/s`] as [string, string]]),
      ['training as a whole', `${whole(perSecond)} ${unit}/s`],
    );
  }
  if (skipped.length > 0) rows.push(['skipped', describeSkipped(skipped)]);
  const width = Math.max(...rows.map(([name]) => name.length)) + 3;
  const end = Math.max(...rows.map(([, value]) => value.split(' ')[0]!.length));
  const aligned = ([name, value]: [string, string]) => `  ${name.padEnd(width)}${' '.repeat(end - value.split(' ')[0]!.length)}${value}`;
  const how = stoppedBy === 'time' ? 'Stopped by the time limit' : 'Done';
  const work = steps === 0 ? 'the start alone, without updates' : `${countOf(steps, 'updates')} in ${formatSeconds(seconds)}`;
  return ['', ...rows.map(aligned), '', `${how}: ${work}.`];
}
