import { SelfsupError } from '@selfsup/core';
import { collapseCauses, type CollapseCauses, type CollapseKind } from './collapse-causes.ts';

/** What {@link collapseAlarm} judges: any of the diagnostics of one set of features. */
export interface CollapseDiagnostics {
  /** Columns of the features. */
  readonly dim: number;
  /** Rows of the features; with fewer rows than `dim` the rank is judged by them. */
  readonly rows?: number;
  /** From `featureStd`, of unit rows. */
  readonly std?: number;
  /** From `rankMe`. */
  readonly rank?: number;
  /** From `alignment`, of two views of the same images. */
  readonly alignment?: number;
  /** From `uniformity`. */
  readonly uniformity?: number;
}

/** Options of {@link collapseAlarm}: the thresholds, rules of thumb of this library and not from a paper. */
export interface CollapseAlarmOptions {
  /** Alarm when the deviation is less than this share of 1/√dim; default 0.1. */
  minStdShare?: number;
  /** Alarm when the effective rank is less than this share of `dim`, or of `rows` when these are fewer; default 0.05. */
  minRankShare?: number;
  /** Alarm when views lie further apart than this; default 1.6, where unrelated rows have 2. */
  maxAlignment?: number;
  /** Alarm when uniformity is greater than this; default −0.2, where a single point has 0. */
  maxUniformity?: number;
  /** What usually lies behind an alarm and what helps, for data or tasks of which the usual words do not hold; default those of joint-embedding tasks on images. */
  causes?: CollapseCauses | undefined;
}

/** One alarm of {@link collapseAlarm}. */
export interface CollapseAlarm {
  /** See {@link CollapseKind}. */
  readonly kind: CollapseKind;
  /** What crossed its threshold: `std`, `rank`, `alignment`, `uniformity`; from a monitor also a metric of steps. */
  readonly metric: string;
  /** Its value. */
  readonly value: number;
  /** What it crossed. */
  readonly threshold: number;
  /** What usually lies behind it. */
  readonly likelyCause: string;
  /** What usually helps. */
  readonly advice: string;
  /** One sentence: what was measured, the threshold and the likely cause. */
  readonly message: string;
}

const short = (value: number): string => String(Number(value.toPrecision(3)));

/** An alarm with its cause and advice; `of` is what the threshold is a part of, `causes` go before the usual ones. Internal. */
export function describeAlarm(
  alarm: Pick<CollapseAlarm, 'kind' | 'metric' | 'value' | 'threshold'>,
  { of = '', causes = {} }: { of?: string; causes?: CollapseCauses | undefined } = {},
): CollapseAlarm {
  const { kind, metric, value, threshold } = alarm;
  const { seen, likelyCause, advice } = { ...collapseCauses[kind], ...causes[kind] };
  const measured = `${metric} ${short(value)} is ${value < threshold ? 'below' : 'above'} ${short(threshold)}${of}`;
  return { kind, metric, value, threshold, likelyCause, advice, message: `${measured}: ${seen}; likely ${likelyCause}` };
}

/**
 * Says whether diagnostics of features look like a collapse, and what is likely to cause it.
 *
 * @param diagnostics see {@link CollapseDiagnostics}; what is not there is not judged
 * @param options see {@link CollapseAlarmOptions}
 * @returns the alarms, the gravest first; empty when nothing crosses its threshold
 * @throws SelfsupError `SELFSUP_OPTION` when `dim` is no integer ≥ 1; `SELFSUP_NON_FINITE` on a diagnostic that is not finite
 * @remarks A complete collapse hides the dimensional one.
 * @example
 * ```ts
 * import { collapseAlarm, featureStd } from '@selfsup/evaluate';
 * const features = { data: Float32Array.of(1, 0, 2, 0), shape: [2, 2] } as const;
 * const alarms = collapseAlarm({ dim: 2, std: featureStd(features) });
 * console.log(alarms[0]?.kind); // complete
 * ```
 */
export function collapseAlarm(diagnostics: CollapseDiagnostics, options: CollapseAlarmOptions = {}): CollapseAlarm[] {
  const { dim, rows = dim, std, rank, alignment, uniformity } = diagnostics;
  const { minStdShare = 0.1, minRankShare = 0.05, maxAlignment = 1.6, maxUniformity = -0.2, causes } = options;
  if (!Number.isSafeInteger(dim) || dim < 1)
    throw new SelfsupError('SELFSUP_OPTION', `collapseAlarm: \`dim\` must be an integer >= 1, got ${dim}`);
  for (const [name, value] of Object.entries({ std, rank, alignment, uniformity }))
    if (value !== undefined && !Number.isFinite(value))
      throw new SelfsupError('SELFSUP_NON_FINITE', `collapseAlarm: \`${name}\` must be finite, got ${value}; did the training diverge?`);
  const [minStd, minRank] = [minStdShare / Math.sqrt(dim), minRankShare * Math.min(rows, dim)];
  const found: CollapseAlarm[] = [];
  const raise = (kind: CollapseKind, [metric, value, threshold]: [string, number, number], of?: string) =>
    found.push(describeAlarm({ kind, metric, value, threshold }, { causes, ...(of !== undefined && { of }) }));
  if (std !== undefined && std < minStd) raise('complete', ['std', std, minStd]);
  else if (uniformity !== undefined && uniformity > maxUniformity) raise('complete', ['uniformity', uniformity, maxUniformity]);
  else if (rank !== undefined && rank < minRank) raise('dimensional', ['rank', rank, minRank], ` of ${Math.min(rows, dim)}`);
  if (alignment !== undefined && alignment > maxAlignment) raise('unaligned', ['alignment', alignment, maxAlignment]);
  return found;
}
