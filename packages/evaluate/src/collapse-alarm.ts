import { SelfsupError } from '@selfsup/core';

/** What {@link collapseAlarm} judges: any of the diagnostics of one set of features. */
export interface CollapseDiagnostics {
  /** Columns of the features. */
  readonly dim: number;
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
  /** Alarm when the effective rank is less than this share of `dim`; default 0.05. */
  minRankShare?: number;
  /** Alarm when views lie further apart than this; default 1.6, where unrelated rows have 2. */
  maxAlignment?: number;
  /** Alarm when uniformity is greater than this; default −0.2, where a single point has 0. */
  maxUniformity?: number;
}

/** One alarm of {@link collapseAlarm}. */
export interface CollapseAlarm {
  /** `'complete'`: all features are nearly one point; `'dimensional'`: they fill few dimensions; `'unaligned'`: views of one image are not recognised. */
  readonly kind: 'complete' | 'dimensional' | 'unaligned';
  /** One sentence: what was measured, the threshold and the likely cause. */
  readonly message: string;
}

const causes: Record<CollapseAlarm['kind'], string> = {
  complete:
    'all inputs give nearly one output; likely the stop-gradient or the predictor is missing, the target momentum is too low, centring or the variance term is off, or the learning rate is too high',
  dimensional:
    'the features fill few dimensions; likely the redundancy or covariance term is too weak, the temperature is too high, the projection head is missing, or the features are too few for their dimension',
  unaligned:
    'views of one image lie as far apart as views of different images; likely rows of the views do not belong together, the augmentation is too strong, or nothing has been learned yet',
};

/**
 * Says whether diagnostics of features look like a collapse, and what is likely to cause it.
 *
 * @param diagnostics see {@link CollapseDiagnostics}; what is not there is not judged
 * @param options see {@link CollapseAlarmOptions}
 * @returns the alarms, the gravest first; empty when nothing crosses its threshold
 * @throws SelfsupError `SELFSUP_OPTION` when `dim` is no integer ≥ 1; `SELFSUP_NON_FINITE` on a diagnostic that is not finite
 * @remarks The rank of features of which there are fewer than dimensions is small for that reason alone. A complete collapse hides the dimensional one.
 * @example
 * ```ts
 * import { collapseAlarm, featureStd } from '@selfsup/evaluate';
 * const features = { data: Float32Array.of(1, 0, 2, 0), shape: [2, 2] } as const;
 * const alarms = collapseAlarm({ dim: 2, std: featureStd(features) });
 * console.log(alarms[0]?.kind); // complete
 * ```
 */
export function collapseAlarm(diagnostics: CollapseDiagnostics, options: CollapseAlarmOptions = {}): CollapseAlarm[] {
  const { dim, std, rank, alignment, uniformity } = diagnostics;
  const { minStdShare = 0.1, minRankShare = 0.05, maxAlignment = 1.6, maxUniformity = -0.2 } = options;
  if (!Number.isSafeInteger(dim) || dim < 1)
    throw new SelfsupError('SELFSUP_OPTION', `collapseAlarm: \`dim\` must be an integer >= 1, got ${dim}`);
  for (const [name, value] of Object.entries({ std, rank, alignment, uniformity }))
    if (value !== undefined && !Number.isFinite(value))
      throw new SelfsupError('SELFSUP_NON_FINITE', `collapseAlarm: \`${name}\` must be finite, got ${value}; did the training diverge?`);
  const [minStd, minRank] = [minStdShare / Math.sqrt(dim), minRankShare * dim];
  const found: [CollapseAlarm['kind'], string][] = [];
  if (std !== undefined && std < minStd) found.push(['complete', `std ${short(std)} is below ${short(minStd)}`]);
  else if (uniformity !== undefined && uniformity > maxUniformity)
    found.push(['complete', `uniformity ${short(uniformity)} is above ${short(maxUniformity)}`]);
  else if (rank !== undefined && rank < minRank) found.push(['dimensional', `rank ${short(rank)} is below ${short(minRank)} of ${dim}`]);
  if (alignment !== undefined && alignment > maxAlignment)
    found.push(['unaligned', `alignment ${short(alignment)} is above ${short(maxAlignment)}`]);
  return found.map(([kind, measured]) => ({ kind, message: `${measured}: ${causes[kind]}` }));
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
