import { alignment } from './alignment.ts';
import type { CollapseDiagnostics } from './collapse-alarm.ts';
import type { FeatureMatrix } from './feature-matrix.ts';
import { featureStd } from './feature-std.ts';
import { lidar } from './lidar.ts';
import { rankMe } from './rank-me.ts';
import { uniformity } from './uniformity.ts';

/** Its matrices are as large as the square of the dimensions. */
const LIDAR_DIM = 1024;

/** What {@link representationHealth} finds: each of the diagnostics with its defaults. */
export interface RepresentationHealth extends CollapseDiagnostics {
  readonly rows: number;
  readonly std: number;
  readonly rank: number;
  readonly uniformity: number;
  /** {@link lidar} of the two views; absent without them, and above 1,024 dimensions, where it takes too long for a measurement between epochs. */
  readonly lidar?: number;
}

/** Options of {@link representationHealth}. */
export interface RepresentationHealthOptions {
  /** Features of two views of the same images, row by row: for alignment and LiDAR, which are absent without them. */
  views?: readonly [FeatureMatrix, FeatureMatrix] | undefined;
}

/**
 * All diagnostics of features in one call: deviation, effective rank, uniformity, and alignment and LiDAR of two views.
 *
 * @param features float32 `[rows, dim]`, at least 2 rows
 * @param options see {@link RepresentationHealthOptions}
 * @returns see {@link RepresentationHealth}; `collapseAlarm` and the monitor judge it as it is
 * @throws SelfsupError as `featureStd`, `rankMe`, `uniformity`, `alignment` and `lidar`
 * @remarks For 1,000 rows of 512 dimensions one or two seconds, outside the backend.
 * @example
 * ```ts
 * import { representationHealth } from '@selfsup/evaluate';
 * const [a, b] = [{ data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] }, { data: Float32Array.of(2, 0, 0, 1), shape: [2, 2] }] as const;
 * console.log(representationHealth(a, { views: [a, b] }).alignment); // 0: the same directions
 * ```
 */
export function representationHealth(features: FeatureMatrix, options: RepresentationHealthOptions = {}): RepresentationHealth {
  const { views } = options;
  const [rows, dim] = features.shape;
  return {
    rows,
    dim,
    std: featureStd(features),
    rank: rankMe(features),
    uniformity: uniformity(features),
    ...(views ? { alignment: alignment(...views), ...(dim <= LIDAR_DIM && rows >= 2 && { lidar: lidar(views) }) } : {}),
  };
}
